import { readFile } from 'node:fs/promises'
import { dirname, isAbsolute, resolve } from 'node:path'
import { expandPsql, isFile, SourceText, shownPath } from '../migration/index.ts'
import { decodeSource } from './decode-source.ts'
import { parentsOf } from './parents.ts'

export interface PsqlSource {
  readonly source: SourceText
  /** Absolute paths of the files that it includes. */
  readonly included: readonly string[]
}

/**
 * A script as psql would send it: includes and variables carried out.
 *
 * @param path  Absolute. `\i` is relative to the directory where psql is called, which nobody tells us: the file's own folder and those above
 *   it, up to the repository's root, are tried.
 */
export async function readForPsql(path: string, text: string, variables?: ReadonlyMap<string, string>): Promise<PsqlSource> {
  const included: string[] = []
  const paths = new Map([[shownPath(path), path]])
  const source = await expandPsql(SourceText.of(shownPath(path), text), {
    ...(variables === undefined ? {} : { variables }),
    include: async (name, from, relative) => {
      const directory = dirname(paths.get(from) ?? path)
      const found = (relative || isAbsolute(name) ? [directory] : parentsOf(directory)).map((each) => resolve(each, name)).find(isFile)
      if (found === undefined) return undefined
      const shown = shownPath(found)
      paths.set(shown, found)
      included.push(found)
      return SourceText.of(shown, decodeSource(shown, await readFile(found)))
    },
  })
  return { source, included }
}
