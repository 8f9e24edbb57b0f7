import type { Kind } from '../kinds/kind.ts'
import { checkRowSecurity } from './check-rights.ts'
import type { Writer } from './connection.ts'
import { CommandError, sqlstateOf } from './errors.ts'
import { unknownKind } from './model.ts'
import { withRunLock } from './run-lock.ts'
import { existingTables, ownTables, type Places } from './tables.ts'

export interface RollbackOptions {
  readonly kinds: readonly Kind[]
  /** Names of the tables to empty; undefined for all. */
  readonly tables?: readonly string[] | undefined
  /** Act; else only say what would be done. */
  readonly confirm: boolean
  /** Drop the emptied tables and those of the migration itself too (all tables only). */
  readonly drop?: boolean | undefined
  readonly parts?: Partial<RollbackParts> | undefined
}

/** The steps that specs put sabotaged ones in the place of. */
export interface RollbackParts {
  readonly findBlocks: typeof findBlocks
  readonly emptySql: (schema: string, table: string) => string
}

export interface RollbackResult {
  readonly confirmed: boolean
  /** In the order in which they are emptied: children first. */
  readonly tables: readonly EmptiedTable[]
  /** Records of these kinds that are set aside: they leave with the rows, their originals are in the store. */
  readonly setAside: number
}

export interface EmptiedTable {
  readonly table: string
  readonly rows: number
  /** Rows that the migration did not make: nothing of them is in the store. */
  readonly notFromStore: number
}

/** Rows of a table that stays, which refer to one that goes. */
export interface Block {
  /** With its schema, quoted. */
  readonly table: string
  readonly column: string
  readonly refersTo: string
  readonly rows: number
}

/**
 * Empty the tables, children before parents, in one transaction. The store is only read, if at all.
 *
 * @throws {CommandError} For a table that is none of the migration's, and for a selection that would leave rows without what they refer to.
 */
export async function runRollback(writer: Writer, places: Places, options: RollbackOptions): Promise<RollbackResult> {
  const parts: RollbackParts = { findBlocks, emptySql: (schema, table) => `DELETE FROM ${schema}.${table}`, ...options.parts }
  const names = options.kinds.map(({ name }) => name)
  const unknown = options.tables?.find((table) => !names.includes(table))
  if (unknown !== undefined) throw new CommandError(2, `there is no table "${unknown}"`, { hint: `The tables are ${names.join(', ')}.` })
  const all = options.tables === undefined || names.every((name) => options.tables?.includes(name))
  const selected = names.filter((name) => options.tables?.includes(name) ?? true).reverse()
  if (options.confirm)
    return withRunLock(writer, places, () => inTransaction(writer, '', () => empty(writer, places, selected, all, options, parts)))
  return inTransaction(writer, 'ISOLATION LEVEL REPEATABLE READ READ ONLY', () => empty(writer, places, selected, all, options, parts))
}

async function empty(
  writer: Writer,
  places: Places,
  selected: readonly string[],
  all: boolean,
  options: RollbackOptions,
  parts: RollbackParts,
): Promise<RollbackResult> {
  const { schema } = places
  const { confirm, drop } = options
  const there = await existingTables(writer, schema, [...selected, ...ownTables])
  await checkRowSecurity(writer, places, there)
  const present = selected.filter((table) => there.has(table))
  // Nobody may write a row between the look and the deletion that refers to what goes, in whichever table: the check of a foreign key waits too.
  if (confirm && present.length > 0)
    await writer.script(`LOCK TABLE ${present.map((table) => `${schema}.${table}`).join(', ')} IN EXCLUSIVE MODE`)
  await refuseOrphans(writer, schema, present, options.kinds, parts)
  const kinds = all ? [...selected, unknownKind] : selected
  const tables: EmptiedTable[] = []
  for (const table of present) {
    const [row] = await writer.query<{ rows: string; other: string }>(
      `SELECT count(*)::text AS rows, count(*) FILTER (WHERE source_key IS NULL)::text AS other FROM ${schema}.${table}`,
    )
    tables.push({ table, rows: Number(row?.rows ?? 0), notFromStore: Number(row?.other ?? 0) })
    if (confirm) await writer.query(parts.emptySql(schema, table))
  }
  const setAside = there.has('kv_set_aside') ? await forget(writer, schema, kinds, confirm) : 0
  if (confirm && there.has('kv_checkpoint'))
    await writer.query(`DELETE FROM ${schema}.kv_checkpoint WHERE kind = ANY ($1::text[])`, [kinds])
  if (confirm && drop === true && all) {
    const tables = [...present, ...ownTables.filter((table) => there.has(table))]
    if (tables.length > 0)
      await dropTables(
        writer,
        tables.map((table) => `${schema}.${table}`),
      )
  }
  return { confirmed: confirm, tables, setAside }
}

