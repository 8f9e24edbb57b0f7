import type { Catalog } from '../../catalog/index.ts'
import { InputError } from '../../errors.ts'
import { asText, everyNode, parseScript, type Script, type Step, stringsOf } from '../../migration/index.ts'
import { quoteIdentifier, type Session, shownName } from '../../postgres/index.ts'
import { reachOf, scriptsOf } from '../../run/index.ts'
import { reachedTables } from '../evidence/scope.ts'
import { addressOf, type ForeignTable, foreignLeavesOf, readForeignTables } from '../foreign/foreign-tables.ts'
import type { Copy } from './copy.ts'
import type { RehearseOptions } from './options.ts'

const MOST_NAMES = 8

/** What a rehearsal sends to a copy, and which foreign tables that can write. */
interface Writer {
  /** Begins a sentence. */
  readonly who: string
  readonly tables: readonly string[]
}

/**
 * Refuse a rehearsal that can write to the servers that a copy names: a copy, and a restored dump, names the real ones.
 *
 * Counted are the foreign tables that `up`, `down` or the workload names, or reaches through partitions, keys, views, triggers and functions:
 * more than they do write. Not seen are writes of functions in other languages than SQL and PL/pgSQL, as those of dblink.
 *
 * @param written  The relations that `up` has written on generated rows.
 * @throws {InputError} Where there is such a table, unless that is allowed.
 */
export async function refuseForeignWrites(
  options: Pick<RehearseOptions, 'allowForeignWrites' | 'copy' | 'migration' | 'reach'>,
  session: Session,
  catalog: Catalog,
  written: Iterable<string>,
): Promise<void> {
  const { allowForeignWrites, copy } = options
  if (allowForeignWrites) return
  const foreign = await readForeignTables(session)
  const writable = await writableTables(session, foreign)
  const writers = (await writersOf(options, session, catalog, written))
    .map(({ who, tables }) => ({ who, tables: tables.filter((path) => writable.has(path)) }))
    .filter(({ tables }) => tables.length > 0)
  const made = [options.migration.up, options.migration.down].flatMap((step) => madeAndWritten(scriptsOf(step)))
  if (writers.length === 0 && made.length === 0) return
  const servers = new Set(writers.flatMap(({ tables }) => tables.map((path) => foreign.get(path)?.server.name ?? '')))
  throw new InputError(`the migration can write to other servers, which ${copy.place} names`, {
    detail: [
      ...writers.map(({ who, tables }) => `${who} can write ${placed(tables, foreign)}.`),
      ...made.map((server) => `The migration makes foreign tables of the server "${server}", and writes rows.`),
    ].join('\n'),
    hint: hintFor(copy, [...new Set([...servers, ...made])]),
  })
}

/** Without those whose wrapper only reads, as file_fdw. Of postgres_fdw also what it does not update: it may truncate that. */
async function writableTables(session: Session, foreign: ReadonlyMap<string, ForeignTable>): Promise<ReadonlySet<string>> {
  const others = [...foreign.values()].filter(({ server }) => !server.postgres).map(({ path }) => path)
  const readOnly = await session.query<{ path: string }>(
    `SELECT path FROM unnest($1::text[]) AS path WHERE pg_catalog.pg_relation_is_updatable(path::regclass, true) = 0`,
    [others],
  )
  const only = new Set(readOnly.map(({ path }) => path))
  return new Set([...foreign.keys()].filter((path) => !only.has(path)))
}

function hintFor({ kind }: Copy, [server = '']: readonly string[]): string {
  const alter = `ALTER SERVER ${quoteIdentifier(server)} OPTIONS (SET host '…')`
  const first =
    kind === 'url'
      ? `Give the copy other servers first, as with ${alter}, or drop them there.`
      : `Restore the dump into a database of your own, give it other servers, as with ${alter}, and name it with --on; or leave the server out of the dump.`
  return `${first} If nobody needs what is on these servers, say so with --allow-foreign-writes.`
}

