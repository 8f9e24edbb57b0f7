import type { Relation } from '../../catalog/index.ts'
import { quoteIdentifier, quoteLiteral, quoteName } from '../../postgres/index.ts'
import type { ShownSender, ShownStatement, ShownToClients } from '../../result/index.ts'
import type { RightChange } from './compare-rights.ts'
import type { RowChange } from './compare-rows.ts'
import { type AccessObservation, everybody } from './model.ts'
import { successorsOf } from './successors.ts'

/** The attempt that reached other rows than before, on both sides. */
export function shownRows({ reached }: AccessObservation, change: RowChange): ShownToClients {
  const attempts = (side: 'before' | 'after', through: string): readonly ShownStatement[] => {
    const found = reached[side].find(
      (each) =>
        each.role === change.role &&
        each.identity === change.identity &&
        each.command === change.command &&
        each.relation === change.relation &&
        each.through === through,
    )
    return (found?.shown ?? []).flatMap(({ key, ...statement }) => (key === undefined || key === change.keys[0] ? [statement] : []))
  }
  return { before: attempts('before', change.relation), after: attempts('after', change.through), rows: true }
}

/** What was allowed, tried as the first role that it was allowed to, with statements that touch no row. */
export function shownRights(observation: AccessObservation, changes: readonly RightChange[]): ShownToClients {
  const [first] = changes
  if (first === undefined) return { before: [], after: [], rows: false }
  const own = changes.filter((each) => each.role === first.role)
  const as: ShownSender = { role: first.role === everybody ? undefined : first.role, settings: {} }
  const statements = (side: 'before' | 'after') =>
    [...new Set(own.map((each) => each.right))].flatMap((right): readonly ShownStatement[] => {
      const sql = statementFor(
        observation,
        side,
        own.filter((each) => each.right === right),
      )
      return sql === undefined ? [] : [{ sql, as }]
    })
  return { before: statements('before'), after: statements('after'), rows: false }
}

/** A role reads the table, where row security decides what it sees, and the view beside it. */
export function shownBypass({ run }: AccessObservation, relation: string, view: string, reader: string): ShownToClients {
  const as: ShownSender = { role: reader === everybody ? undefined : reader, settings: {} }
  const read = (found: Relation | undefined): readonly ShownStatement[] =>
    found === undefined ? [] : [{ sql: `SELECT * FROM ${quoteName(found)}`, as }]
  return {
    before: read(run.legacy.catalog.relations.get(relation)),
    after: read(run.migrated?.catalog.relations.get(view)),
    rows: true,
  }
}

function statementFor(
  { run, knowledge, before }: AccessObservation,
  side: 'before' | 'after',
  changes: readonly RightChange[],
): string | undefined {
  const [first] = changes
  if (first === undefined) return undefined
  const { relation, object, right } = first
  if (relation === undefined) {
    if (object === undefined) return undefined
    const kind = before.routines.has(object) ? 'function' : before.sequences.has(object) ? 'sequence' : 'schema'
    return `SELECT pg_catalog.has_${kind}_privilege(${quoteLiteral(object)}, ${quoteLiteral(right)})`
  }
  const path = side === 'before' ? relation : (first.through ?? relation)
  const found = (side === 'before' ? run.legacy : run.migrated)?.catalog.relations.get(path)
  if (found === undefined) return undefined
  const successor = side === 'before' ? undefined : successorsOf(run, knowledge, relation).find((each) => each.path === path)
  const named = changes.flatMap(({ attribute }) => (attribute === undefined ? [] : [successor?.attributes.get(attribute) ?? attribute]))
  return withoutRows(right, found, named)
}

/** A statement that needs a right and touches no row: permission is checked all the same. */
function withoutRows(right: string, relation: Relation, named: readonly string[]): string | undefined {
  const name = quoteName(relation)
  const writable = relation.attributes.filter((each) => each.generated === undefined && each.identity !== 'always')
  const columns = named.length > 0 ? named : writable.map((each) => each.name)
  const quoted = columns.map(quoteIdentifier)
  if (right === 'SELECT') return `SELECT ${named.length > 0 ? quoted.join(', ') : '*'} FROM ${name} WHERE false`
  if (right === 'DELETE') return `DELETE FROM ${name} WHERE false`
  if (quoted.length === 0) return undefined
  if (right === 'INSERT') return `INSERT INTO ${name} (${quoted.join(', ')}) SELECT ${quoted.map(() => 'NULL').join(', ')} WHERE false`
  return `UPDATE ${name} SET ${quoted.map((each) => `${each} = NULL`).join(', ')} WHERE false`
}
