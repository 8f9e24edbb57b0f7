import { z } from 'zod'
import { InputError } from '../errors.ts'
import type { Contract } from './contract.ts'
import { importModule } from './import-module.ts'

const text = z.string().trim().min(1)
const query = text
const path = text.regex(
  /^("(?:[^"]|"")*"|[^."]+)(\.("(?:[^"]|"")*"|[^."]+)){1,2}$/,
  'is not a path such as "public.items" or "public.items.notes"',
)
const attributePath = path.refine((value) => partsOf(value) === 3, 'is not the path of an attribute such as "public.items.notes"')
const day = z.iso.date('is not an ISO date such as "2027-01-31"')

const measure = z.strictObject({ name: text, relation: path.optional(), attribute: text.optional(), before: query, after: query })
const mapping = z.strictObject({ from: attributePath, to: attributePath, transform: text.optional() })
const discard = z.strictObject({ path, because: text, file: text.optional(), line: z.int().positive().optional() })
const reference = z.strictObject({ from: attributePath, to: attributePath })
const workload = z.union([
  query,
  z.strictObject({
    sql: query,
    name: text.optional(),
    parameters: z.array(z.union([z.string(), z.number(), z.boolean(), z.null()])).optional(),
  }),
])
const waiver = z.strictObject({
  invariant: text,
  kind: text.optional(),
  relation: path.optional(),
  attribute: text.optional(),
  owner: text,
  reason: text,
  expires: day,
})

/** What a contract may say; a field that it does not know is an error, since a mistyped one would be passed over. */
export const contractSchema = z.strictObject({
  measures: z.array(measure).optional(),
  discards: z.array(discard).optional(),
  mappings: z.array(mapping).optional(),
  references: z.array(reference).optional(),
  idempotent: z.boolean().optional(),
  workload: z.array(workload).optional(),
  online: z.strictObject({ lockWaitMs: z.number().positive().optional() }).optional(),
  waivers: z.array(waiver).optional(),
})

/**
 * Load a `contract.ts` and check what it exports as default.
 *
 * @throws {InputError} when it does not load, exports no default, or a field is not what `Contract` says; names the file and the field.
 */
export async function readContract(file: string, shown: string): Promise<Contract> {
  const exported = (await importModule(file, shown)).default
  if (exported === undefined)
    throw new InputError(`"${shown}" has no default export`, { hint: 'Write: export default defineContract({ … })' })
  return checkContract(exported, shown)
}

/** Check a value against `Contract`, as `readContract` does. */
export function checkContract(value: unknown, shown: string): Contract {
  const checked = contractSchema.safeParse(value)
  if (checked.success) return value as Contract
  const [issue] = checked.error.issues
  const at = issue === undefined || issue.path.length === 0 ? 'contract' : issue.path.reduce<string>(appendStep, '')
  const message = issue?.message.replace(/^Invalid input: /, '') ?? 'is not a contract'
  throw new InputError(`"${shown}": ${at}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, {
    detail: z.prettifyError(checked.error),
  })
}

function appendStep(path: string, step: PropertyKey): string {
  if (typeof step === 'number') return `${path}[${step}]`
  return path === '' ? String(step) : `${path}.${String(step)}`
}

function partsOf(value: string): number {
  return value.match(/"(?:[^"]|"")*"|[^."]+/g)?.length ?? 0
}
