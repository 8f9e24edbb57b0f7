import type { FindingResult } from '../../result/index.ts'
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
} from '../evidence-shapes.ts'
import { shorten } from '../visible-text.ts'
import { DataTable, Value } from './data-table.tsx'

const shownItems = 12
const longestJson = 2_000

/** Shown elsewhere in a finding, or only of use to programs. */
const elsewhere = new Set(['statement'])

/** The pairs of names under which evidence has a value before and after. */
const pairs = [
  ['before', 'after'],
  ['legacy', 'migrated'],
] as const

/** Rows before and after side by side, rows as tables, single values as a list; it goes by shape, as the Markdown report does. */
export function EvidencePart({ finding: { evidence, relation, attribute } }: { readonly finding: FindingResult }) {
  const pair = pairs.find(([before, after]) => before in evidence && after in evidence)
  const left = new Set<string>([...elsewhere, ...(pair ?? [])])
  const rest = Object.entries(evidence).filter(([key, value]) => !left.has(key) && value !== null && value !== undefined)
  const single = rest.filter(([, value]) => isScalar(value) || isScalars(value))
  const structured = rest.filter(([, value]) => !isScalar(value) && !isScalars(value))
  if (pair === undefined && rest.length === 0) return null
  return (
    <div class="evidence">
      {pair !== undefined && <Sides before={evidence[pair[0]]} after={evidence[pair[1]]} names={namesOf(evidence, relation, attribute)} />}
      {structured.map(([key, value]) => (
        <Structure key={key} name={key} value={value} />
      ))}
      {single.length > 0 && (
        <details data-print="closed">
          <summary>Details</summary>
          <dl>
            {single.map(([key, value]) => (
              <div key={key}>
                <dt>{spoken(key)}</dt>
                <dd>
                  <Scalars value={value} />
                </dd>
              </div>
            ))}
          </dl>
        </details>
      )}
    </div>
  )
}

/** `items.total before`, `orders.total_cents after`: of what the two values are. */
function namesOf({ destination }: JsonRecord, relation: string | null, attribute: string | null): readonly [string, string] {
  const from = attribute === null ? '' : `${relation === null ? '' : `${relation}.`}${attribute} `
  return [`${from}before`, `${typeof destination === 'string' ? `${destination} ` : ''}after`]
}

/** What evidence is called in words, where its name is not that. */
const words: Readonly<Record<string, string>> = { examples: 'rows that show it', row: 'the row that shows it', rows: 'rows' }

/** `passedWithRows` as words. */
function spoken(key: string): string {
  const known = Object.hasOwn(words, key) ? words[key] : undefined
  if (known !== undefined) return known
  return key.replaceAll(/([a-z])([A-Z])/g, (_, last: string, first: string) => `${last} ${first.toLowerCase()}`)
}

function Scalars({ value }: { readonly value: unknown }) {
  if (!Array.isArray(value)) return <Value value={value} />
  return (
    <>
      {value.length === 0 && 'none'}
      {value.slice(0, shownItems).map((item, index) => (
        <span key={index}>
          {index > 0 && ', '}
          <Value value={item} />
        </span>
      ))}
      {value.length > shownItems && ` and ${value.length - shownItems} more`}
    </>
  )
}

/** One value or one row, before and after. */
function Sides(props: { readonly before: unknown; readonly after: unknown; readonly names: readonly [string, string] }) {
  const { before, after, names: sides } = props
  if (isRecord(before) && isRecord(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])]
    const side = (row: JsonRecord, name: string) => (Object.hasOwn(row, name) ? row[name] : undefined)
    return (
      <DataTable
        label="Before and after"
        columns={['column', 'before', 'after']}
        rows={names.map((name) => [{ name }, { value: side(before, name) }, { value: side(after, name) }])}
        marked={names.map((name) => JSON.stringify(side(before, name)) !== JSON.stringify(side(after, name)))}
      />
    )
  }
  if (!isScalar(before) || !isScalar(after))
    return (
      <>
        <Structure name="before" value={before} />
        <Structure name="after" value={after} />
      </>
    )
  return <DataTable label="Before and after" columns={sides} rows={[[{ value: before }, { value: after }]]} marked={[true]} />
}

function Structure({ name, value }: { readonly name: string; readonly value: unknown }) {
  const label = spoken(name)
  if (isRelationRows(value)) return <Rows label={label} columns={value.attributes} rows={value.rows} />
  if (isArrayOf(value, isRowDifference)) return <Differences label={label} rows={value} />
  if (isRowDifference(value)) return <Differences label={label} rows={[value]} />
  if (isArrayOf(value, isFlatRecord)) {
    const columns = [...new Set(value.flatMap((row) => Object.keys(row)))]
    return <Rows label={label} columns={columns} rows={value.map((row) => columns.map((column) => row[column]))} />
  }
  if (isFlatRecord(value)) return <Rows label={label} columns={Object.keys(value)} rows={[Object.values(value)]} />
  return (
    <details>
      <summary>{label}</summary>
      <pre>
        <code>{shorten(JSON.stringify(value, null, 2) ?? String(value), longestJson)}</code>
      </pre>
    </details>
  )
}

function Rows(props: { readonly label: string; readonly columns: readonly string[]; readonly rows: readonly (readonly unknown[])[] }) {
  const { label, columns, rows } = props
  return <DataTable label={label} columns={columns} rows={rows.map((row) => columns.map((_, index) => ({ value: row[index] })))} />
}

/** Cells that changed, before and after. */
function Differences({ label, rows }: { readonly label: string; readonly rows: readonly RowDifference[] }) {
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row.key)))]
  const lines = rows.flatMap((row) => {
    const key = keys.map((name) => ({ value: row.key[name] }))
    if (row.cells.length === 0) return [[...key, { name: row.change }, { name: '' }, { value: undefined }, { value: undefined }]]
    return row.cells.map((cell) => [...key, { name: row.change }, { name: cell.attribute }, { value: cell.before }, { value: cell.after }])
  })
  return <DataTable label={label} columns={[...keys, 'change', 'column', 'before', 'after']} rows={lines} />
}
