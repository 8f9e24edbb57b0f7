import type { Destination, Recaptured } from '../../lineage/index.ts'
import { arrivesAltered, columnIndex, showCell } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding } from '../../result/index.ts'
import { type AttributeCase, legacyCell } from './cases.ts'
import { fatesOf, showRow } from './fates.ts'
import { weigh } from './weigh.ts'

/** A legacy cell that is not where the contract says, and what stands there; undefined where its row is not there at all. */
interface Missing {
  readonly row: number
  readonly legacy: string
  readonly found: { readonly migrated: string | null; readonly alteration: string } | undefined
}

/**
 * The mappings of one attribute: its values must be where each says. A row that is nowhere is lost, and no cell of it is looked for; where
 * the loss of rows is declared, it is.
 */
export function judgeDeclared(given: AttributeCase, mayBeLost: boolean): readonly Finding[] {
  const { rows, learned } = given
  const mappings = learned.declared ?? []
  return mappings.flatMap((destinations): readonly Finding[] => {
    const [destination] = destinations
    if (destination === undefined) return []
    const own = { ...given, recodes: new Map() }
    const others = mappings.filter((each) => each !== destinations).flat()
    const missing = rows.legacy.rows.flatMap((_, row): readonly Missing[] => {
      const legacy = legacyCell(given, row)
      if (legacy === null || (!mayBeLost && rows.places.every(({ byRow }) => (byRow[row] ?? []).length === 0))) return []
      const seen = destinations.map((each) => lookAt(own, each, row))
      if (seen.includes('arrived')) return []
      const found = seen.find((each) => each !== undefined && each !== 'arrived')
      // Rows that are shared out are here or there.
      const isElsewhere =
        found === undefined &&
        destination.transform.kind !== 'unknown' &&
        (destinations.some(({ absent }) => absent?.value === legacy) ||
          others.some((each) => lookAt({ ...given, recodes: new Map() }, each, row) === 'arrived'))
      return isElsewhere ? [] : [{ row, legacy, found }]
    })
    return missing.length === 0 ? [] : [findingOf(given, destination, missing)]
  })
}

function lookAt(given: AttributeCase, destination: Destination, row: number): 'arrived' | Missing['found'] {
  const { rows, type } = given
  const legacy = legacyCell(given, row) ?? ''
  const fates = fatesOf(given, destination, row)
  const types = { legacy: type, migrated: destination.columns[0]?.type ?? type }
  // Where rows did not bear out the transform that is declared, an equal value did not come by it.
  const isRefuted = destination.transform.kind === 'unknown' && destination.declared?.transform !== undefined
  const arrived = fates.some(
    ({ fate }) => !isRefuted && (fate.fate === 'kept' || arrivesAltered(destination, legacy, fate.migrated, types)),
  )
  if (arrived) return 'arrived'
  const [first] = fates
  if (first === undefined) return undefined
  if (first.fate.fate === 'altered') return { migrated: first.fate.migrated, alteration: first.fate.alteration }
  return { migrated: cellAt(rows, destination, row), alteration: 'rewritten' }
}

function cellAt(rows: Recaptured, destination: Destination, row: number): string | null {
  const place = rows.places.find((each) => each.place.relation === destination.relation)
  const [column] = destination.columns
  const [match] = place?.byRow[row] ?? []
  return place === undefined || column === undefined || match === undefined
    ? null
    : (place.table.rows[match]?.[columnIndex(place.table, column)] ?? null)
}

function findingOf(
  { knowledge, lineage, rows, learned, type }: AttributeCase,
  destination: Destination,
  missing: readonly Missing[],
): Finding {
  const { attribute } = learned
  const isWrong = destination.transform.kind === 'unknown'
  const severityOf = ({ found, legacy }: Missing) => (isWrong || found === undefined ? 'error' : weigh(found.alteration, legacy, type))
  const first = missing.find((each) => each.found !== undefined && severityOf(each) === 'error') ?? missing[0]
  const { to = '', transform } = destination.declared ?? {}
  const subject = `${lineage.relation}.${attribute}`
  const legacy = first?.legacy ?? null
  const shown =
    first?.found === undefined
      ? `no row there is that of ${showCell(legacy)}`
      : `${showCell(legacy)} is ${showCell(first.found.migrated)} there`
  return {
    invariant: 'zero-loss',
    kind: first?.found === undefined ? 'cell-lost' : 'cell-altered',
    severity: first === undefined ? 'error' : severityOf(first),
    known: 'observed',
    relation: lineage.relation,
    attribute,
    object: to,
    ...(first?.found === undefined ? {} : { alteration: first.found.alteration }),
    ...knowledge.locate(lineage.relation, attribute),
    message: `${shownName(subject)} is declared to go to ${shownName(to)}${transform === undefined ? '' : ` (${transform})`}, but its values are not there: ${shown} (${missing.length} of ${rows.legacy.rows.length} rows)`,
    evidence: {
      ...(first?.found === undefined ? {} : { alteration: first.found.alteration, migrated: first.found.migrated }),
      declared: to,
      legacy,
      cells: missing.length,
      rows: rows.legacy.rows.length,
      ...(first === undefined ? {} : { row: showRow(rows.legacy, first.row) }),
    },
    hint: 'Correct the mapping in the contract, or copy the values there; where others stand for them, say so: transform: "recoded".',
  }
}
