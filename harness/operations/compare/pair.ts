import type { Attribute, Catalog, Relation } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import { pathOf, type Session, shownName } from '../../postgres/index.ts'

/** A table, and the view or table that took its place. */
export interface ComparedPair {
  readonly table: Relation
  readonly other: Relation
  /** Columns of the table that the other one has too. */
  readonly columns: readonly Attribute[]
  /** Columns of the table that the other one lacks. */
  readonly lacking: readonly string[]
  /** Columns that tell the rows of the table: its primary key, else a unique constraint over columns that are NOT NULL; empty for none. */
  readonly key: readonly string[]
}

/**
 * Find both relations by the names that a client would use.
 *
 * @throws {InputError} where one is not there, or the first is no table.
 */
export async function pairOf(session: Session, catalog: Catalog, names: readonly [table: string, other: string]): Promise<ComparedPair> {
  const [table, other] = [await relationOf(session, catalog, names[0]), await relationOf(session, catalog, names[1])]
  if (table.kind !== 'table' && table.kind !== 'partitioned-table')
    throw new InputError(`${shownName(pathOf(table))} is a ${table.kind.replace('-', ' ')}`, {
      hint: 'Name the table first, then what took its place.',
    })
  if (table.oid === other.oid)
    throw new InputError(`both names are the same ${table.kind}`, { hint: 'Name the table first, then what took its place.' })
  const theirs = new Set(other.attributes.map(({ name }) => name))
  const columns = table.attributes.filter(({ name }) => theirs.has(name))
  const lacking = table.attributes.flatMap(({ name }) => (theirs.has(name) ? [] : [name]))
  return { table, other, columns, lacking, key: keyOf(table, new Set(columns.map(({ name }) => name))) }
}

async function relationOf(session: Session, catalog: Catalog, name: string): Promise<Relation> {
  const rows = await session.query<{ oid: number | null }>('SELECT to_regclass($1)::oid::int8::float8 AS oid', [name]).catch(() => [])
  const found = [...catalog.relations.values()].find(({ oid }) => oid === rows[0]?.oid)
  if (found !== undefined) return found
  throw new InputError(`there is no table or view ${name}`, {
    hint: 'Write the name as in SQL, with its schema and with quotes where it needs them.',
  })
}

function keyOf(table: Relation, present: ReadonlySet<string>): readonly string[] {
  const notNull = (name: string) => table.attributes.some((each) => each.name === name && each.notNull)
  const keys = table.constraints.filter(
    ({ kind, attributes }) => kind === 'primary-key' || (kind === 'unique' && attributes.every(notNull)),
  )
  const usable = keys.filter(({ attributes }) => attributes.every((name) => present.has(name)))
  return (usable.find(({ kind }) => kind === 'primary-key') ?? usable[0])?.attributes ?? []
}
