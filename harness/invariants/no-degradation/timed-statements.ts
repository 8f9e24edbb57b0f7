import type { Relation } from '../../catalog/index.ts'
import { keyAttributes, type Subject } from '../../lineage/index.ts'
import { parseScript } from '../../migration/index.ts'
import { quoteIdentifier, quoteLiteral, quoteName, type Session } from '../../postgres/index.ts'
import type { ClientStatement } from '../../run/index.ts'
import { clientStatements } from '../online-safety/client-statements.ts'

/** A statement of clients as it is sent to be timed. */
export interface TimedStatement {
  readonly name: string
  readonly relation: string | undefined
  readonly given: boolean
  /** Undefined for the budget of the whole migration. */
  readonly most: number | undefined
  /** All of it in one message, which leaves everything as it was. */
  readonly sql: string
  /** Its parts that the server can prepare and explain; the others begin and end transactions. */
  readonly parts: readonly { readonly sql: string; readonly planned: boolean }[]
}

const planned: ReadonlySet<string> = new Set(['SelectStmt', 'InsertStmt', 'UpdateStmt', 'DeleteStmt', 'MergeStmt'])

/**
 * The statements to time: those of the author's workload, else a page, a row by key, a read by each other index, an update, and an insert with its
 * delete, for each relation. Statements of one name (a workload statement with the values of several rows) are timed together.
 *
 * @param session  On the filled legacy database, outside any transaction.
 * @param paths  Relations that the migration touches.
 */
export async function timedStatements(
  subject: Subject,
  session: Session,
  paths: readonly string[],
  ways: ReadonlyMap<string, number>,
): Promise<{ readonly statements: readonly TimedStatement[]; readonly notTried: readonly string[] }> {
  const { clients, notTried } = await clientStatements(subject, session, paths, 1, ways)
  const derived = subject.migration.contract.workload === undefined ? await indexReads(subject, session, paths) : []
  const byName = new Map<string, readonly ClientStatement[]>()
  for (const each of [...(clients[0] ?? []), ...derived]) byName.set(each.name, [...(byName.get(each.name) ?? []), each])
  return { statements: [...byName].map(([name, group]) => timed(name, group)), notTried }
}

function timed(name: string, group: readonly ClientStatement[]): TimedStatement {
  const sql = group.map((each) => each.sql).join(';\n')
  const parts = parseScript(name, sql).statements.map(({ text, node }) => ({ sql: text, planned: planned.has(node) }))
  const most = group.find((each) => each.most !== undefined)?.most
  return { name, relation: group[0]?.relation, given: group[0]?.given ?? false, most, sql, parts }
}

/** For each index beside the key a read by the columns that it begins with, of a row that is there. */
async function indexReads(subject: Subject, session: Session, paths: readonly string[]): Promise<readonly ClientStatement[]> {
  const reads: ClientStatement[] = []
  for (const path of paths) {
    const relation = subject.legacy.relations.get(path)
    if (relation === undefined) continue
    for (const { columns, predicate } of indexedColumns(relation)) {
      const names = columns.map(quoteIdentifier)
      const within = predicate === undefined ? [] : [`(${predicate})`]
      const filled = [...names.map((each) => `${each} IS NOT NULL`), ...within].join(' AND ')
      const cells = names.map((each) => `${each}::text`).join(', ')
      const [result] = await session.script(`SELECT ${cells} FROM ${quoteName(relation)} WHERE ${filled} LIMIT 1`)
      const row = result?.rows[0]
      if (row === undefined) continue
      const list = relation.attributes.map((each) => quoteIdentifier(each.name)).join(', ')
      const where = [...names.map((each, at) => `${each} = ${quoteLiteral(row[at] ?? null)}`), ...within].join(' AND ')
      const sql = `SELECT ${list} FROM ${quoteName(relation)} WHERE ${where}`
      reads.push({ name: `read of ${path} by ${columns.join(', ')}`, operation: 'read', given: false, relation: path, sql })
    }
  }
  return reads
}

interface IndexedColumns {
  readonly columns: readonly string[]
  /** `WHERE` of a partial index. */
  readonly predicate: string | undefined
}

/** Of each B-tree its plain columns, as far as it begins with such; the key is read by already. */
function indexedColumns(relation: Relation): readonly IndexedColumns[] {
  const known = new Set([(keyAttributes(relation) ?? []).join('\n')])
  return relation.indexes.flatMap(({ attributes, predicate, definition }): readonly IndexedColumns[] => {
    const until = attributes.indexOf(undefined)
    const columns = attributes.slice(0, until < 0 ? attributes.length : until).flatMap((each) => each ?? [])
    const key = [...columns, ...(predicate === undefined ? [] : [predicate])].join('\n')
    if (columns.length === 0 || known.has(key) || !/ USING btree /.test(definition)) return []
    known.add(key)
    return [{ columns, predicate }]
  })
}
