import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { cp, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { build, type Plugin } from 'esbuild'

const built = resolve('.built')

/** The command as JavaScript: specs start it hundreds of times, and each start from source compiles and links 500 files anew. */
export const builtCommand = join(built, 'cli/main.js')

/** Compile `harness/` file by file into `.built/`, unless what stands there is of exactly these files. */
export default async function buildCommand(): Promise<void> {
  const files = (await readdir('harness', { recursive: true, withFileTypes: true }))
    .filter((each) => each.isFile())
    .map((each) => join(each.parentPath, each.name))
    .toSorted()
  const hash = createHash('sha256')
  for (const file of files) hash.update(file).update(await readFile(file))
  const digest = hash.digest('hex')
  if (existsSync(join(built, 'digest')) && (await readFile(join(built, 'digest'), 'utf8')) === digest) return
  const fresh = await mkdtemp(resolve('.built-'))
  await build({
    entryPoints: files.filter((file) => /\.tsx?$/.test(file)),
    outdir: fresh,
    outbase: 'harness',
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    plugins: [fileByFile],
  })
  for (const file of files.filter((each) => !/\.tsx?$/.test(each))) await cp(file, join(fresh, file.slice('harness/'.length)))
  await writeFile(join(fresh, 'digest'), digest)
  await rm(built, { recursive: true, force: true })
  await rename(fresh, built)
}

/** Bundles nothing: every import stays one, of the file that is made from what it names. */
const fileByFile: Plugin = {
  name: 'file-by-file',
  setup({ onResolve }) {
    onResolve({ filter: /.*/ }, ({ kind, path }) =>
      kind === 'entry-point' ? undefined : { path: path.startsWith('.') ? path.replace(/\.tsx?$/, '.js') : path, external: true },
    )
  },
}
