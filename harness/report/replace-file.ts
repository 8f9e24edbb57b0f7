import { randomUUID } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'

/** Step by step: under /proc Node's own recursive mkdir never comes to an end. */
export async function makeDirectory(directory: string): Promise<void> {
  if (existsSync(directory)) return
  if (dirname(directory) !== directory) await makeDirectory(dirname(directory))
  await mkdir(directory).catch((error: NodeJS.ErrnoException) => {
    // Another run may have made it meanwhile.
    if (error.code !== 'EEXIST') throw error
  })
}

/** A reader sees the old text or the new one; what cannot be finished leaves nothing. */
export async function replaceFile(path: string, text: string): Promise<void> {
  await makeDirectory(dirname(path))
  const temporary = join(dirname(path), `.${basename(path).slice(0, 40)}.${randomUUID()}.tmp`)
  try {
    await writeFile(temporary, text, { flag: 'wx' })
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}
