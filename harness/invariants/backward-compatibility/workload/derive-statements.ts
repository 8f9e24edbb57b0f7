import type { Attribute, Relation } from '../../../catalog/index.ts'
import { keyAttributes } from '../../../lineage/index.ts'
import { pathOf, quoteIdentifier, quoteLiteral, quoteName } from '../../../postgres/index.ts'
import type { State } from '../../../run/index.ts'
import type { RelationRows } from '../../../snapshot/index.ts'

/** A statement to be run on both databases, with one that reads what it left behind. */
export interface WorkloadStatement {
  readonly operation: 'read' | 'insert' | 'update' | 'delete' | 'statement'
  readonly given: boolean
  readonly name: string
  readonly relation: string | undefined
  readonly attributes: readonly string[]
  readonly sql: string
  readonly readBack: string | undefined
  /** Whether it reads every row of its relation. */
  readonly whole?: true
  /** Whether `readBack` reads other tables than its own. */
  readonly elsewhere?: true
  /** Columns that no client can foretell, as far as the catalog tells. */
  readonly unsteady: readonly string[]
  /** How many times as long it may take after the migration, where the author says so. */
  readonly most?: number | undefined
}

type Row = readonly (string | null)[]

/**
 * What an application compiled against a legacy relation sends: a read of all attributes, one by key, an insert that names all of them and
 * one that leaves out what has a default, an update of a whole row, a delete; values from the rows that are there.
 * Of inserts and deletes several, for the legacy database refuses some.
 *
 * @param candidates  Rows that may be inserted, by the name of each attribute.
 */
export function deriveStatements(
  state: State,
  relation: Relation,
  candidates: readonly ReadonlyMap<string, string | null>[],
): {
  readonly sure: readonly WorkloadStatement[]
  readonly inserts: readonly (readonly WorkloadStatement[])[]
  /** Of a row that others refer to, and of one that none does. */
  readonly deletes: readonly (readonly WorkloadStatement[])[]
} {
  const path = pathOf(relation)
  const names = relation.attributes.map((each) => each.name)
  const base = { given: false, relation: path, attributes: names, readBack: undefined, unsteady: [] } as const
  const list = names.map(quoteIdentifier).join(', ')
  const select = `SELECT ${list} FROM ${quoteName(relation)}`
  if (names.length === 0) return { sure: [], inserts: [], deletes: [] }
  const all: WorkloadStatement = { ...base, operation: 'read', name: `read of ${path}`, sql: select, whole: true }
  if (relation.kind !== 'table' && relation.kind !== 'partitioned-table') return { sure: [all], inserts: [], deletes: [] }

  const table = state.rows.get(path)
  const key = keyAttributes(relation) ?? []
  const [first, second] = [table?.rows[0], table?.rows[1]]
  const inserts = candidates.map((values) => insertsOf(relation, values, key, select, base))
  if (table === undefined || first === undefined || key.length === 0) return { sure: [all], inserts, deletes: [] }
  const where = whereKey(relation, table, key, first)
  const byKey: WorkloadStatement = { ...base, operation: 'read', name: `read of ${path} by key`, sql: `${select} WHERE ${where}` }
  const update = second === undefined ? undefined : updateOf(relation, table, key, second)
  const updated: readonly WorkloadStatement[] =
    update === undefined
      ? []
      : [
          {
            ...base,
            operation: 'update',
            name: `update of ${path}`,
            sql: `UPDATE ${quoteName(relation)} SET ${update} WHERE ${where} RETURNING ${list}`,
            readBack: `${select} WHERE ${where}`,
          },
        ]
  const remove = (row: Row): WorkloadStatement => ({
    ...base,
    operation: 'delete',
    name: `delete from ${path}`,
    attributes: [],
    sql: `DELETE FROM ${quoteName(relation)} WHERE ${whereKey(relation, table, key, row)}`,
    readBack: countsAround(state, relation),
  })
  const referred = byReferences(state, relation, table)
  const deletes = [referred, referred.toReversed()].map((rows) => rows.slice(0, mostDeletes).map(remove))
  return { sure: [all, byKey, ...updated], inserts, deletes }
}

