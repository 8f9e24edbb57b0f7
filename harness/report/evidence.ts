import {
  isArrayOf,
  isFlatRecord,
  isRecord,
  isRelationRows,
  isRowDifference,
  isScalar,
  isScalars,
  type JsonRecord,
  type RowDifference,
} from './evidence-shapes.ts'
import { cell, code, fence, type Markdown, table } from './markdown-text.ts'
import { shorten } from './visible-text.ts'

const shownRows = 20
const shownColumns = 24

/**
 * Evidence as something to read: rows become small tables, cells that changed stand as before and after, single values a list.
 *
 * It goes by shape, not by invariant, so that a new invariant needs nothing here; what fits no shape stands as JSON.
 *
 * @returns Blocks of Markdown, in the order of the evidence's keys.
 */
export function renderEvidence(evidence: JsonRecord): readonly Markdown[] {
  const entries = Object.entries(evidence)
  const single = entries.filter(([, value]) => isScalar(value) || isScalars(value))
  const blocks: Markdown[] = single.length === 0 ? [] : [single.map(([key, value]) => `- ${code(key)}: ${scalars(value)}`).join('\n')]
  if (isRecord(evidence.before) && isRecord(evidence.after)) blocks.push(beforeAndAfter(evidence.before, evidence.after))
  for (const [key, value] of entries) {
    if (isScalar(value) || isScalars(value)) continue
    if ((key === 'before' || key === 'after') && isRecord(evidence.before) && isRecord(evidence.after)) continue
    blocks.push(`${code(key)}:`, structure(value))
  }
  return blocks
}

function structure(value: unknown): Markdown {
  if (isRelationRows(value)) return rowsTable(value.attributes, value.rows)
  if (isArrayOf(value, isRowDifference)) return differences(value)
  if (isArrayOf(value, isFlatRecord)) {
    const columns = [...new Set(value.flatMap((row) => Object.keys(row)))]
    return rowsTable(
      columns,
      value.map((row) => columns.map((column) => row[column])),
    )
  }
  if (isRowDifference(value)) return differences([value])
  if (isFlatRecord(value)) return rowsTable(Object.keys(value), [Object.values(value)])
  return fence(shorten(JSON.stringify(value, null, 2) ?? String(value), 4_000), 'json')
}

function beforeAndAfter(before: JsonRecord, after: JsonRecord): Markdown {
  const attributes = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const rows = attributes.map((attribute) => [code(attribute), held(before, attribute), held(after, attribute)])
  return table(['attribute', 'before', 'after'], rows)
}

/** An attribute that one side does not have is blank there; one that is NULL says so. */
function held(row: JsonRecord, attribute: string): Markdown {
  return Object.hasOwn(row, attribute) ? cell(row[attribute]) : ''
}

function differences(rows: readonly RowDifference[]): Markdown {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row.key)))].slice(0, shownColumns)
  const lines = rows.flatMap((row) => {
    const key = keys.map((attribute) => held(row.key, attribute))
    if (row.cells.length === 0) return [[...key, row.change, '', '', '']]
    return row.cells.map((one) => [...key, row.change, code(one.attribute), cell(one.before), cell(one.after)])
  })
  return limited([...keys.map((key) => code(key)), 'change', 'attribute', 'before', 'after'], lines)
}

function rowsTable(columns: readonly string[], rows: readonly (readonly unknown[])[]): Markdown {
  if (columns.length === 0) return '(no attributes)'
  const shown = columns.slice(0, shownColumns)
  const hidden = columns.length - shown.length
  const lines = rows.map((row) => shown.map((_, index) => (row[index] === undefined ? '' : cell(row[index]))))
  const result = limited(
    shown.map((column) => code(column)),
    lines,
  )
  return hidden === 0 ? result : `${result}\n\n${hidden} more attributes are in results.json.`
}

function limited(header: readonly Markdown[], rows: readonly (readonly Markdown[])[]): Markdown {
  const result = table(header, rows.slice(0, shownRows))
  return rows.length <= shownRows ? result : `${result}\n\n${rows.length - shownRows} more rows are in results.json.`
}

function scalars(value: unknown): Markdown {
  if (!Array.isArray(value)) return cell(value)
  if (value.length === 0) return 'none'
  const more = value.length - shownRows
  const shown = value.slice(0, shownRows).map((item) => cell(item))
  return more > 0 ? `${shown.join(', ')} and ${more} more` : shown.join(', ')
}
