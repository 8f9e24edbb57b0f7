import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { tryGit } from '../../formats/index.ts'
import type { SkippedFiles } from './model.ts'

export interface ListedFiles {
  /** From the folder, with slashes, in order. */
  readonly files: readonly string[]
  readonly skipped: readonly SkippedFiles[]
}

const madeByTools = /^(node_modules|\.git|dist|build|out|\.next|\.nuxt|\.svelte-kit|\.turbo|\.output|coverage|vendor)$/
const largestBytes = 4 << 20

/** The files of a folder: in a git repository what git knows or would add, elsewhere all; never what tools have made. */
export async function listFiles(root: string): Promise<ListedFiles> {
  // Without git, as outside of a repository.
  const ask = (parameters: readonly string[]) =>
    tryGit(root, ['ls-files', '-z', '--others', '--exclude-standard', ...parameters]).catch(() => undefined)
  const known = await ask(['--cached'])
  const all = known === undefined ? await walk(root, '') : [...new Set(known.split('\0').filter((name) => name !== ''))]
  const made = all.filter(isMadeByTools)
  const ignored = known === undefined ? [] : ((await ask(['--ignored', '--directory'])) ?? '').split('\0')
  return {
    files: all.filter((name) => !isMadeByTools(name)).sort(),
    skipped: [
      { because: 'made by tools', files: foldersOf(made) },
      { because: 'named by .gitignore', files: ignored.filter((name) => name !== '').sort() },
    ].filter(({ files }) => files.length > 0),
  }
}

function isMadeByTools(name: string): boolean {
  return name.split('/').some((part) => madeByTools.test(part)) || /\.min\.[cm]?js$/.test(name)
}

/** The outermost folders that tools have made, and single files. */
function foldersOf(names: readonly string[]): readonly string[] {
  const shown = names.map((name) => {
    const parts = name.split('/')
    const at = parts.findIndex((part) => madeByTools.test(part))
    return at < 0 ? name : `${parts.slice(0, at + 1).join('/')}/`
  })
  return [...new Set(shown)].sort()
}

async function walk(root: string, within: string): Promise<readonly string[]> {
  const entries = await readdir(join(root, within), { withFileTypes: true })
  const names = entries.map(async (entry): Promise<readonly string[]> => {
    const name = within === '' ? entry.name : `${within}/${entry.name}`
    if (entry.isFile()) return [name]
    // Named as a folder that was not looked into.
    if (entry.isDirectory()) return madeByTools.test(entry.name) ? [`${name}/`] : walk(root, name)
    return []
  })
  return (await Promise.all(names)).flat()
}

/** The text of a file, byte for byte; or why it is not read. A link is not followed: it would change a file elsewhere. */
export async function readText(path: string): Promise<{ readonly text: string } | { readonly because: string }> {
  const stats = await lstat(path).catch(() => undefined)
  if (stats === undefined || !stats.isFile()) return { because: 'no file' }
  if (stats.size > largestBytes) return { because: 'larger than 4 MiB' }
  const bytes = await readFile(path)
  if (bytes.includes(0)) return { because: 'not text' }
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes) }
  } catch {
    return { because: 'not UTF-8' }
  }
}
