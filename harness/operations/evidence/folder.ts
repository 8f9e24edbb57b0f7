import { rmSync } from 'node:fs'
import { chmod, mkdir, open, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EnvironmentError, InputError } from '../../errors.ts'
import { beforeInterrupt } from '../../postgres/index.ts'

const OWNER_ONLY = 0o600

/** A new folder that only its owner can read; removed when `keep` was not called. */
export interface EvidenceFolder extends Disposable {
  readonly path: string
  keep(): void
}

/**
 * Make the folder, and remove it again unless it is kept: after an error, and after SIGINT, SIGTERM or SIGHUP.
 *
 * @throws {InputError} When there is something of that name already, or no folder can be made there.
 */
export async function makeEvidenceFolder(path: string): Promise<EvidenceFolder> {
  try {
    await mkdir(path, { mode: 0o700 })
    await mkdir(join(path, 'csv'), { mode: 0o700 })
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST')
      throw new InputError(`"${path}" is there already`, {
        hint: 'Evidence is never overwritten: name another folder with --out.',
        cause: error,
      })
    throw new InputError(`the folder "${path}" cannot be made`, {
      detail: `${(error as Error).message}.`,
      hint: 'Name a folder with --out whose parent is there and can be written.',
      cause: error,
    })
  }
  const remove = () => rmSync(path, { recursive: true, force: true, maxRetries: 3 })
  let forget: (() => void) | undefined = beforeInterrupt(async () => remove())
  let kept = false
  return {
    path,
    keep() {
      kept = true
      forget?.()
      forget = undefined
    },
    [Symbol.dispose]() {
      forget?.()
      if (!kept) remove()
    },
  }
}

/** Write chunks to a new file that only its owner can read; what was written is on the disk when this returns. */
export async function writeChunks(file: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  let bytes = 0
  const handle = await open(file, 'wx', OWNER_ONLY)
  try {
    for await (const chunk of chunks) {
      await handle.writeFile(chunk)
      bytes += chunk.byteLength
    }
    await handle.sync()
  } finally {
    await handle.close()
  }
  return bytes
}

/** The same for a text. */
export async function writeText(file: string, text: string): Promise<void> {
  await writeFile(file, text, { flag: 'wx', mode: OWNER_ONLY, flush: true })
}

/** Make an empty file that only its owner can read, for a program that fills it. */
export async function makePrivateFile(file: string): Promise<void> {
  await writeFile(file, '', { flag: 'wx', mode: OWNER_ONLY })
  // The umask may have taken more.
  await chmod(file, OWNER_ONLY)
}

/** @throws {EnvironmentError} For a disk that is full; returns for any other error. */
export function refuseFullDisk(error: unknown, folder: string): void {
  const { code, message } = error as NodeJS.ErrnoException
  if (code !== 'ENOSPC' && !/no space left on device|ENOSPC/i.test(String(message))) return
  throw new EnvironmentError(`no room is left on the disk of "${folder}"`, {
    detail: 'What was written so far is removed.',
    hint: 'Name a folder on a larger disk with --out.',
    cause: error,
  })
}
