import { type AttributePlace, type Catalog, findAttribute } from '../catalog/index.ts'
import type { Mapping } from '../migration/index.ts'
import { nameOf } from './destinations.ts'
import type { Column, Destination, Transform } from './model.ts'
import type { PairedRun } from './paired-run.ts'
import { explains, learnAs, learnTransform, type Types } from './transform.ts'
import { vectorTransform } from './vector.ts'

/** A mapping of a contract, its paths found in the catalogs. */
export interface DeclaredMapping {
  readonly from: AttributePlace
  readonly to: AttributePlace
  readonly transform: Mapping['transform']
}

/** One legacy cell with the migrated cells in its rows, each value once, NULLs left out. */
interface Cells {
  readonly run: number
  readonly legacy: string
  readonly migrated: readonly string[]
}

/** The mappings of which both ends are there. */
export function foundMappings(mappings: readonly Mapping[], legacy: Catalog, migrated: Catalog): readonly DeclaredMapping[] {
  return mappings.flatMap((mapping) => {
    const [from, to] = [findAttribute(legacy, mapping.from), findAttribute(migrated, mapping.to)]
    return from === undefined || to === undefined ? [] : [{ from, to, transform: mapping.transform }]
  })
}

/**
 * Where a mapping leads, with the transform by which banded rows show that values go there: to its relation itself, to rows that refer to
 * that, or both. One that is `unknown` where they show none, or not the declared one.
 *
 * @param inferred  What was found without the mapping.
 * @param isOwn  Whether a column of a place is the attribute itself.
 */
export function declaredDestinations(
  mapping: DeclaredMapping,
  column: Column,
  runs: ReadonlyMap<string, readonly PairedRun[]>,
  inferred: readonly Destination[],
  isOwn: (place: string, target: Column) => boolean,
): readonly Destination[] {
  const declared = { to: `${mapping.to.relation}.${mapping.to.attribute}`, transform: mapping.transform }
  const known = inferred.filter(
    (each) => each.columns.some((target) => isAt(each.relation, target, mapping.to)) && fulfils(each, mapping.transform),
  )
  if (known.length > 0) return known.map((each) => ({ ...each, declared }))
  const candidates = [...runs].flatMap(([place, paired]) =>
    (paired[0]?.migrated.columns ?? [])
      .filter((target) => isAt(place, target, mapping.to))
      .map((target): Destination => {
        const rows = cellsOf(column, target, paired)
        const transform = transformOf(mapping.transform, rows, { legacy: column.type, migrated: target.type })
        return { relation: place, columns: [target], transform, own: isOwn(place, target), declared }
      }),
  )
  const nowhere: Destination = {
    relation: mapping.to.relation,
    columns: [{ attribute: mapping.to.attribute, json: [], type: column.type }],
    transform: { kind: 'unknown' },
    own: false,
    declared,
  }
  const borneOut = candidates.filter((each) => each.transform.kind !== 'unknown')
  return borneOut.length > 0 ? borneOut : [candidates[0] ?? nowhere]
}

/** What was inferred, with the declared destinations that banded rows bear out in the place of what was inferred of the same columns. */
export function withDeclared(inferred: readonly Destination[], declared: readonly Destination[]): readonly Destination[] {
  const borneOut = declared.filter((each) => each.transform.kind !== 'unknown')
  const placeOf = ({ relation, columns }: Destination) => JSON.stringify([relation, columns.map(nameOf)])
  const places = new Set(borneOut.map(placeOf))
  return [...borneOut, ...inferred.filter((each) => !places.has(placeOf(each)))]
}

/** Whether a column is the attribute that a mapping names, in its own relation or behind a reference to it. */
function isAt(place: string, column: Column, to: AttributePlace): boolean {
  return column.attribute === to.attribute && column.json.length === 0 && (column.via?.relation ?? place) === to.relation
}

function fulfils({ transform, assumed }: Destination, wanted: Mapping['transform']): boolean {
  if (assumed === true) return false
  if (wanted === undefined) return transform.kind !== 'unknown'
  // Too few long lists were among the rows to tell how they were taken apart.
  return transform.kind === wanted || (wanted === 'elements' && transform.kind === 'part')
}

