import { readFile } from 'node:fs/promises'
import * as z from 'zod'
import { InputError } from '../errors.ts'
import { replaceFile } from '../report/index.ts'
import type { Baseline } from '../result/index.ts'
import type { Plan } from './plan.ts'

const entry = z.strictObject({
  id: z.string(),
  invariant: z.string(),
  kind: z.string(),
  severity: z.enum(['error', 'warning', 'info']),
  relation: z.string().nullable(),
  attribute: z.string().nullable(),
  message: z.string(),
  since: z.iso.date(),
})
const step = z.strictObject({ project: z.string().optional(), migration: z.string(), digest: z.string(), accepted: z.array(entry) })
const baseline = z.strictObject({ version: z.literal(1), steps: z.array(step) })

/**
 * Read the baseline of a plan; undefined where there is none, and nobody asked for one.
 *
 * @throws {InputError} When it is not there though it was named, or is not a baseline.
 */
export async function readBaseline(place: Plan['baseline'], options: { readonly mayBeAbsent: boolean }): Promise<Baseline | undefined> {
  if (place === undefined) return undefined
  const { file, asked } = place
  const hint = 'Write it anew with: godwit baseline'
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const absent = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT'
    if (absent && (options.mayBeAbsent || !asked)) return undefined
    throw new InputError(`the baseline "${file}" ${absent ? 'does not exist' : 'cannot be read'}`, { cause, hint })
  })
  if (text === undefined) return undefined
  const parsed = baseline.safeParse(jsonOf(text))
  if (!parsed.success) throw new InputError(`"${file}" is not a baseline of godwit`, { detail: z.prettifyError(parsed.error), hint })
  return parsed.data
}

/** Write a baseline so that a change of one finding is a change of a few lines. */
export async function writeBaseline(file: string, content: Baseline): Promise<void> {
  await replaceFile(file, `${JSON.stringify(content, null, 2)}\n`)
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
