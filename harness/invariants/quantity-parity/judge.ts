import type { Destination, Knowledge, RelationLineage } from '../../lineage/index.ts'
import {
  columnIndex,
  columnName,
  isNumeric,
  isPlausible,
  keyOf,
  numberKey,
  recapture,
  showCell,
  sumKey,
  tablesOf,
} from '../../lineage/index.ts'
import type { Finding, Verdict } from '../../result/index.ts'
import type { MeasureReading, RunObservation } from '../../run/index.ts'
import type { Invariant } from '../invariant.ts'
import { rules } from './rules.ts'

/**
 * Each declared measure is equal before and after, per key and in total, in exact decimal arithmetic; so is, without being declared, a
 * numeric attribute that lineage shows copied into another relation: for each legacy row, the sum of the copies.
 *
 * Kind: `difference`. Rows that were moved and not copied are not counted; nor are aggregates.
 */
export const quantityParity: Invariant = {
  id: 'quantity-parity',
  holds: 'declared measures, and numbers that are copied, are equal before and after, exactly',
  rules,
  looks: { everyRun: ['up'] },
  judge(run: RunObservation, knowledge: Knowledge): Verdict {
    const saw = { relations: 0, rows: 0, cells: 0, runs: 1 }
    if (run.migrated === undefined) return { outcome: 'unknown', because: 'up failed on these rows', saw: { ...saw, runs: 0 } }
    const findings: Finding[] = []
    for (const measure of run.measures) {
      saw.cells += measure.before.size
      saw.rows += measure.before.size
      const finding = compareMeasure(measure)
      if (finding !== undefined) findings.push(finding)
    }
    const declared = new Set(run.measures.map(({ relation, attribute }) => `${relation}.${attribute}`))
    const migrated = tablesOf(run.migrated)
    for (const [path] of run.legacy.rows) {
      const lineage = knowledge.lineage?.relations.get(path)
      const catalog = run.legacy.catalog.relations.get(path)
      if (lineage === undefined || catalog === undefined) continue
      const soft = knowledge.softReferences.flatMap(({ from, to }) => [from, to]).filter((each) => each.relation === path)
      const keys = new Set([
        ...soft.map((each) => each.attribute),
        ...keyOf(catalog),
        ...catalog.constraints.filter((each) => each.kind === 'foreign-key' || each.kind === 'unique').flatMap((each) => each.attributes),
      ])
      const numeric = catalog.attributes.filter((each) => isNumeric(each.type) && !keys.has(each.name) && each.generated === undefined)
      const rows = numeric.length === 0 ? undefined : recapture(run, lineage, migrated)
      if (rows === undefined || rows.legacy.rows.length === 0) continue
      saw.relations += 1
      for (const attribute of numeric) {
        if (declared.has(`${path}.${attribute.name}`)) continue
        const index = rows.legacy.columns.findIndex((column) => column.attribute === attribute.name && column.json.length === 0)
        for (const destination of lineage.attributes.get(attribute.name)?.destinations ?? []) {
          const column = destination.columns[0]
          const place = rows.places.find((each) => each.place.relation === destination.relation)
          if (
            destination.own ||
            column === undefined ||
            column.via !== undefined ||
            place === undefined ||
            place.place.identity.length === 0 ||
            place.place.shared === true
          )
            continue
          if (
            !['identical', 'same-value', 'rounded'].includes(destination.transform.kind) ||
            place.place.exclusive === true ||
            place.place.merges
          )
            continue
          if (isLookedUp(run, lineage, attribute.name, destination)) continue
          const copied = place.place.relation !== lineage.home
          const at = columnIndex(place.table, column)
          const differing = rows.legacy.rows.flatMap((row, position) => {
            const matches = place.byRow[position] ?? []
            if (matches.length === 0 && !copied) return []
            const cell = row[index] ?? null
            saw.cells += 1
            const sum = sumKey(matches.map((match) => place.table.rows[match]?.[at] ?? null))
            return sum === sumKey([cell]) || (cell !== null && numberKey(cell) === undefined)
              ? []
              : [{ position, cell, matches: matches.length, sum }]
          })
          saw.rows += rows.legacy.rows.length
          const first = differing.find(({ cell }) => isPlausible(cell, attribute.type)) ?? differing[0]
          if (first === undefined) continue
          const target = `${destination.relation}.${columnName(column)}`
          findings.push({
            invariant: 'quantity-parity',
            kind: 'difference',
            severity: isPlausible(first.cell, attribute.type) ? 'error' : 'warning',
            known: 'observed',
            relation: path,
            attribute: attribute.name,
            ...knowledge.locate(path, attribute.name, ['copy']),
            message: `${path}.${attribute.name} is ${showCell(first.cell)} before, but ${first.matches === 0 ? 'not copied' : `${first.matches} rows sum up otherwise`} in ${target} (${differing.length} of ${rows.legacy.rows.length} rows)`,
            evidence: {
              legacy: first.cell,
              copies: first.matches,
              differing: differing.length,
              rows: rows.legacy.rows.length,
              destination: target,
              row: Object.fromEntries(
                rows.legacy.columns
                  .slice(0, rows.legacy.width)
                  .map((each, i) => [each.attribute, rows.legacy.rows[first.position]?.[i] ?? null]),
              ),
            },
            hint: 'Copy every row whose quantity counts, once; a filter or a join in the copy changes the total.',
            shown: { beside: [destination.relation] },
          })
        }
      }
    }
    const [first, ...rest] = findings
    if (first !== undefined) return { outcome: 'violated', findings: [first, ...rest], saw }
    if (saw.cells === 0) return { outcome: 'not-applicable', because: 'no measure is declared and no numeric attribute is copied' }
    return { outcome: 'holds', saw }
  },
}

