import type { TablePlan } from './model.ts'
import { identifier, qualified } from './names.ts'

/** The table and the columns that stay get their new names. */
export function renderRename(plan: TablePlan): readonly string[] {
  const { legacy, to } = plan
  const moved = { schema: to.schema, name: legacy.name }
  return [
    ...(to.schema === legacy.schema ? [] : [`ALTER TABLE ${qualified(legacy)} SET SCHEMA ${identifier(to.schema)};`]),
    ...(to.name === legacy.name ? [] : [`ALTER TABLE ${qualified(moved)} RENAME TO ${identifier(to.name)};`]),
    ...renames(qualified(to), keptNames(plan)),
  ]
}

/** The reverse of {@link renderRename}. */
export function renderRenameBack(plan: TablePlan): readonly string[] {
  const { legacy, to } = plan
  const moved = { schema: to.schema, name: legacy.name }
  return [
    ...renames(
      qualified(to),
      keptNames(plan).map(([old, now]) => [now, old] as const),
    ),
    ...(to.name === legacy.name ? [] : [`ALTER TABLE ${qualified(to)} RENAME TO ${identifier(legacy.name)};`]),
    ...(to.schema === legacy.schema ? [] : [`ALTER TABLE ${qualified(moved)} SET SCHEMA ${identifier(legacy.schema)};`]),
  ]
}

function keptNames({ columns }: TablePlan): readonly (readonly [string, string])[] {
  return columns.flatMap((each) => (each.kind === 'kept' ? [[each.attribute.name, each.column] as const] : []))
}

/** Columns that exchange their names go by another one. */
function renames(table: string, names: readonly (readonly [string, string])[]): readonly string[] {
  const changed = names.filter(([old, now]) => old !== now)
  const taken = new Set(changed.map(([old]) => old))
  const rename = (old: string, now: string) => `ALTER TABLE ${table} RENAME COLUMN ${identifier(old)} TO ${identifier(now)};`
  const byWay = changed.filter(([, now]) => taken.has(now))
  const meanwhile = (name: string) => `${name}_meanwhile`
  return [
    ...byWay.map(([old]) => rename(old, meanwhile(old))),
    ...changed.filter((each) => !byWay.includes(each)).map(([old, now]) => rename(old, now)),
    ...byWay.map(([old, now]) => rename(meanwhile(old), now)),
  ]
}
