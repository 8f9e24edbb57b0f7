import wrapAnsi from 'wrap-ansi'
import type { FindingResult } from '../result/index.ts'
import { placeOf, subjectOf } from './severity.ts'
import { visibleText } from './visible-text.ts'

export type Excerpts = (file: string, line: number) => string | undefined

/** How findings are laid out. */
export interface Layout {
  /** Columns that a line may take; infinite in a pipe, where nothing is wrapped. */
  readonly columns: number
  /** Folder that places are told from: a reader knows what was verified. */
  readonly base: string
  /** A line of a file, where its text is known. */
  readonly excerpt?: Excerpts | undefined
  readonly paint: { readonly severity: (text: string) => string; readonly dim: (text: string) => string }
}

const longestExcerpt = 200

/**
 * One finding: the sentence first, wrapped; where it is, with the line of SQL and a caret under the column or table that it is about; what
 * to do; how many findings follow from it.
 *
 * @param following  Findings that follow from it.
 */
export function findingLines(finding: FindingResult, following: number, layout: Layout): readonly string[] {
  const { columns, paint } = layout
  const label = finding.severity.padEnd(7)
  const indent = ' '.repeat(label.length + 4)
  const [first = '', ...more] = wrapped(sentence(finding), columns - indent.length)
  const about = [placeIn(finding, layout.base), finding.invariant].filter((part) => part !== undefined).join('  ')
  return [
    `  ${paint.severity(label)}  ${first}`,
    ...more.map((line) => `${indent}${line}`),
    ...wrapped(about, columns - indent.length).map((line) => `${indent}${paint.dim(line)}`),
    ...excerptLines(finding, layout).map((line) => paint.dim(`${indent}${line}`)),
    ...(finding.hint === null ? [] : wrapped(`→ ${finding.hint}`, columns - indent.length).map((line) => `${indent}${line}`)),
    ...(finding.preflight === null
      ? []
      : wrapped(`how many rows are concerned: ${finding.preflight}`, columns - indent.length).map((line) => `${indent}${paint.dim(line)}`)),
    ...(following === 0
      ? []
      : [paint.dim(`${indent}${following === 1 ? '1 more finding follows' : `${following} more findings follow`} from it`)]),
  ]
}

/** Lines of at most so many columns; one line where there is no limit. */
export function wrapped(text: string, columns: number): readonly string[] {
  const visible = visibleText(text)
  if (!Number.isFinite(columns)) return [visible]
  return wrapAnsi(visible, Math.max(columns, 20), { hard: true, trim: true }).split('\n')
}

/** The message as a sentence, which names its subject where the message does not. */
function sentence(finding: FindingResult): string {
  const { message } = finding
  const subject = subjectOf(finding)
  const bare = finding.attribute ?? finding.relation?.split('.').at(-1)
  const named = subject === null || bare === undefined || message.includes(bare)
  const text = named ? message : `${subject}: ${message}`
  return /[.!?]$/.test(text) ? text : `${text}.`
}

/** `up.sql:3`, from the folder that was verified. */
export function placeIn(finding: FindingResult, base: string): string | undefined {
  const place = placeOf(finding)
  if (place === null) return undefined
  const folder = base.endsWith('/') ? base : `${base}/`
  return place.startsWith(folder) ? place.slice(folder.length) : place
}

function excerptLines(finding: FindingResult, { columns, excerpt }: Layout): readonly string[] {
  if (finding.file === null || finding.line === null) return []
  const text = excerpt?.(finding.file, finding.line)
  if (text === undefined || text.trim() === '') return []
  const gutter = `${finding.line} | `
  const room = Math.min(Number.isFinite(columns) ? columns - gutter.length - 12 : longestExcerpt, longestExcerpt)
  const trimmed = visibleText(text.trim())
  const at = caretAt(trimmed, finding)
  // Where the line is too long, the part around what it is about.
  const from = at === undefined || at.from + at.length <= room ? 0 : Math.max(0, at.from - 12)
  const cut = `${from > 0 ? '…' : ''}${trimmed.slice(from, from + room - 2)}${from + room - 2 < trimmed.length ? '…' : ''}`
  const caret = at === undefined ? undefined : ' '.repeat(at.from - from + (from > 0 ? 1 : 0)) + '^'.repeat(at.length)
  return [`${gutter}${cut}`, ...(caret === undefined ? [] : [`${' '.repeat(gutter.length - 2)}| ${caret}`])]
}

/** Where a line names the column, else the table, that a finding is about. */
function caretAt(line: string, { attribute, relation }: FindingResult): { readonly from: number; readonly length: number } | undefined {
  for (const name of [attribute, relation?.split('.').at(-1)]) {
    if (name == null || name === '') continue
    const escaped = name.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&')
    const found = new RegExp(`(?<![\\p{L}\\p{N}_])${escaped}(?![\\p{L}\\p{N}_])`, 'iu').exec(line)
    if (found !== null) return { from: found.index, length: found[0].length }
  }
  return undefined
}
