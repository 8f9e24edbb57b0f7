import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The texts of one version of the migration. */
export interface Scripts {
  readonly legacy: string
  readonly up: string
  readonly down: string
}

const steps = 'migrations/table-items/prisma/migrations'
const read = (...parts: readonly string[]) => readFileSync(join(...parts), 'utf8')

export const corrected: Scripts = {
  legacy: read(steps, '20260301090000_point_of_sale', 'migration.sql'),
  up: read(steps, '20260612090000_add_table_items', 'migration.sql'),
  down: read(steps, '20260612090000_add_table_items', 'down.sql'),
}

/** A plan that is wrong, by what stands behind `table-items-`. */
export function specimen(name: string): Scripts {
  const folder = `fixtures/specimens/table-items-${name}`
  return { legacy: read(folder, 'legacy.sql'), up: read(folder, 'up.sql'), down: read(folder, 'down.sql') }
}
