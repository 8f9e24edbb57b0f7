import * as z from 'zod'
import { InputError } from '../errors.ts'
import { type CounterexampleMeta, metaPrefix, rowMarkers } from './counterexample.ts'
import { savedSequenceSchema } from './saved-sequence.ts'

const metaSchema = z.object({
  version: z.literal(1),
  migration: z.string(),
  paths: z.array(z.string()),
  finding: z.string(),
  invariant: z.string(),
  kind: z.string(),
  relation: z.string().nullable(),
  attribute: z.string().nullable(),
  object: z.string().nullable(),
  message: z.string(),
  server: z.string(),
  seed: z.string(),
  rows: z.string(),
  written: z.string().optional(),
  digest: z.string().optional(),
  way: z.array(z.enum(['up', 'down', 'write'])).optional(),
  sqlstate: z.string().optional(),
  acquitted: z.boolean().optional(),
  extreme: z.boolean().optional(),
  settings: z.record(z.string(), z.string()).optional(),
  sequence: savedSequenceSchema.optional(),
  interleaving: z
    .object({
      write: z.object({
        name: z.string(),
        sql: z.string(),
        relation: z.string().optional(),
        operation: z.enum(['insert', 'update', 'delete', 'statement']),
      }),
      open: z.boolean(),
      statements: z.array(z.string()),
    })
    .optional(),
})

const hint = 'Name a file that "godwit verify" saved under counterexamples/.'

export interface ParsedCounterexample {
  readonly meta: CounterexampleMeta
  /** The legacy rows exactly as they were saved. */
  readonly rowsSql: string
  /** What was written after `up`, where something was. */
  readonly writtenSql?: string | undefined
}

/**
 * Read what `renderCounterexample` wrote.
 *
 * @throws {InputError} When the text is not such a file, was written by a Godwit with another format, or has lost its row markers.
 */
export function parseCounterexample(text: string): ParsedCounterexample {
  const start = text.startsWith(`${metaPrefix}{`) ? 0 : text.indexOf(`\n${metaPrefix}{`) + 1
  if (!text.startsWith(`${metaPrefix}{`, start)) throw new InputError('not a counterexample that godwit saved', { hint })
  const lineEnd = endOfLine(text, start)
  const line = text.slice(start + metaPrefix.length, lineEnd)
  const meta = metaSchema.safeParse(parseJson(line))
  if (!meta.success) {
    const detail = `Its line that starts with "${metaPrefix.trim()}" cannot be read: ${z.prettifyError(meta.error).replaceAll('\n', ' ')}.`
    throw new InputError('the counterexample is damaged, or of another version of godwit', { detail, hint })
  }

  const rowsSql = between(text, lineEnd, meta.data.rows, 'legacy rows')
  const { written } = meta.data
  return {
    meta: meta.data,
    rowsSql,
    ...(written === undefined ? {} : { writtenSql: between(text, lineEnd, written, 'rows written after up') }),
  }
}

function between(text: string, after: number, label: string, what: string): string {
  const { begin, end } = rowMarkers(label)
  const from = text.indexOf(`\n${begin}\n`, after)
  const start = from + begin.length + 2
  // From the end of the marker line, so that no rows at all are found too.
  const to = from < 0 ? -1 : text.indexOf(`\n${end}\n`, start - 1)
  if (to < 0)
    throw new InputError(`the counterexample has lost its ${what}`, {
      detail: `They stand between the lines "${begin}" and "${end}".`,
      hint,
    })
  return text.slice(start, Math.max(start, to))
}

function endOfLine(text: string, from: number): number {
  const end = text.indexOf('\n', from)
  return end < 0 ? text.length : end
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
