import { checkValue, readDefaultExport } from './check-value.ts'
import { type Contract, contractSchema } from './contract.ts'

/**
 * Load a `contract.ts` and check what it exports as default.
 *
 * @throws {InputError} when it does not load, exports no default, or a field is not what `Contract` says; names the file and the field.
 */
export async function readContract(file: string, shown: string): Promise<Contract> {
  return checkContract(await readDefaultExport(file, shown, 'export default defineContract({ … })'), shown)
}

/** Check a value against `Contract`, as `readContract` does. */
export function checkContract(value: unknown, shown: string): Contract {
  checkValue(contractSchema, value, shown, 'contract')
  // As it was written: what the schema gives back is trimmed.
  return value as Contract
}
