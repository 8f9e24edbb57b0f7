import type { Catalog } from '../catalog/index.ts'
import type { RelationRows } from '../snapshot/index.ts'
import type { Column } from './model.ts'

/** A relation's rows by column, JSON documents taken apart to their leaves beside the whole cell. */
export interface ColumnTable {
  readonly relation: string
  readonly columns: readonly Column[]
  readonly rows: readonly (readonly (string | null)[])[]
  /** Rows before this width are attributes, behind it JSON leaves. */
  readonly width: number
}

const maximumDepth = 4
const maximumLeaves = 80

/** Take one relation's rows apart into columns; `undefined` when the state does not hold its rows. */
export function columnsOf(catalog: Catalog, rows: ReadonlyMap<string, RelationRows>, path: string): ColumnTable | undefined {
  const plain = plainColumnsOf(catalog, rows, path)
  if (plain === undefined) return undefined
  const { width, rows: held } = plain
  const columns = [...plain.columns]
  const documents = columns.map((column, index) => ({ column, index })).filter(({ column }) => isJson(column.type))
  if (documents.length === 0) return plain
  const leaves = new Map<string, { readonly column: Column; readonly index: number }>()
  const parsed = held.map((row) => documents.map(({ column, index }) => leavesOf(row[index] ?? null, column, leaves, width)))
  const all = [...leaves.values()]
  for (const { column } of all) columns.push(column)
  const wide = held.map((row, at) => {
    const found = new Map(parsed[at]?.flatMap((each) => [...each]))
    return [...row, ...all.map(({ index }) => found.get(index) ?? null)]
  })
  return { relation: path, columns, rows: wide, width }
}

/** One relation's rows by attribute, JSON documents whole. */
export function plainColumnsOf(catalog: Catalog, rows: ReadonlyMap<string, RelationRows>, path: string): ColumnTable | undefined {
  const held = rows.get(path)
  if (held === undefined) return undefined
  const types = new Map(catalog.relations.get(path)?.attributes.map((each) => [each.name, each.type]))
  const columns = held.attributes.map((attribute): Column => ({ attribute, json: [], type: types.get(attribute) ?? 'text' }))
  return { relation: path, columns, rows: held.rows, width: columns.length }
}

/** `notes`, or `data->address->city` for a leaf of a document. */
export function columnName(column: Column): string {
  return [column.attribute, ...column.json].join('->')
}

export function isJson(type: string): boolean {
  return type === 'json' || type === 'jsonb'
}

function leavesOf(
  cell: string | null,
  column: Column,
  known: Map<string, { readonly column: Column; readonly index: number }>,
  width: number,
) {
  const found = new Map<number, string>()
  if (cell === null) return found
  let document: unknown
  try {
    document = JSON.parse(cell)
  } catch {
    return found
  }
  const visit = (value: unknown, path: readonly string[]) => {
    if (typeof value === 'object' && value !== null && !Array.isArray(value) && path.length < maximumDepth) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key])
      return
    }
    if (path.length === 0 || value === null) return
    const name = JSON.stringify([column.attribute, ...path])
    const leaf = known.get(name) ?? {
      column: { attribute: column.attribute, json: path, type: leafType(value) },
      index: width + known.size,
    }
    if (!known.has(name) && known.size >= maximumLeaves) return
    known.set(name, leaf)
    found.set(leaf.index, typeof value === 'string' ? value : JSON.stringify(value))
  }
  visit(document, [])
  return found
}

function leafType(value: unknown): string {
  if (typeof value === 'number') return 'numeric'
  if (typeof value === 'boolean') return 'boolean'
  return typeof value === 'string' ? 'text' : 'jsonb'
}