/** Tables, by the server that has them. */
function placed(tables: readonly string[], foreign: ReadonlyMap<string, ForeignTable>): string {
  const found = tables.flatMap((path) => foreign.get(path) ?? [])
  const servers = new Map(found.map(({ server }) => [server.name, server]))
  return [...servers.values()]
    .map((server) => {
      const names = found.filter((each) => each.server.name === server.name).map(({ path }) => shownName(path))
      const listed = names.slice(0, MOST_NAMES).join(', ')
      const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : ''
      return `${listed}${more} on the server "${server.name}" (${addressOf(server)})`
    })
    .join('; ')
}

async function writersOf(
  { migration, reach }: Pick<RehearseOptions, 'migration' | 'reach'>,
  session: Session,
  catalog: Catalog,
  written: Iterable<string>,
): Promise<readonly Writer[]> {
  const events = await eventTriggers(session)
  const always = [...events, ...(await rules(session))]
  const foreignIn = async (scripts: readonly Script[], opaque: boolean) =>
    (await reachedTables(session, catalog, [{ ...reach, scripts: [...scripts, ...always], opaque }])).foreign
  const changesRows = (step: Step) => events.length > 0 || reachOf(step, catalog) === 'rows'
  const writers: Writer[] = []
  for (const who of ['up', 'down'] as const) {
    const step = migration[who]
    if (step === undefined) continue
    if (!changesRows(step)) continue
    const seen = who === 'up' ? [...written].flatMap((path) => foreignLeavesOf(catalog, path)) : []
    writers.push({ who, tables: [...new Set([...(await foreignIn(scriptsOf(step), step.kind === 'program')), ...seen])] })
  }
  const workload = (migration.contract.workload ?? []).map((each) => parseScript('workload', typeof each === 'string' ? each : each.sql))
  const functions = await session.query<{ name: string }>('SELECT DISTINCT proname AS name FROM pg_catalog.pg_proc WHERE oid >= 16384')
  const own = new Set(functions.map(({ name }) => name))
  const sent = workload.filter(({ statements }) => statements.some(({ tree }) => writes(tree) || callsOneOf(tree, own)))
  return [...writers, { who: 'The workload', tables: sent.length === 0 ? [] : await foreignIn(sent, false) }]
}

/** Calls of the functions that any change of the schema fires. */
async function eventTriggers(session: Session): Promise<readonly Script[]> {
  const found = await session.query<{ name: string }>(
    `SELECT p.proname AS name FROM pg_catalog.pg_event_trigger AS e JOIN pg_catalog.pg_proc AS p ON p.oid = e.evtfoid WHERE e.evtenabled <> 'D'`,
  )
  return found.map(({ name }) => parseScript('event trigger', `SELECT ${quoteIdentifier(name)}()`))
}

/** Reach knows no rules: each of them may be one of a table that is written. */
async function rules(session: Session): Promise<readonly Script[]> {
  const found = await session.query<{ definition: string }>(
    `SELECT pg_catalog.pg_get_ruledef(oid) AS definition FROM pg_catalog.pg_rewrite WHERE oid >= 16384 AND rulename <> '_RETURN' AND ev_enabled <> 'D'`,
  )
  return found.map(({ definition }) => parseScript('rule', definition))
}

const writing = new Set([
  'InsertStmt',
  'UpdateStmt',
  'DeleteStmt',
  'MergeStmt',
  'CopyStmt',
  'TruncateStmt',
  'DoStmt',
  'CallStmt',
  'ExecuteStmt',
])

function writes(tree: unknown): boolean {
  return [...everyNode(tree)].some(({ name }) => writing.has(name))
}

function callsOneOf(tree: unknown, functions: ReadonlySet<string>): boolean {
  return [...everyNode(tree)].some(({ name, fields }) => name === 'FuncCall' && functions.has(stringsOf(fields.funcname).at(-1) ?? ''))
}

/** Servers of which scripts make foreign tables, where they write rows too: those tables are not in the catalog of the copy. */
function madeAndWritten(scripts: readonly Script[]): readonly string[] {
  const trees = scripts.flatMap(({ statements }) => statements.map(({ tree }) => tree))
  if (!trees.some(writes)) return []
  return trees.flatMap((tree) =>
    [...everyNode(tree)].flatMap(({ name, fields }) => {
      if (name === 'CreateForeignTableStmt') return [asText(fields.servername) ?? '']
      return name === 'ImportForeignSchemaStmt' ? [asText(fields.server_name) ?? ''] : []
    }),
  )
}
