import type { Attribute } from '../../catalog/index.ts'
import { columnName, showCell } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding } from '../../result/index.ts'
import { type AttributeCase, legacyCell } from './cases.ts'
import { fatesOf, showRow } from './fates.ts'

/**
 * A generated attribute holds nothing of its own, so it is not lost as long as its sources are there. Where one of its name is computed
 * otherwise after `up`, rows that were written long ago show another value: a warning, whether or not `down` computes the old one again.
 */
export function judgeGenerated(given: AttributeCase, attribute: Attribute): Finding | undefined {
  const { run, knowledge, lineage, rows } = given
  const home = lineage.home
  const now =
    home === undefined ? undefined : run.migrated?.catalog.relations.get(home)?.attributes.find(({ name }) => name === attribute.name)
  if (home === undefined || now === undefined) return undefined
  if (now.generated !== undefined && now.default === attribute.default && now.type === attribute.type) return undefined
  const column = { attribute: now.name, json: [], type: now.type }
  const destination = { relation: home, columns: [column], transform: { kind: 'identical' }, own: true } as const
  const changed = rows.legacy.rows.flatMap((_, row) =>
    fatesOf(given, destination, row).flatMap(({ fate }) => (fate.fate === 'altered' ? [{ row, fate }] : [])),
  )
  const [first] = changed
  if (first === undefined) return undefined
  const subject = `${lineage.relation}.${attribute.name}`
  const legacy = legacyCell(given, first.row)
  return {
    invariant: 'zero-loss',
    kind: 'cell-altered',
    severity: 'warning',
    known: 'observed',
    relation: lineage.relation,
    attribute: attribute.name,
    ...knowledge.locate(lineage.relation, attribute.name),
    alteration: first.fate.alteration,
    message: `${shownName(subject)} is computed in another way: ${showCell(legacy)} became ${showCell(first.fate.migrated)} (${changed.length} of ${rows.legacy.rows.length} rows)`,
    evidence: {
      alteration: first.fate.alteration,
      legacy,
      migrated: first.fate.migrated,
      cells: changed.length,
      rows: rows.legacy.rows.length,
      row: showRow(rows.legacy, first.row),
      destination: `${home}.${columnName(column)}`,
      expression: { before: attribute.default ?? null, after: now.default ?? null },
    },
    hint: 'Rows that were written before show the new value too. Keep the old expression for them, or store the old values in a column of their own.',
  }
}
