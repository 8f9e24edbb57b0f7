import { tryParse } from '../../migration/index.ts'
import { quoteIdentifier, type RelationName } from '../../postgres/index.ts'

const known = new Map<string, string>()

/** An identifier as a person would write it: quoted only where it must be. */
export function identifier(name: string): string {
  const written = known.get(name) ?? (isPlain(name) ? name : quoteIdentifier(name))
  known.set(name, written)
  return written
}

/** Schema and name, each quoted only where it must be. */
export function qualified({ schema, name }: RelationName): string {
  return `${identifier(schema)}.${identifier(name)}`
}

/** A keyword that may name a column and not a table, or the reverse, is quoted. */
function isPlain(name: string): boolean {
  if (!/^[a-z_][a-z0-9_]*$/.test(name)) return false
  const [tree] = tryParse(`SELECT ${name}, ${name}::int FROM ${name}.${name} AS ${name} JOIN ${name} ON true`) ?? []
  return tree !== undefined && JSON.stringify(tree).split(`"ColumnRef":{"fields":[{"String":{"sval":"${name}"}}]`).length === 3
}
