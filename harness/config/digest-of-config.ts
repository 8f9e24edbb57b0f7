import { createHash } from 'node:crypto'
import { existsSync, statSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'

/**
 * A digest of what code can depend on, as far as that can be seen: the texts of its files, of files beside them that they name by a relative
 * path (JSON, and what Node.js loads itself), and the values of environment variables that they name.
 *
 * @param files  Absolute.
 */
export async function digestOfConfig(files: Iterable<string>, variables: NodeJS.ProcessEnv = process.env): Promise<string> {
  const texts = new Map<string, string>()
  const open = [...files]
  for (let file = open.pop(); file !== undefined; file = open.pop()) {
    if (texts.has(file)) continue
    const text = await readFile(file, 'utf8')
    texts.set(file, text)
    open.push(...namedFiles(file, text))
  }
  const all = [...texts].toSorted(([one], [other]) => (one < other ? -1 : 1)).map(([, text]) => text)
  const named = all.filter((text) => /\benv\b/.test(text)).flatMap((text) => text.match(/[A-Za-z_]\w*/g) ?? [])
  const values = [...new Set(named)].toSorted().flatMap((name) => (Object.hasOwn(variables, name) ? [[name, variables[name]]] : []))
  return createHash('sha256')
    .update(JSON.stringify([all, values]))
    .digest('hex')
    .slice(0, 16)
}

/** Files that stand in quotes in a file, by a path that begins with a dot. */
function namedFiles(file: string, text: string): readonly string[] {
  const paths = [...text.matchAll(/(['"`])(\.\.?\/[^'"`\n]+)\1/g)].map(([, , path = '']) => resolve(dirname(file), path))
  return paths.filter((path) => existsSync(path) && statSync(path).isFile())
}