/**
 * Whether the quantity stays where it is and is noted beside rows that were there before: of another relation (a look-up, no stock that
 * moves), or of its own (a balance, worked out of it).
 */
function isLookedUp(run: RunObservation, lineage: RelationLineage, attribute: string, destination: Destination): boolean {
  const stays = lineage.attributes
    .get(attribute)
    ?.destinations.some((each) => each.own && each.assumed !== true && each.transform.kind === 'identical')
  const oid = run.migrated?.catalog.relations.get(destination.relation)?.oid
  const beside = [...run.legacy.catalog.relations].some(([path, each]) => path !== lineage.relation && each.oid === oid)
  return stays === true && (beside || own(run, lineage) === oid)
}

function own(run: RunObservation, { relation }: RelationLineage): number | undefined {
  return run.legacy.catalog.relations.get(relation)?.oid
}

function compareMeasure(measure: MeasureReading): Finding | undefined {
  const keys = [...new Set([...measure.before.keys(), ...measure.after.keys()])].sort()
  const differing = keys.filter((key) => amount(measure.before.get(key)) !== amount(measure.after.get(key)))
  const total = [sumKey([...measure.before.values()]), sumKey([...measure.after.values()])]
  const key = differing[0]
  if (key === undefined && total[0] === total[1]) return undefined
  return {
    invariant: 'quantity-parity',
    kind: 'difference',
    severity: 'error',
    known: 'observed',
    relation: measure.relation,
    attribute: measure.attribute,
    object: measure.name,
    message: `${measure.name}: ${key === undefined || key === '' ? 'the total' : `key ${showCell(key)}`} is ${showCell(measure.before.get(key ?? ''))} before and ${showCell(measure.after.get(key ?? ''))} after (${differing.length} of ${keys.length} keys differ)`,
    evidence: {
      measure: measure.name,
      key: key ?? null,
      before: measure.before.get(key ?? '') ?? null,
      after: measure.after.get(key ?? '') ?? null,
      differing: differing.length,
      keys: keys.length,
    },
    hint: 'The measure counts each key once on either side; look for rows that the copy skips or doubles.',
    shown: { measure: measure.name },
  }
}

/** A key that is absent and one without a value are the same amount: none. What is no finite number is compared as text. */
function amount(value: string | null | undefined): string {
  return value === null || value === undefined ? sumKey([]) : (numberKey(value) ?? value)
}
