import { shorten } from '../visible-text.ts'
import { Scroll } from './scroll.tsx'

/** A cell: a name of ours or of the schema, or a value of a row. */
export type Cell = { readonly name: string } | { readonly value: unknown }

const shownRows = 12
const shownColumns = 24
const longestValue = 200

/** A table of data, in a region that scrolls by itself where it is too wide. */
export function DataTable(props: {
  readonly label: string
  readonly columns: readonly string[]
  readonly rows: readonly (readonly Cell[])[]
  /** Which rows have changed. */
  readonly marked?: readonly boolean[]
}) {
  const { label, columns, rows, marked } = props
  const hiddenColumns = columns.length - shownColumns
  return (
    <Scroll label={label}>
      <table class="data">
        <caption>{label}</caption>
        <thead>
          <tr>
            {columns.slice(0, shownColumns).map((column, index) => (
              <th key={index} scope="col">
                {column}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.slice(0, shownRows).map((row, at) => (
            <tr key={at} class={marked?.[at] === true ? 'changed' : undefined}>
              {row.slice(0, shownColumns).map((cell, index) => (
                <td key={index}>{'name' in cell ? cell.name : <Value value={cell.value} />}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {rows.length > shownRows && <p class="muted">{rows.length - shownRows} more rows are in results.json.</p>}
      {hiddenColumns > 0 && <p class="muted">{hiddenColumns} more columns are in results.json.</p>}
    </Scroll>
  )
}

/** A value: NULL and the empty text look different from the texts "NULL" and "". */
export function Value({ value }: { readonly value: unknown }) {
  if (value === undefined) return null
  if (value === null) return <em class="null">NULL</em>
  if (value === '') return <em class="null">empty text</em>
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value))
  return <code>{shorten(text, longestValue)}</code>
}
