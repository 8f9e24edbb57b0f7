import { readFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { isFile } from '../../migration/index.ts'
import { packageOf } from '../package-json.ts'

const imported = /(?:\bfrom\s*|\bimport\s*\(?\s*|\brequire\s*\(\s*)['"]([^'"]+)['"]/g
const joined = /\bpath\.(?:resolve|join)\s*\(([^()]*)\)/g
const extensions = ['', '.ts', '.js', '.mts', '.cts', '.mjs', '.cjs', '.json', '/index.ts', '/index.js']
const mostFiles = 40

/**
 * The files that files of a project import, as far as they are the project's own, these included; paths that are put together by
 * `path.join` or `path.resolve` count too.
 *
 * @param files  Below the folder.
 * @returns Absolute paths with their texts, nearest first.
 */
export async function localImports(directory: string, files: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>()
  const aliases = await aliasesOf(directory)
  const waiting = files.map((file) => join(directory, file))
  for (let path = waiting.shift(); path !== undefined && found.size < mostFiles; path = waiting.shift()) {
    if (found.has(path) || !isFile(path)) continue
    const text = await readFile(path, 'utf8')
    found.set(path, text)
    const from = dirname(path)
    for (const [, specifier = ''] of text.matchAll(imported)) waiting.push(...candidatesOf(specifier, from, aliases))
    for (const [, given = ''] of text.matchAll(joined)) {
      const parts = [...given.matchAll(/['"]([^'"]+)['"]/g)].map(([, part = '']) => part)
      if (parts.length > 0) waiting.push(...[from, directory].map((base) => join(base, ...parts)))
    }
  }
  return found
}

type Aliases = ReadonlyMap<string, string>

function candidatesOf(specifier: string, from: string, aliases: Aliases): readonly string[] {
  const alias = [...aliases].find(([prefix]) => specifier.startsWith(prefix))
  const path =
    alias === undefined ? (specifier.startsWith('.') ? join(from, specifier) : undefined) : alias[1] + specifier.slice(alias[0].length)
  if (path === undefined) return []
  // In TypeScript a module is imported by the name that it will have.
  return [path.replace(/\.js$/, '.ts'), ...extensions.map((extension) => path + extension)]
}

/** What stands before `*` in `imports` of package.json, with the folder that it means. */
async function aliasesOf(directory: string): Promise<Aliases> {
  const root = packageOf(directory)
  if (root === undefined) return new Map()
  try {
    const { imports = {} } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'))
    return new Map(
      Object.entries(imports).flatMap(([name, target]) =>
        typeof target === 'string' ? [[name.replace('*', ''), join(root, target.replace('*', ''), '/')]] : [],
      ) as [string, string][],
    )
  } catch {
    return new Map()
  }
}
