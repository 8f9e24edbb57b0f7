import { type FSWatcher, watch } from 'node:fs'
import { dirname } from 'node:path'

/** An editor writes a file in several steps: what comes within this time is one change. */
const togetherMs = 50

/** Tells of changes in the folders of files, and in the folders above them, where a new migration's folder appears. */
export class WatchedFiles implements Disposable {
  readonly #watchers = new Map<string, FSWatcher>()
  readonly #changed: () => void
  #timer: NodeJS.Timeout | undefined

  /** @param changed  Called once for changes that come together; what has changed is for the caller to find out. */
  constructor(changed: () => void) {
    this.#changed = changed
  }

  /** Watch these from now on, and no others. */
  set(files: readonly string[]): void {
    const folders = new Set(files.flatMap((file) => [dirname(file), dirname(dirname(file))]))
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of folders) {
      if (this.#watchers.has(folder)) continue
      const watcher = watchFolder(folder, () => this.#note())
      if (watcher !== undefined) this.#watchers.set(folder, watcher)
    }
  }

  #note(): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(this.#changed, togetherMs)
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }
}

/** A folder that is not there, or goes away, tells nothing more. */
function watchFolder(folder: string, changed: () => void): FSWatcher | undefined {
  try {
    const watcher = watch(folder, changed)
    watcher.on('error', () => watcher.close())
    return watcher
  } catch {
    return undefined
  }
}