function cellsOf(column: Column, target: Column, runs: readonly PairedRun[]): readonly Cells[] {
  return runs.flatMap(({ run, legacy, migrated, pairs }) => {
    const from = legacy.columns.findIndex((each) => nameOf(each) === nameOf(column))
    const to = migrated.columns.findIndex((each) => nameOf(each) === nameOf(target))
    const rows = new Map<number, Set<string>>()
    for (const { legacyRow, migratedRow } of pairs) {
      const held = rows.get(legacyRow) ?? new Set()
      rows.set(legacyRow, held)
      const cell = migrated.rows[migratedRow]?.[to] ?? null
      if (cell !== null) held.add(cell)
    }
    return [...rows].flatMap(([row, held]): readonly Cells[] => {
      const cell = legacy.rows[row]?.[from] ?? null
      return cell === null || held.size === 0 ? [] : [{ run, legacy: cell, migrated: [...held] }]
    })
  })
}

function transformOf(wanted: Mapping['transform'], rows: readonly Cells[], types: Types): Transform {
  const unknown: Transform = { kind: 'unknown' }
  if (rows.length === 0) return unknown
  const explained = (transform: Transform) =>
    rows.every(({ legacy, migrated }) => migrated.some((cell) => explains(transform, legacy, cell, types)))
  const single = rows.flatMap(({ legacy, migrated: [cell, ...more] }): readonly (readonly [string, string])[] =>
    cell === undefined || more.length > 0 ? [] : [[legacy, cell]],
  )
  const isSingle = single.length === rows.length
  switch (wanted) {
    case undefined: {
      const plain = ([{ kind: 'identical' }, { kind: 'same-value' }] as const).find(explained)
      if (plain !== undefined) return plain
      // One pair bears out any rule.
      if (!isSingle || new Set(single.map(([legacy]) => legacy)).size < 2) return unknown
      const learned = learnTransform(single, types)
      if (learned.kind !== 'unknown') return learned
      return vectorTransform(single, types, { own: false, alias: false, sameName: true }) ?? unknown
    }
    case 'recoded':
    case 're-keyed':
    case 'merged':
      return isSingle ? codeOf(wanted, rows) : unknown
    case 'offset':
    case 'scaled':
    case 'affine':
    case 'shifted':
    case 'wrapped':
      return (isSingle ? learnAs(wanted, single, types) : undefined) ?? unknown
    case 'elements':
      return unknown
    default:
      return explained({ kind: wanted }) ? { kind: wanted } : unknown
  }
}

/** Values that stand for others: a value always becomes the same one, and nothing else becomes that, unless they were merged. Each run may have a code of its own. */
function codeOf(kind: 'recoded' | 're-keyed' | 'merged', rows: readonly Cells[]): Transform {
  const code = rows.flatMap(({ run, legacy, migrated: [cell] }) => (cell === undefined ? [] : [{ run, legacy, cell }]))
  const determined = isFunction(code.map(({ run, legacy, cell }) => [`${run} ${legacy}`, cell]))
  const reversible = isFunction(code.map(({ run, legacy, cell }) => [`${run} ${cell}`, legacy]))
  if (!determined || (kind !== 'merged' && !reversible)) return { kind: 'unknown' }
  if (kind === 'merged') return { kind, examples: code.slice(0, 6).map(({ legacy, cell }) => [legacy, cell]) }
  if (kind === 're-keyed') return { kind }
  const inverse = code.map(({ legacy, cell }) => [cell, legacy] as const)
  return { kind, inverse: new Map(isFunction(inverse) ? inverse : []), forward: new Map() }
}

function isFunction(pairs: readonly (readonly [string, string])[]): boolean {
  const known = new Map<string, string>()
  return pairs.every(([from, to]) => {
    const before = known.get(from) ?? to
    known.set(from, before)
    return before === to
  })
}

/** Whether a migrated cell is what its declared, lossy transform makes of a legacy one: it arrived, and is altered all the same. */
export function arrivesAltered({ transform }: Destination, legacy: string, migrated: string | null, types: Types): boolean {
  if (migrated === null) return false
  return transform.kind === 'merged' || explains(transform, legacy, migrated, types)
}
