import * as z from 'zod'
import type { DeepReadonly } from '../../migration/index.ts'

const text = z.string().trim().min(1, 'is empty')
const table = text.regex(
  /^("(?:[^"]|"")*"|[^."]+)\.("(?:[^"]|"")*"|[^."]+)$/,
  'is not the path of a table such as "godwit.observations" or "public.items"',
)

const check = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9][a-z0-9._-]*$/i, 'is not an id of letters, digits, ".", "_" and "-"')
      .describe('as messages and observations name it'),
    text: text.describe('what must be true, in one sentence'),
    sql: text.describe('one SELECT that returns the rows that are wrong, the key first; no row: clean'),
  })
  .describe('a precondition of the clean-up')

const removes = z.strictObject({
  relation: table.describe('the table or view that the clean-up removes, with its schema'),
  unusedDays: z.int().min(1).default(30).describe('days for which nobody must have used it, by unbroken observation; default 30'),
  code: z.array(text).min(1, 'is empty').describe('folders of code in which nothing may name it, relative to the plan'),
  reviewed: z
    .array(text)
    .default([])
    .describe('files, relative to the plan, whose places that may name it somebody has read; default none'),
  snapshots: table.default('godwit.usage').describe('table in which `godwit usage --record` keeps snapshots; default `godwit.usage`'),
})

/** What a plan may say; a field that it does not know is an error. */
export const planSchema = z
  .strictObject({
    name: text.optional().describe('how observations name it; default: the name of its file, without the extension'),
    cleanUp: text.describe('the SQL file that `godwit ready --run` runs, relative to the plan'),
    cleanDays: z
      .int()
      .min(1)
      .default(7)
      .describe('days before today (UTC) on each of which the checks must have been observed, and found clean; default 7'),
    checks: z
      .array(check)
      .default([])
      .refine((all) => new Set(all.map(({ id }) => id)).size === all.length, 'has one id twice')
      .describe('preconditions; all must be clean'),
    removes: removes.optional().describe('what goes: refused while code, the catalog or a client uses it; default none'),
    locks: z.array(table).default([]).describe('tables that `--run` locks besides those that the checks read; default none'),
    lockWaitMs: z
      .int()
      .min(1)
      .default(5_000)
      .describe('longest that `--run` waits for one lock, while writers queue behind it, in milliseconds; default 5000'),
    observations: table
      .default('godwit.observations')
      .describe('table in which `godwit observe` keeps what it saw; default `godwit.observations`'),
  })
  .refine(({ checks, removes: goes }) => checks.length > 0 || goes !== undefined, 'asks for nothing: it has neither checks nor removes')

/** When a clean-up may run: its preconditions, and how long they must have been clean. */
export type Plan = DeepReadonly<z.input<typeof planSchema>>

/** A precondition: a query that returns the rows that are wrong. */
export type Check = DeepReadonly<z.infer<typeof check>>
