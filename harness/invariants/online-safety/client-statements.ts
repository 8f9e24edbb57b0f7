import type { Relation } from '../../catalog/index.ts'
import type { Subject } from '../../lineage/index.ts'
import { keyAttributes } from '../../lineage/index.ts'
import { pathOf, quoteIdentifier, quoteLiteral, quoteName, type Session, StatementError, tryEach } from '../../postgres/index.ts'
import type { ClientStatement, State } from '../../run/index.ts'
import type { RelationRows } from '../../snapshot/index.ts'
import { isWritable } from '../backward-compatibility/workload/derive-statements.ts'
import { givenStatements } from '../backward-compatibility/workload/given-statements.ts'
import { variedRows } from './vary-rows.ts'

/** What each client sends, and what is not sent. */
export interface ClientStatements {
  readonly clients: readonly (readonly ClientStatement[])[]
  readonly notTried: readonly string[]
}

const sampleRows = 16
/** Far from the numbers of copies. */
const freshFrom = 10_000_000

/**
 * The statements of some clients: those of the author's workload, else those that an application compiled against the legacy relations sends.
 * Each client works on rows of its own, and what it writes is as it was when the statement has ended, so that it can be sent again and again:
 * rows are updated to the values that they have, and inserted and deleted in one message; a given write is rolled back.
 *
 * @param session  On the filled legacy database, outside any transaction.
 * @param paths  Relations that the migration touches.
 */
export async function clientStatements(
  subject: Subject,
  session: Session,
  paths: readonly string[],
  clients: number,
  ways: ReadonlyMap<string, number>,
): Promise<ClientStatements> {
  const { workload } = subject.migration.contract
  const numbers = Array.from({ length: clients }, (_, at) => at)
  if (workload !== undefined) {
    const rows = await samples(subject, session, [...subject.scope], clients)
    return {
      clients: numbers.map((client) =>
        givenStatements(workload, { catalog: subject.legacy, rows: turned(rows, client, clients) }).map((each) => ({
          ...each,
          sql: each.operation === 'read' ? each.sql : `BEGIN;\n${each.sql};\nSET CONSTRAINTS ALL IMMEDIATE;\nROLLBACK`,
        })),
      ),
      notTried: [],
    }
  }
  const rows = await samples(subject, session, paths, clients)
  const all: (readonly ClientStatement[])[] = numbers.map(() => [])
  const notTried: string[] = []
  for (const path of paths) {
    const relation = subject.legacy.relations.get(path)
    if (relation === undefined) continue
    const inserts = await insertsInto(subject, session, relation, clients, ways.get(path) ?? 0)
    if (inserts.length === 0)
      notTried.push(`INSERTs into ${path} were not tested: no further row was found that fits beside the existing ones`)
    for (const client of numbers) {
      const table = turned(rows, client, clients).get(path)
      const insert = inserts[client]
      all[client] = [...(all[client] ?? []), ...derived(relation, table), ...(insert === undefined ? [] : [insert])]
    }
  }
  return { clients: all, notTried }
}

function derived(relation: Relation, table: RelationRows | undefined): readonly ClientStatement[] {
  const path = pathOf(relation)
  const base = { given: false, relation: path } as const
  const list = relation.attributes.map((each) => quoteIdentifier(each.name)).join(', ')
  if (relation.attributes.length === 0) return []
  const select = `SELECT ${list} FROM ${quoteName(relation)}`
  const key = keyAttributes(relation) ?? []
  // Without an order it would depend on where the rows lie, which any UPDATE changes.
  const order = key.length === 0 ? '' : ` ORDER BY ${key.map(quoteIdentifier).join(', ')}`
  const page: ClientStatement = { ...base, operation: 'read', name: `read of ${path}`, sql: `${select}${order} LIMIT 20` }
  const [row] = table?.rows ?? []
  if (table === undefined || row === undefined || key.length === 0) return [page]
  const cell = (name: string) => quoteLiteral(row[table.attributes.indexOf(name)] ?? null)
  const where = key.map((name) => `${quoteIdentifier(name)} = ${cell(name)}`).join(' AND ')
  const set = relation.attributes
    .filter((each) => isWritable(each) && !key.includes(each.name))
    .map(({ name }) => `${quoteIdentifier(name)} = ${cell(name)}`)
  const update: readonly ClientStatement[] =
    set.length === 0 || relation.kind === 'materialized-view'
      ? []
      : [
          {
            ...base,
            operation: 'update',
            name: `update of ${path}`,
            sql: `UPDATE ${quoteName(relation)} SET ${set.join(', ')} WHERE ${where}`,
          },
        ]
  return [page, { ...base, operation: 'read', name: `read of ${path} by key`, sql: `${select} WHERE ${where}` }, ...update]
}

