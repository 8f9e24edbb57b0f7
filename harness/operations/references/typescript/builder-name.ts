import type { Use } from '../model.ts'
import { namesTable, type Standing } from '../sql/scope.ts'
import { movesSchema, type RenamedTable } from '../table-name.ts'
import { placeOf, type View } from '../view.ts'

/** A table as query builders take it: `orders`, `sales.orders`, `orders as o`. */
export interface BuilderName {
  readonly schema: string | undefined
  readonly name: string
  readonly alias: string | undefined
  readonly start: number
  readonly end: number
}

const table = /^(\s*(?:([\w$]+)\.)?)([\w$-]+(?: [\w$-]+)*?)(?:\s+as\s+([\w$]+))?\s*$/i

export function readBuilderName(text: string): BuilderName | undefined {
  const match = table.exec(text)
  if (match === null) return undefined
  const [, before = '', schema, name = '', alias] = match
  return { schema, name, alias, start: before.length, end: before.length + name.length }
}

interface Naming {
  readonly view: View
  readonly table: RenamedTable
  readonly kind: string
  /** Said by the chain: `withSchema('sales')`. */
  readonly schema: string | undefined
  /** Whether a schema may be written before the name. */
  readonly takesSchema: boolean
  readonly because?: string | undefined
}

/** The use that a builder's name is; undefined where it is another table's. */
export function useOfBuilderName(found: BuilderName, naming: Naming): Use | undefined {
  const { view, table: renamed, kind, takesSchema } = naming
  const named = namesTable(found.schema ?? naming.schema, found.name, renamed.from)
  if (named === 'no') return undefined
  const moves = movesSchema(renamed)
  const start = moves && found.schema !== undefined ? found.start - found.schema.length - 1 : found.start
  const place = placeOf(view, { start, end: found.end })
  if (place === undefined) return undefined
  const because =
    naming.because ??
    (named === 'yes' ? undefined : 'it names no schema') ??
    (moves && !takesSchema ? 'the table gets into another schema' : undefined)
  if (because !== undefined) return { ...place, kind, because }
  return { ...place, kind, after: view.encode(moves ? `${renamed.to.schema}.${renamed.to.name}` : renamed.to.name) }
}

/** What the name of a table stands for in a chain: itself, or, where it has an alias, nothing. */
export function standingOfName(found: BuilderName, schema: string | undefined, renamed: RenamedTable): readonly [string, Standing] {
  const own = found.alias === undefined && namesTable(found.schema ?? schema, found.name, renamed.from) !== 'no'
  return [found.alias ?? found.name, own ? 'table' : 'other']
}

/** The use that a column is, as builders write it: `orders.id`, `orders.*`, `orders.id as key`. */
export function useOfColumn(view: View, renamed: RenamedTable, kind: string, because: string | undefined): Use | undefined {
  const { name } = renamed.from
  const match = /^(\s*(?:([\w$]+)\.)?)([\w$ -]+)\.(?:[\w$]+|\*)(?:\s+as\s+[\w$]+)?(?:\s+(?:asc|desc))?\s*$/i.exec(view.text)
  if (match === null || match[3] !== name) return undefined
  if (match[2] !== undefined && namesTable(match[2], name, renamed.from) !== 'yes') return undefined
  const start = (match[1] ?? '').length
  const place = placeOf(view, { start, end: start + name.length })
  if (place === undefined) return undefined
  return because === undefined ? { ...place, kind, after: view.encode(renamed.to.name) } : { ...place, kind, because }
}