function insertsOf(
  relation: Relation,
  values: ReadonlyMap<string, string | null>,
  key: readonly string[],
  select: string,
  base: Pick<WorkloadStatement, 'given' | 'relation' | 'attributes' | 'unsteady'>,
): readonly WorkloadStatement[] {
  const path = pathOf(relation)
  const given = relation.attributes.filter((each) => isWritable(each) && values.has(each.name))
  const plain = given.filter((each) => each.default === undefined && each.identity === undefined)
  const list = relation.attributes.map((each) => quoteIdentifier(each.name)).join(', ')
  const one = (attributes: readonly Attribute[], name: string): WorkloadStatement => {
    const left = relation.attributes.filter((each) => !attributes.includes(each))
    const columns = attributes.map((each) => quoteIdentifier(each.name)).join(', ')
    const literals = attributes.map((each) => quoteLiteral(values.get(each.name) ?? null)).join(', ')
    const into = `INSERT INTO ${quoteName(relation)} ${attributes.length === 0 ? 'DEFAULT VALUES' : `(${columns}) VALUES (${literals})`}`
    const knows = key.length > 0 && key.every((each) => attributes.some((attribute) => attribute.name === each))
    const where = key.map((each) => `${quoteIdentifier(each)} = ${quoteLiteral(values.get(each) ?? null)}`).join(' AND ')
    return {
      ...base,
      operation: 'insert',
      name: `${name} ${path}`,
      sql: `${into} RETURNING ${list}`,
      readBack: knows ? `${select} WHERE ${where}` : undefined,
      unsteady: left.filter(isIssued).map((each) => each.name),
    }
  }
  const whole = one(given, 'insert into')
  return plain.length === given.length ? [whole] : [whole, one(plain, 'insert without defaults into')]
}

/** Number that the database issues: the next one is nobody's to know. */
function isIssued({ identity, default: expression }: Attribute): boolean {
  return identity !== undefined || /nextval\(/.test(expression ?? '')
}

/** What a client may give a value. */
export function isWritable({ generated, identity }: Attribute): boolean {
  return generated === undefined && identity !== 'always'
}

/** The whole row of another one, but for what makes a row itself. */
function updateOf(relation: Relation, table: RelationRows, key: readonly string[], row: Row): string | undefined {
  const unique = new Set([...key, ...relation.indexes.filter((each) => each.unique).flatMap((each) => each.attributes)])
  const constrained = new Set(relation.constraints.filter((each) => each.kind === 'exclusion').flatMap((each) => each.attributes))
  const partition = relation.partitionKey ?? ''
  const set = relation.attributes
    .filter((each) => isWritable(each) && !unique.has(each.name) && !constrained.has(each.name) && !partition.includes(each.name))
    .map(({ name }) => `${quoteIdentifier(name)} = ${quoteLiteral(row[table.attributes.indexOf(name)] ?? null)}`)
  return set.length === 0 ? undefined : set.join(', ')
}

function whereKey(relation: Relation, table: RelationRows, key: readonly string[], row: Row): string {
  return key
    .filter((each) => relation.attributes.some(({ name }) => name === each))
    .map((name) => `${quoteIdentifier(name)} = ${quoteLiteral(row[table.attributes.indexOf(name)] ?? null)}`)
    .join(' AND ')
}

const mostChildren = 8

const mostDeletes = 4

/** Rows in the order of how many others refer to them, most first: a delete takes those along, or is refused for them. */
function byReferences({ catalog, rows }: State, relation: Relation, table: RelationRows): readonly Row[] {
  const path = pathOf(relation)
  const counted = [...catalog.relations].flatMap(([child, { constraints }]) =>
    constraints.flatMap(({ references, attributes }) => {
      const holders = references?.relation === path ? rows.get(child) : undefined
      if (references === undefined || holders === undefined) return []
      const counts = new Map<string, number>()
      for (const row of holders.rows) {
        const named = cellsOf(holders, row, attributes)
        counts.set(named, (counts.get(named) ?? 0) + 1)
      }
      return [{ named: references.attributes, counts }]
    }),
  )
  const times = (row: Row) => counted.reduce((sum, { named, counts }) => sum + (counts.get(cellsOf(table, row, named)) ?? 0), 0)
  return table.rows.toSorted((left, right) => times(right) - times(left))
}

function cellsOf({ attributes }: RelationRows, row: Row, names: readonly string[]): string {
  return JSON.stringify(names.map((name) => row[attributes.indexOf(name)] ?? null))
}

/** How many rows are left here and in what refers to it: a delete may take along, or leave alone, what it did not before. */
function countsAround({ catalog }: State, relation: Relation): string {
  const path = pathOf(relation)
  const children = [...catalog.relations.values()].filter(
    (each) =>
      each.partitionOf === undefined && each !== relation && each.constraints.some(({ references }) => references?.relation === path),
  )
  const counts = [relation, ...children.slice(0, mostChildren)].map(
    (each) => `(SELECT count(*) FROM ${quoteName(each)}) AS ${quoteIdentifier(pathOf(each))}`,
  )
  return `SELECT ${counts.join(', ')}`
}
