import { findReferences } from './find-references.ts'
import type { AmbiguousPlace, Place } from './model.ts'
import { readTableName } from './table-name.ts'

export interface CodeUses {
  /** Places that use the table for certain. */
  readonly certain: readonly Place[]
  /** Places that may use it. */
  readonly ambiguous: readonly AmbiguousPlace[]
}

/**
 * Which places of a code base still use a table, apart from migrations.
 *
 * @param path   A folder, or a file.
 * @param table  As `orders` or `sales.orders`; case counts.
 * @throws {InputError} for a path that is not there, and without TypeScript where there are programs to read.
 */
export async function codeUses(path: string, table: string, signal: AbortSignal): Promise<CodeUses> {
  const from = readTableName(table)
  // Any other name finds the same uses; this one is in no code.
  const to = { schema: from.schema, name: `${from.name}_\u{F8FF}` }
  const { changes, ambiguous } = await findReferences({ path, table: { from, to }, signal })
  return { certain: changes.map(({ after: _, ...place }) => place), ambiguous }
}
