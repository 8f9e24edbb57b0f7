import { z } from 'zod'
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
  sequence: savedSequenceSchema.optional(),
})

export interface ParsedCounterexample {
  readonly meta: CounterexampleMeta
  /** The legacy rows exactly as they were saved. */
  readonly rowsSql: string
}

/**
 * Read what `renderCounterexample` wrote.
 *
 * @throws {InputError} When the text is not such a file, was written by a Godwit with another format, or has lost its row markers.
 */
export function parseCounterexample(text: string): ParsedCounterexample {
  const hint = 'Name a file that "godwit verify" saved under counterexamples/.'
  const start = text.startsWith(`${metaPrefix}{`) ? 0 : text.indexOf(`\n${metaPrefix}{`) + 1
  if (!text.startsWith(`${metaPrefix}{`, start)) throw new InputError('not a counterexample that godwit saved', { hint })
  const lineEnd = endOfLine(text, start)
  const line = text.slice(start + metaPrefix.length, lineEnd)
  const meta = metaSchema.safeParse(parseJson(line))
  if (!meta.success) {
    const detail = `Its line that starts with "${metaPrefix.trim()}" cannot be read: ${z.prettifyError(meta.error).replaceAll('\n', ' ')}.`
    throw new InputError('the counterexample is damaged, or of another version of godwit', { detail, hint })
  }

  const { begin, end } = rowMarkers(meta.data.rows)
  const from = text.indexOf(`\n${begin}\n`, lineEnd)
  const rowsStart = from + begin.length + 2
  // From the end of the marker line, so that no rows at all are found too.
  const to = from < 0 ? -1 : text.indexOf(`\n${end}\n`, rowsStart - 1)
  if (to < 0) {
    throw new InputError('the counterexample has lost its legacy rows', {
      detail: `They stand between the lines "${begin}" and "${end}".`,
      hint,
    })
  }
  return { meta: meta.data, rowsSql: text.slice(rowsStart, Math.max(rowsStart, to)) }
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
