import type { Column, Destination } from './model.ts'
import type { PairedRun } from './paired-run.ts'
import { type Example, learnTransform } from './transform.ts'
import { vectorTransform } from './vector.ts'

/** A legacy column that is looked for in one migrated relation. */
export interface Sought {
  readonly column: Column
  readonly place: string
  readonly runs: readonly PairedRun[]
  /** The attribute's name there, where the migrated relation is the legacy one. */
  readonly self: string | undefined
}

export function bandDestinations({ column, place, runs, self }: Sought): readonly Destination[] {
  const found = new Map<string, { readonly target: Column; readonly examples: Example[]; readonly rows: Set<string> }>()
  const present = new Set<string>()
  runs.forEach(({ legacy, migrated, pairs }, run) => {
    const index = legacy.columns.findIndex((each) => each.attribute === column.attribute && each.json.length === 0)
    for (const { legacyRow, migratedRow, hits } of pairs) {
      const cell = legacy.rows[legacyRow]?.[index]
      if (cell === null || cell === undefined) continue
      present.add(`${run}:${legacyRow}`)
      for (const at of hits.get(index) ?? []) {
        const [target, value] = [migrated.columns[at], migrated.rows[migratedRow]?.[at]]
        if (target === undefined || value === null || value === undefined) continue
        // Documents have other leaves in other runs, so a column is known by its name and not by its position.
        const entry = found.get(nameOf(target)) ?? { target, examples: [], rows: new Set() }
        entry.examples.push([cell, value])
        entry.rows.add(`${run}:${legacyRow}`)
        found.set(nameOf(target), entry)
      }
    }
  })
  const destinations = [...found.values()].flatMap(({ target, examples, rows }): readonly Destination[] => {
    if (rows.size < Math.min(3, present.size) || rows.size < present.size * 0.6) return []
    const learned = learnTransform(examples, { legacy: column.type, migrated: target.type })
    const transform = learned.kind === 'concatenated' ? { ...learned, separator: separatorOf(examples) } : learned
    return [
      {
        relation: place,
        columns: [target],
        transform,
        own: self === target.attribute && target.json.length === 0 && target.via === undefined,
      },
    ]
  })
  return joinParts(destinations)
}

/** The text between two legacy cells that were joined into one migrated cell, where it is the same everywhere. */
function separatorOf(examples: readonly Example[]): string | undefined {
  const joined = new Map<string, string[]>()
  for (const [legacy, migrated] of examples) joined.set(migrated, [...(joined.get(migrated) ?? []), legacy])
  const between = new Set<string>()
  for (const [whole, cells] of joined) {
    const sorted = cells
      .map((cell) => ({ from: whole.indexOf(cell), to: whole.indexOf(cell) + cell.length }))
      .sort((left, right) => left.from - right.from)
    sorted.slice(1).forEach((next, at) => {
      between.add(whole.slice(sorted[at]?.to ?? next.from, next.from))
    })
  }
  const [separator] = between
  return between.size === 1 && separator !== '' ? separator : undefined
}

export function nameOf(column: Column): string {
  return JSON.stringify([column.attribute, column.json, column.via?.constraint])
}

export function columnKey(place: string, { attribute, json }: Column): string {
  return [place, attribute, json.join('\u0000')].join('\u0000')
}

/** Several parts of one cell in one relation are one destination: a split. */
function joinParts(destinations: readonly Destination[]): readonly Destination[] {
  const parts = destinations.filter((each) => each.transform.kind === 'part')
  if (parts.length < 2) return destinations
  const first = parts[0]
  if (first === undefined) return destinations
  return [...destinations.filter((each) => each.transform.kind !== 'part'), { ...first, columns: parts.flatMap((each) => each.columns) }]
}

/**
 * A band that others carry too (the key that soft references name) tells no row, but where rows were paired by others of their bands and
 * the attribute of the same name agrees in all of them, it is that attribute.
 */
export function sameNamed({ column, place, runs }: Sought): readonly Destination[] {
  const target = runs[0]?.migrated.columns.find(
    (each) => each.attribute === column.attribute && each.json.length === 0 && each.via === undefined,
  )
  if (target === undefined) return []
  let compared = 0
  for (const { legacy, migrated, pairs } of runs) {
    const from = legacy.columns.findIndex((each) => each.attribute === column.attribute && each.json.length === 0)
    const to = migrated.columns.findIndex((each) => nameOf(each) === nameOf(target))
    for (const { legacyRow, migratedRow } of pairs) {
      const cell = legacy.rows[legacyRow]?.[from] ?? null
      if (cell === null || migrated.rows[migratedRow]?.[to] !== cell) return []
      compared += 1
    }
  }
  return compared < 2 ? [] : [{ relation: place, columns: [target], transform: { kind: 'identical' }, own: false }]
}

/** @param owned  Migrated columns, as `columnKey` names them, in which bands were recaptured. */
export function vectorDestinations(
  { column, place, runs, self }: Sought,
  alias: boolean,
  owned: ReadonlySet<string>,
): readonly Destination[] {
  const migrated = runs[0]?.migrated
  if (migrated === undefined) return []
  const legacyCells = runs.map(({ legacy, pairs }) => {
    const index = legacy.columns.findIndex((each) => each.attribute === column.attribute && each.json.length === 0)
    return pairs.map((pair) => legacy.rows[pair.legacyRow]?.[index] ?? null)
  })
  const positions = runs.map(({ migrated: table }) =>
    table === migrated ? undefined : new Map(table.columns.map((each, at) => [nameOf(each), at])),
  )
  return migrated.columns.flatMap((target, at): readonly Destination[] => {
    const own = self === target.attribute && target.json.length === 0 && target.via === undefined
    if (!own && owned.has(columnKey(place, target))) return []
    const examples = runs.flatMap(({ migrated: table, pairs }, run) => {
      const position = positions[run]?.get(nameOf(target)) ?? at
      return pairs.map((pair, number) => [legacyCells[run]?.[number] ?? null, table.rows[pair.migratedRow]?.[position] ?? null] as const)
    })
    const transform = vectorTransform(
      examples,
      { legacy: column.type, migrated: target.type },
      { own, alias, sameName: target.attribute === column.attribute },
    )
    return transform === undefined ? [] : [{ relation: place, columns: [target], transform, own }]
  })
}
