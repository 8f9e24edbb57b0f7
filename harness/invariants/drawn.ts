import type { State } from '../run/index.ts'

/** What stands in for a cell that a default drew; no text form of a value is like it. */
const drawn = '\u0000drawn'

/**
 * A migrated state in which the cells that defaults of the legacy schema drew for rows that the migration added are equal: another uuid,
 * instant or number each time.
 *
 * Such an attribute is one with a default that is another value each time, an identity or a number of a sequence; drawn is any cell of it
 * that no legacy row holds, and the references to it.
 */
export function withoutDrawn(state: State, legacy: State): State {
  const held = new Map([...state.rows.keys()].map((path) => [path, drawnAttributes(state, legacy, path)]))
  if ([...held.values()].every((attributes) => attributes.size === 0)) return state
  const rows = new Map(
    [...state.rows].map(([path, table]) => {
      const own = held.get(path)
      const references = (state.catalog.relations.get(path)?.constraints ?? []).flatMap((each) =>
        each.kind !== 'foreign-key' || each.references === undefined
          ? []
          : each.attributes.flatMap((name, at) => {
              const cells = held.get(each.references?.relation ?? '')?.get(each.references?.attributes[at] ?? '')
              return cells === undefined ? [] : [[name, cells] as const]
            }),
      )
      const all = new Map([...references, ...(own ?? [])])
      if (all.size === 0) return [path, table] as const
      const known = table.attributes.map((name) => all.get(name))
      const masked = table.rows.map((row) => row.map((cell, at) => (cell !== null && known[at]?.has(cell) === false ? drawn : cell)))
      return [path, { ...table, rows: masked }] as const
    }),
  )
  return { ...state, rows }
}

/** Legacy attributes of a relation that draw, with the cells that legacy rows hold. */
function drawnAttributes(state: State, legacy: State, path: string): ReadonlyMap<string, ReadonlySet<string | null>> {
  const relation = state.catalog.relations.get(path)
  const before = [...legacy.catalog.relations].find(([, each]) => each.oid === relation?.oid)
  if (relation === undefined || before === undefined) return new Map()
  const rows = legacy.rows.get(before[0])
  return new Map(
    relation.attributes.flatMap((attribute) => {
      const own = before[1].attributes.find((each) => each.number === attribute.number)
      if (own === undefined || (own.identity === undefined && !drawing.test(own.default ?? ''))) return []
      const at = rows?.attributes.indexOf(own.name) ?? -1
      return [[attribute.name, new Set(at < 0 ? [] : (rows?.rows.map((row) => row[at] ?? null) ?? []))] as const]
    }),
  )
}

const drawing =
  /\b(nextval|gen_random_uuid|uuid_generate_v\w+|uuidv[47]|random|now|clock_timestamp|statement_timestamp)\(|\bCURRENT_|\bLOCALTIME/i

/** Keys that the migration issues (identity, serial) and the references to them count up on; they are equal up to renaming. */
export function isIssued(state: State, legacy: State, path: string, attribute: string): boolean {
  const relation = state.catalog.relations.get(path)
  const found = relation?.attributes.find((each) => each.name === attribute)
  if (relation === undefined || found === undefined) return false
  const before = [...legacy.catalog.relations.values()].find((each) => each.oid === relation.oid)
  if (before?.attributes.some((each) => each.number === found.number) ?? false) return false
  if (found.identity !== undefined || (found.default?.startsWith('nextval(') ?? false)) return true
  return relation.constraints.some((each) => {
    if (each.kind !== 'foreign-key' || each.references === undefined || !each.attributes.includes(attribute)) return false
    const target = each.references.attributes[each.attributes.indexOf(attribute)]
    return target !== undefined && each.references.relation !== path && isIssued(state, legacy, each.references.relation, target)
  })
}

/** A migrated state without the keys that the migration issued, and without references to them: which row has which number says nothing. */
export function withoutIssued(state: State, legacy: State): State {
  const rows = new Map(
    [...state.rows].map(([path, table]) => {
      const issued = table.attributes.map((name) => isIssued(state, legacy, path, name))
      if (!issued.includes(true)) return [path, table] as const
      return [
        path,
        { ...table, rows: table.rows.map((row) => row.map((cell, at) => (cell !== null && issued[at] ? drawn : cell))) },
      ] as const
    }),
  )
  return { ...state, rows }
}
