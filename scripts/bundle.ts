import { rm } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

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

/**
 * Write the library and the command as JavaScript, in a few files in place of 600: Node spends about a millisecond on each that it loads.
 *
 * @param directory  Removed first, with all that is there.
 */
export async function bundle(directory: string): Promise<void> {
  await rm(directory, { recursive: true, force: true })
  await build({
    absWorkingDir: root,
    entryPoints: entries.map((entry) => `harness/${entry}`),
    outbase: 'harness',
    outdir: directory,
    bundle: true,
    splitting: true,
    packages: 'external',
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
  })
}

// tsx scripts/bundle.ts [DIRECTORY]
if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle(process.argv[2] ?? `${root}/dist`)
