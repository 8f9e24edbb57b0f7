import type { ZodType } from 'zod'
import * as z from 'zod'
import { InputError } from '../errors.ts'
import { importModule } from './import-module.ts'

/**
 * Load a module and give what it exports as default.
 *
 * @param hint  What to write in it, where it exports none.
 * @throws {InputError} when it does not load, or exports no default.
 */
export async function readDefaultExport(file: string, shown: string, hint: string): Promise<unknown> {
  const exported = (await importModule(file, shown)).default
  if (exported === undefined) throw new InputError(`"${shown}" has no default export`, { hint: `Write: ${hint}` })
  return exported
}

/**
 * Check what a file of the user's exports.
 *
 * @param noun  What it is, in one word: `contract`.
 * @throws {InputError} which names the file and the first field that is wrong.
 */
export function checkValue<Value>(schema: ZodType<Value>, value: unknown, shown: string, noun: string): Value {
  const checked = schema.safeParse(value)
  if (checked.success) return checked.data
  const [issue] = checked.error.issues
  const at = issue === undefined || issue.path.length === 0 ? noun : issue.path.reduce<string>(appendStep, '')
  const message = issue?.message.replace(/^Invalid (input|option): /, '') ?? `is not a ${noun}`
  throw new InputError(`"${shown}": ${at}: ${message.charAt(0).toLowerCase()}${message.slice(1)}`, {
    detail: z.prettifyError(checked.error),
  })
}

function appendStep(path: string, step: PropertyKey): string {
  if (typeof step === 'number') return `${path}[${step}]`
  return path === '' ? String(step) : `${path}.${String(step)}`
}
