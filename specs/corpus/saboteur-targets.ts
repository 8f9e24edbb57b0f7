import type { Relation } from '../../harness/catalog/index.ts'
import { isDiscarded, isReversible, type Lineage } from '../../harness/lineage/index.ts'
import type { Column } from '../../harness/lineage/model.ts'
import { recapture, tablesOf } from '../../harness/lineage/recapture.ts'
import type { Subject } from '../../harness/lineage/subject.ts'
import type { RunObservation } from '../../harness/run/index.ts'

/** A migrated row that pairs with legacy rows. */
export interface RowTarget {
  /** Path of the migrated relation. */
  readonly relation: string
  /** Its position in the order in which rows are read. */
  readonly row: number
  /** Of the legacy relation's identity there: the columns that tell its rows apart. */
  readonly identity: readonly string[]
  /** What of the legacy row would be nowhere else without it: attributes that are not NULL. */
  readonly only: readonly string[]
  readonly learned: Learned
}

/** What lineage knows of the spoilt attributes. */
export interface Learned {
  /** Kinds of all transforms of theirs. */
  readonly transforms: readonly string[]
  /** By what the rows of the place are told apart, and the columns that are spoilt. */
  readonly identity: readonly string[]
  readonly columns: readonly string[]
}

/** A migrated cell that holds a legacy one. */
export interface CellTarget {
  readonly relation: string
  readonly row: number
  readonly column: string
  readonly type: string
  readonly cell: string | null
  /** Path of the legacy attribute. */
  readonly legacy: string
  /** Whether the legacy cell stands at another destination too. */
  readonly copied: boolean
  readonly learned: Learned
}

/** All that is legacy's in the migrated state of a run, as lineage has it. */
export function targetsOf(
  subject: Subject,
  run: RunObservation,
): { readonly rows: readonly RowTarget[]; readonly cells: readonly CellTarget[] } {
  const { migrated } = run
  const lineage: Lineage | undefined = subject.knowledge.lineage
  const rows: RowTarget[] = []
  const cells: CellTarget[] = []
  if (migrated === undefined || lineage === undefined) return { rows, cells }
  const tables = tablesOf(migrated)
  for (const [path, learned] of lineage.relations) {
    const legacy = run.legacy.catalog.relations.get(path)
    const found = recapture(run, learned, tables)
    if (legacy === undefined || found === undefined || isDiscarded(subject.knowledge, path)) continue
    const matches = (relation: string, at: number) => found.places.find(({ place }) => place.relation === relation)?.byRow[at] ?? []
    const judged = legacy.attributes.filter((each) => each.generated === undefined && !isDiscarded(subject.knowledge, path, each.name))
    const destinations = judged.flatMap(({ name }) => (learned.attributes.get(name)?.destinations ?? []).map((each) => ({ ...each, name })))
    const legacyCell = (name: string, at: number) =>
      found.legacy.rows[at]?.[found.legacy.columns.findIndex((each) => each.attribute === name && each.json.length === 0)] ?? null
    const learnedOf = (names: readonly string[], relation: string): Learned => {
      const here = destinations.filter((each) => each.relation === relation && names.includes(each.name))
      const columns = new Set(here.flatMap((each) => each.columns.map(({ attribute }) => attribute)))
      return {
        transforms: destinations.filter((each) => names.includes(each.name)).map((each) => each.transform.kind),
        identity:
          found.places.find(({ place }) => place.relation === relation)?.place.identity.map((each) => each.migrated.attribute) ?? [],
        columns: [...columns],
      }
    }
    /** By chance too: a lower-case copy of what is in lower case is the cell. */
    const equals = (relation: string, column: Column, name: string, at: number) => {
      const table = tables.get(relation)
      const index =
        table?.columns.findIndex((each) => each.attribute === column.attribute && each.json.length === 0 && each.via === undefined) ?? -1
      return column.json.length === 0 && matches(relation, at).some((row) => table?.rows[row]?.[index] === legacyCell(name, at))
    }
    const held = (name: string, at: number, but: (relation: string, column: Column) => boolean) =>
      destinations.some(
        (each) =>
          each.name === name &&
          each.assumed !== true &&
          (isReversible(each.transform) || each.columns.some((column) => equals(each.relation, column, name, at))) &&
          matches(each.relation, at).length > 0 &&
          !each.columns.some((column) => but(each.relation, column)),
      )
    for (const { place, byRow } of found.places) {
      const target = migrated.catalog.relations.get(place.relation)
      if (target === undefined || !isWritable(target)) continue
      byRow.forEach((list, at) => {
        for (const row of list) {
          const only = judged.filter(
            ({ name }) =>
              legacyCell(name, at) !== null &&
              !held(name, at, (relation, column) => relation === place.relation || column.via?.relation === place.relation),
          )
          rows.push({
            relation: place.relation,
            row,
            identity: place.identity.map((each) => each.migrated.attribute),
            only: only.map((each) => each.name),
            learned: learnedOf(
              only.map((each) => each.name),
              place.relation,
            ),
          })
          for (const each of destinations.filter((each) => each.relation === place.relation)) {
            const [column] = each.columns
            const index = target.attributes.findIndex(({ name }) => name === column?.attribute)
            const attribute = target.attributes[index]
            if (
              column === undefined ||
              column.json.length > 0 ||
              column.via !== undefined ||
              attribute?.generated !== undefined ||
              index < 0
            )
              continue
            cells.push({
              relation: place.relation,
              row,
              column: column.attribute,
              type: attribute?.type ?? column.type,
              cell: migrated.rows.get(place.relation)?.rows[row]?.[index] ?? null,
              legacy: `${path}.${each.name}`,
              learned: learnedOf([each.name], place.relation),
              copied: held(each.name, at, (relation, other) => relation === place.relation && other.attribute === column.attribute),
            })
          }
        }
      })
    }
  }
  return { rows, cells }
}

function isWritable(relation: Relation): boolean {
  return relation.kind === 'table' || relation.kind === 'partitioned-table'
}