/** For each client a row that the legacy database takes, inserted and taken away again in one message, which is one transaction. */
async function insertsInto(
  subject: Subject,
  session: Session,
  relation: Relation,
  clients: number,
  way: number,
): Promise<readonly ClientStatement[]> {
  const path = pathOf(relation)
  const varied = variedRows(subject.legacy, relation, `${freshFrom} + t."godwit row"`, { way })
  if (varied === undefined || relation.kind === 'materialized-view') return []
  const key = keyAttributes(relation) ?? []
  const result = await rowsOf(
    session,
    `SELECT ${varied.expressions.map((each) => `(${each})::text`).join(', ') || 'NULL'}
     FROM (SELECT *, row_number() OVER () AS "godwit row" FROM ${quoteName(relation)} LIMIT ${clients}) AS t ${varied.joins}`,
  )
  const messages = result.map((row) => {
    const given = varied.attributes.map((each, at) => ({ each, cell: quoteLiteral(row[at] ?? null) }))
    const taken = given.filter(({ each }) => isWritable(each) || key.includes(each.name))
    const columns = taken.map(({ each }) => quoteIdentifier(each.name)).join(', ')
    const overriding = taken.some(({ each }) => each.identity === 'always') ? ' OVERRIDING SYSTEM VALUE' : ''
    const insert = `INSERT INTO ${quoteName(relation)} (${columns})${overriding} VALUES (${taken.map(({ cell }) => cell).join(', ')})`
    const where = given
      .filter(({ each }) => key.includes(each.name))
      .map(({ each, cell }) => `${quoteIdentifier(each.name)} = ${cell}`)
      .join(' AND ')
    return where === '' ? `BEGIN;\n${insert};\nROLLBACK` : `${insert};\nDELETE FROM ${quoteName(relation)} WHERE ${where}`
  })
  const tried = await inTransaction(session, () =>
    tryEach(
      session,
      messages.map((each) => each.replace(/^BEGIN;\n|;\nROLLBACK$/g, '')),
    ),
  )
  return messages
    .filter((_, at) => tried[at]?.outcome === 'accepted')
    .map((sql) => ({ name: `insert into ${path}`, operation: 'insert', given: false, relation: path, sql }))
}

/** A number may be too large for a key of two bytes, and its rows are not tried then. */
async function rowsOf(session: Session, sql: string): Promise<readonly (readonly (string | null)[])[]> {
  try {
    return (await session.script(sql))[0]?.rows ?? []
  } catch (error) {
    if (error instanceof StatementError) return []
    throw error
  }
}

async function inTransaction<Result>(session: Session, work: () => Promise<Result>): Promise<Result> {
  await session.script('BEGIN')
  try {
    return await work()
  } finally {
    await session.script('ROLLBACK')
  }
}

/** Some rows of each relation, as texts. */
async function samples(
  subject: Subject,
  session: Session,
  paths: readonly string[],
  clients: number,
): Promise<ReadonlyMap<string, RelationRows>> {
  const found = new Map<string, RelationRows>()
  for (const path of paths) {
    const relation = subject.legacy.relations.get(path)
    if (relation === undefined || relation.attributes.length === 0) continue
    const list = relation.attributes.map((each) => `${quoteIdentifier(each.name)}::text`).join(', ')
    const [result] = await session.script(`SELECT ${list} FROM ${quoteName(relation)} LIMIT ${sampleRows * clients}`)
    found.set(path, { attributes: relation.attributes.map((each) => each.name), rows: result?.rows ?? [] })
  }
  return found
}

/** Each client begins with a row of its own. */
function turned(rows: State['rows'], client: number, clients: number): ReadonlyMap<string, RelationRows> {
  return new Map(
    [...rows].map(([path, table]) => {
      const at = Math.floor((client * table.rows.length) / clients)
      return [path, { ...table, rows: [...table.rows.slice(at), ...table.rows.slice(0, at)] }]
    }),
  )
}
