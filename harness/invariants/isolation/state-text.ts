import { type Catalog, readCatalog } from '../../catalog/index.ts'
import type { Subject } from '../../lineage/index.ts'
import type { Session } from '../../postgres/index.ts'
import { relationsToRead, type State } from '../../run/index.ts'
import { readRows } from '../../snapshot/index.ts'
import { withoutDrawn } from '../drawn.ts'
import type { RowLeft } from './model.ts'

/** What varies from run to run: by `relation.attribute`. */
export type Varying = ReadonlySet<string>

const drawing =
  /\b(nextval|gen_random_uuid|uuid_generate_v\w+|uuidv[47]|random|now|clock_timestamp|statement_timestamp)\(|\bCURRENT_|\bLOCALTIME/i

/**
 * The rows of a database as a text, equal for equal rows in any order: without the cells that are drawn (numbers of sequences, instants,
 * random values, and references to them). What differs between two runs on the same rows is left out, too.
 */
export async function stateText(subject: Subject, session: Session, legacy: State, varying: Varying): Promise<string> {
  const catalog = await readCatalog(session)
  const rows = await readRows(session, catalog, relationsToRead(subject, catalog))
  const known = withoutDrawn({ catalog, rows }, legacy)
  const drawn = drawnAttributes(catalog, subject.legacy)
  const left = [...known.rows].flatMap(([relation, table]) => {
    const hidden = table.attributes.map((name) => varying.has(`${relation}.${name}`) || drawn.has(`${relation}.${name}`))
    return table.rows.map((row) => {
      const cells = table.attributes.flatMap((name, at) => (hidden[at] === true ? [] : [[name, row[at] ?? null] as const]))
      return JSON.stringify({ relation, cells: Object.fromEntries(cells) } satisfies RowLeft)
    })
  })
  return JSON.stringify(left.toSorted())
}

/** Of what the migration added: attributes that a default draws, and references to them. */
function drawnAttributes(catalog: Catalog, legacy: Catalog): ReadonlySet<string> {
  const before = new Map(
    [...legacy.relations.values()].map(({ oid, attributes }) => [oid, new Set(attributes.map(({ number }) => number))]),
  )
  const own = new Set(
    [...catalog.relations].flatMap(([path, { oid, attributes }]) =>
      attributes.flatMap(({ name, number, identity, default: text }) => {
        const isDrawn = identity !== undefined || drawing.test(text ?? '')
        return isDrawn && before.get(oid)?.has(number) !== true ? [`${path}.${name}`] : []
      }),
    ),
  )
  const references = [...catalog.relations].flatMap(([path, { constraints }]) =>
    constraints.flatMap(({ references: target, attributes }) =>
      attributes.filter((_, at) => own.has(`${target?.relation}.${target?.attributes[at]}`)).map((name) => `${path}.${name}`),
    ),
  )
  return new Set([...own, ...references])
}

/** Rows of a state, as `stateText` wrote them. */
export function rowsIn(text: string): readonly string[] {
  return text === '' ? [] : (JSON.parse(text) as readonly string[])
}

/** Of the first multiset what the second does not have. */
export function missingIn(rows: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>()
  for (const row of others) left.set(row, (left.get(row) ?? 0) + 1)
  return rows.filter((row) => {
    const count = left.get(row) ?? 0
    left.set(row, count - 1)
    return count <= 0
  })
}

export function rowLeft(text: string): RowLeft {
  return JSON.parse(text) as RowLeft
}
