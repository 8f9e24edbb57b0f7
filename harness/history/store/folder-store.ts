import { randomUUID } from 'node:crypto'
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { VerdictStore } from './verdict-store.ts'

/** A file for each key; the folder may be shared by machines. */
export class FolderStore implements VerdictStore {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  async read(key: string): Promise<string | undefined> {
    try {
      return await readFile(this.#fileOf(key), 'utf8')
    } catch (error) {
      if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined
      throw error
    }
  }

  async write(key: string, text: string): Promise<void> {
    const file = this.#fileOf(key)
    await mkdir(dirname(file), { recursive: true })
    // In containers all processes have the same id.
    const partial = `${file}.${randomUUID()}`
    try {
      await writeFile(partial, text, { flag: 'wx' })
      await rename(partial, file)
    } catch (error) {
      await rm(partial, { force: true })
      throw error
    }
  }

  #fileOf(key: string): string {
    return join(this.#directory, key.slice(0, 2), `${key}.verdict`)
  }
}
