import { z } from 'zod'
import { InputError } from '../errors.ts'
import { type Contract, contractSchema } from './contract.ts'
import { importModule } from './import-module.ts'

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
  const message = issue?.message.replace(/^Invalid (input|option): /, '') ?? 'is not a contract'
  throw new InputError(`"${shown}": ${at}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, {
    detail: z.prettifyError(checked.error),
  })
}

function appendStep(path: string, step: PropertyKey): string {
  if (typeof step === 'number') return `${path}[${step}]`
  return path === '' ? String(step) : `${path}.${String(step)}`
}