async function dropTables(writer: Writer, tables: readonly string[]): Promise<void> {
  await writer.script(`DROP TABLE ${tables.join(', ')}`).catch((cause: unknown) => {
    if (sqlstateOf(cause) !== '2BP01') throw cause
    const detail =
      cause instanceof Error && 'detail' in cause ? String(cause.detail).replaceAll('\n', '; ') : 'other objects depend on them'
    throw new CommandError(2, 'the tables cannot be dropped', {
      cause,
      hint: `${detail}. Drop what depends on them first, or leave out --drop.`,
    })
  })
}

async function forget(writer: Writer, schema: string, kinds: readonly string[], confirm: boolean): Promise<number> {
  const where = `FROM ${schema}.kv_set_aside WHERE kind = ANY ($1::text[])`
  const [row] = await writer.query<{ rows: string }>(`SELECT count(*)::text AS rows ${where}`, [kinds])
  if (confirm) await writer.query(`DELETE ${where}`, [kinds])
  return Number(row?.rows ?? 0)
}

/** Name all at once: the tables that refer to the selection, those that refer to these, and so on. */
async function refuseOrphans(
  writer: Writer,
  schema: string,
  selected: readonly string[],
  kinds: readonly Kind[],
  parts: RollbackParts,
): Promise<void> {
  const first = await parts.findBlocks(writer, schema, selected)
  if (first.length === 0) return
  const ours = (table: string) => kinds.find(({ name }) => `${schema}.${name}` === table)?.name
  const blocks = new Map<string, Block>()
  const more = new Set<string>()
  for (let found = first; ; found = await parts.findBlocks(writer, schema, [...selected, ...more])) {
    const before = more.size
    for (const block of found) {
      blocks.set(`${block.table} ${block.column} ${block.refersTo}`, block)
      const name = ours(block.table)
      if (name !== undefined) more.add(name)
    }
    if (more.size === before) break
  }
  const all = [...blocks.values()]
  const named = all.map(({ table, column, refersTo, rows }) => `${ours(table) ?? table}.${column} refers to ${refersTo} in ${rows} rows`)
  const others = [...new Set(all.map(({ table }) => table).filter((table) => ours(table) === undefined))]
  const steps = [
    ...(others.length > 0
      ? [`First delete those rows of ${others.join(', ')} yourself, or drop the foreign key: rollback empties only its own tables.`]
      : []),
    ...(more.size > 0
      ? [
          `Name ${kinds
            .map(({ name }) => name)
            .filter((name) => more.has(name))
            .join(', ')} too.`,
        ]
      : []),
  ]
  throw new CommandError(2, 'this selection would leave orphans', { hint: `${named.join('; ')}. ${steps.join(' ')}` })
}

/** Rows outside the selection that refer into it, by any foreign key of the database, the application's own ones too. */
export async function findBlocks(writer: Writer, schema: string, selected: readonly string[]): Promise<readonly Block[]> {
  const keys = await writer.query<{ relation: string; columns: string; shown_columns: string; refers_to: string }>(
    `SELECT format('%I.%I', n.nspname, c.relname) AS relation, p.relname AS refers_to, a.columns, a.shown_columns
     FROM pg_constraint AS f
     JOIN pg_class AS c ON c.oid = f.conrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
     JOIN pg_class AS p ON p.oid = f.confrelid
     CROSS JOIN LATERAL (
       SELECT string_agg(format('%I IS NOT NULL', a.attname), ' AND ' ORDER BY k.at) AS columns, string_agg(a.attname, ', ' ORDER BY k.at) AS shown_columns
       FROM unnest(f.conkey) WITH ORDINALITY AS k (number, at) JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.number
     ) AS a
     WHERE f.contype = 'f' AND f.confrelid = ANY (SELECT to_regclass($2 || '.' || name) FROM unnest($1::text[]) AS name)
       AND f.conrelid <> ALL (SELECT to_regclass($2 || '.' || name) FROM unnest($1::text[]) AS name)
     ORDER BY relation, a.shown_columns`,
    [selected, schema],
  )
  const blocks: Block[] = []
  for (const { relation, columns, shown_columns, refers_to } of keys) {
    const [row] = await writer.query<{ rows: string }>(`SELECT count(*)::text AS rows FROM ${relation} WHERE ${columns}`)
    const rows = Number(row?.rows ?? 0)
    if (rows > 0) blocks.push({ table: relation, column: shown_columns, refersTo: refers_to, rows })
  }
  return blocks
}

async function inTransaction<Result>(writer: Writer, mode: string, work: () => Promise<Result>): Promise<Result> {
  await writer.script(`BEGIN ${mode}`)
  try {
    const result = await work()
    await writer.script('COMMIT')
    return result
  } catch (error) {
    await writer.script('ROLLBACK').catch(() => undefined)
    throw error
  }
}
