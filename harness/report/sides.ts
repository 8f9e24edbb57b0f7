import type { FindingResult } from '../result/index.ts'
import { isFlatRecord, isRecord, isScalar, type JsonRecord } from './evidence-shapes.ts'
import { cell, code, type Markdown, table } from './markdown-text.ts'

/** The row that shows a finding, before and after side by side, and what of the evidence stands in it. */
export interface Sides {
  readonly table: Markdown
  /** Keys of the evidence that need not be shown again. */
  readonly shown: ReadonlySet<string>
}

const shownColumns = 24
const pairs = [
  ['before', 'after'],
  ['legacy', 'migrated'],
] as const

/**
 * One row before and after, by the shape of the evidence: a value with its row, a row that is lost, or two records.
 *
 * What is not known of a side is blank there. Undefined where the evidence has no row and no value.
 */
export function sidesOf(finding: FindingResult): Sides | undefined {
  const { evidence } = finding
  return ofRecords(evidence) ?? ofValue(finding) ?? ofLostRow(evidence)
}

function ofRecords({ before, after }: JsonRecord): Sides | undefined {
  if (!isRecord(before) || !isRecord(after)) return undefined
  const columns = [...new Set([...Object.keys(before), ...Object.keys(after)])]
  const rows = columns.map((column) => [code(column), held(before, column), held(after, column)])
  return sides(rows, ['before', 'after'])
}

function ofValue({ evidence, attribute }: FindingResult): Sides | undefined {
  const pair = pairs.find(([before]) => Object.hasOwn(evidence, before) && isScalar(evidence[before]))
  if (pair === undefined) return undefined
  const [before, after] = pair
  const destination = typeof evidence.destination === 'string' ? `${code(evidence.destination)}: ` : ''
  const value = isScalar(evidence[after])
    ? [cell(evidence[before]), Object.hasOwn(evidence, after) ? `${destination}${cell(evidence[after])}` : 'in no column']
    : undefined
  if (value === undefined) return undefined
  const row = isFlatRecord(evidence.row) ? evidence.row : {}
  const others = Object.keys(row).filter((column) => column !== attribute)
  const name = attribute ?? (typeof evidence.property === 'string' ? evidence.property : 'value')
  return sides(
    [[code(name), ...value], ...others.map((column) => [code(column), held(row, column), ''])],
    [before, after, 'destination', ...(row === evidence.row ? ['row'] : [])],
  )
}

function ofLostRow(evidence: JsonRecord): Sides | undefined {
  if (typeof evidence.lost !== 'number' || evidence.lost === 0) return undefined
  const key = ['example', 'examples'].find((each) => Object.hasOwn(evidence, each))
  const value = key === undefined ? undefined : evidence[key]
  const row = Array.isArray(value) ? value[0] : value
  if (key === undefined || !isFlatRecord(row)) return undefined
  const rows = Object.keys(row).map((column) => [code(column), held(row, column), 'no row'])
  // Further examples are rows of their own.
  return sides(rows, Array.isArray(value) && value.length > 1 ? [] : [key])
}

function sides(rows: readonly (readonly Markdown[])[], shown: readonly string[]): Sides {
  return { table: table(['column', 'before', 'after'], rows.slice(0, shownColumns)), shown: new Set(shown) }
}

function held(row: JsonRecord, column: string): Markdown {
  return Object.hasOwn(row, column) ? cell(row[column]) : ''
}
