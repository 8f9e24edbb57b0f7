import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { bundle } from '../scripts/bundle.ts'

const built = resolve('.built')

/** The command as JavaScript: specs start it hundreds of times, and each start from source compiles 600 files anew. */
export const builtCommand = join(built, 'cli/main.js')

/** Build `harness/` into `.built/`, unless what stands there is of exactly these files. */
export default async function buildCommand(): Promise<void> {
  const files = (await readdir('harness', { recursive: true, withFileTypes: true }))
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .toSorted()
  const hash = createHash('sha256')
  for (const file of [...files, 'scripts/bundle.ts']) hash.update(file).update(await readFile(file))
  const digest = hash.digest('hex')
  if (existsSync(join(built, 'digest')) && (await readFile(join(built, 'digest'), 'utf8')) === digest) return
  const fresh = await mkdtemp(resolve('.built-'))
  await bundle(fresh)
  await writeFile(join(fresh, 'digest'), digest)
  await rm(built, { recursive: true, force: true })
  await rename(fresh, built)
}
