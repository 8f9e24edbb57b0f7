import { quoteIdentifier, quoteLiteral, quoteName } from '../../postgres/index.ts'
import type { Cell, Dataset, DatasetTable } from '../dataset.ts'
import type { GenerationPlan, RelationPlan } from '../plan/model.ts'
import { parentsFirst } from './parents-first.ts'
import { sequenceStatement } from './sequences.ts'

/** A data set as SQL that `psql` runs: one INSERT a relation (one statement for a circle of references), one row a line, sequences set behind. */
export function renderInserts(plan: GenerationPlan, dataset: Dataset): string {
  const statements = insertsOf(plan, dataset).map((insert) => insert.sql)
  const sequences = sequenceStatement(plan, dataset)
  return [...statements, ...(sequences === undefined ? [] : [sequences])].map((statement) => `${statement};\n`).join('\n')
}

/** One statement, and the relations that it fills. */
export interface Insert {
  readonly relations: readonly string[]
  readonly sql: string
}

/** The statements that fill a database, parents first. Keys of a circle are checked at the end of its one statement. */
export function insertsOf(plan: GenerationPlan, dataset: Dataset): readonly Insert[] {
  const dirt = (change: (entry: NonNullable<Dataset['dirty']>[number], table: string) => string): Insert[] =>
    (dataset.dirty ?? []).map((entry) => ({ relations: [], sql: change(entry, tableName(plan, entry.relation)) }))
  const inserts = plan.order.flatMap((component): Insert[] => {
    const tables = component
      .flatMap((path) => dataset.tables.get(path) ?? [])
      .filter((table) => table.rows.length > 0)
      .map((table) => parentsFirst(plan.relations.get(table.relation), table))
    const [first, ...others] = tables
    if (first === undefined) return []
    if (others.length === 0) return [{ relations: [first.relation], sql: insertSql(plan, first) }]
    const inner = tables.slice(0, -1).map((table, at) => `"godwit ${at}" AS (\n${insertSql(plan, table)}\n)`)
    const last = tables.at(-1) ?? first
    return [{ relations: tables.map((table) => table.relation), sql: `WITH ${inner.join(', ')}\n${insertSql(plan, last)}` }]
  })
  // A NOT VALID constraint refuses new rows too, so it goes and comes back as it was.
  return [
    ...dirt(({ constraint }, table) => `ALTER TABLE ${table} DROP CONSTRAINT ${quoteIdentifier(constraint)}`),
    ...inserts,
    ...dirt(({ constraint, definition }, table) => `ALTER TABLE ${table} ADD CONSTRAINT ${quoteIdentifier(constraint)} ${definition}`),
  ]
}

/** The quoted name of a relation of the plan. */
export function tableName(plan: GenerationPlan, path: string): string {
  const relation = plan.relations.get(path)
  return relation === undefined ? path : quoteName(relation.relation)
}

/** One INSERT of some rows of a table. */
export function insertSql(plan: GenerationPlan, table: DatasetTable, rows: readonly (readonly Cell[])[] = table.rows): string {
  const relation = plan.relations.get(table.relation)
  const name = tableName(plan, table.relation)
  // A column that is left out everywhere need not be named: that keeps tables of a thousand columns readable.
  const used = table.attributes.map((_, at) => rows.some((row) => row[at] !== undefined))
  const attributes = table.attributes.filter((_, at) => used[at]).map(quoteIdentifier)
  if (attributes.length === 0) return `INSERT INTO ${name} SELECT FROM pg_catalog.generate_series(1, ${rows.length})`
  const lines = rows.map((row) => `  (${row.flatMap((cell, at) => (used[at] ? [renderCell(cell)] : [])).join(', ')})`)
  return `INSERT INTO ${name} (${attributes.join(', ')})${overriding(relation)} VALUES\n${lines.join(',\n')}${computing(relation)}`
}

/** A row whose virtual attributes cannot be computed could be written, but never read: it is refused at once. */
function computing(relation: RelationPlan | undefined): string {
  const computed =
    relation?.relation.attributes.filter(({ generated }) => generated === 'virtual').map(({ name }) => quoteIdentifier(name)) ?? []
  return computed.length === 0 ? '' : `\nRETURNING pg_catalog.num_nulls(${computed.join(', ')})`
}

function overriding(relation: RelationPlan | undefined): string {
  return relation?.relation.attributes.some((attribute) => attribute.identity !== undefined) === true ? ' OVERRIDING SYSTEM VALUE' : ''
}

function renderCell(cell: Cell): string {
  return cell === undefined ? 'DEFAULT' : quoteLiteral(cell).trimStart()
}
