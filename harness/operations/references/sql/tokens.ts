import { SourceMap, tokensOf } from '../../../migration/index.ts'
import type { Use } from '../model.ts'
import { identifierOf, movesSchema, quotedIfNeeded, type RenamedTable, writtenLike } from '../table-name.ts'
import { placeOf, type Range, type View } from '../view.ts'

/** A token of SQL, in UTF-16 units. */
export interface SqlToken extends Range {
  readonly written: string
}

/** The tokens of a text; none where the scanner refuses it. */
export function sqlTokens(text: string, map: SourceMap = new SourceMap(text)): readonly SqlToken[] {
  try {
    return tokensOf(text).map((token) => {
      const [start, end] = [map.utf16OfByte(token.start), map.utf16OfByte(token.end)]
      return { start, end, written: text.slice(start, end) }
    })
  } catch {
    return []
  }
}

/** A qualified name as it is written: tokens of names with dots between them, the table's last. */
export type WrittenName = readonly [SqlToken, ...SqlToken[]]

/** The names and dots that begin at a token. */
export function nameAt(tokens: readonly SqlToken[], at: number, qualifiers: number): WrittenName | undefined {
  const [first, ...rest] = tokens.slice(at, at + 2 * qualifiers + 1)
  return first === undefined || rest.length < 2 * qualifiers ? undefined : [first, ...rest]
}

interface Naming {
  readonly view: View
  readonly table: RenamedTable
  readonly kind: string
  /** Before a column the name alone is enough. */
  readonly beforeColumn: boolean
  readonly because: string | undefined
}

/** The use that a written name is; undefined where it is another name, or stands in no file. */
export function useOfName(name: WrittenName, { view, table, kind, beforeColumn, because }: Naming): Use | undefined {
  const last = name.at(-1) ?? name[0]
  if (identifierOf(last.written) !== table.from.name) return undefined
  const whole = movesSchema(table) && !(beforeColumn && name.length === 1)
  const place = placeOf(view, whole ? { start: name[0].start, end: last.end } : last)
  if (place === undefined) return undefined
  if (because !== undefined) return { ...place, kind, because }
  const written = writtenLike(last.written, table.to.name)
  return { ...place, kind, after: view.encode(whole ? `${quotedIfNeeded(table.to.schema ?? 'public')}.${written}` : written) }
}
