import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type Catalog, readCatalog } from '../../catalog/index.ts'
import {
  type ClientPrograms,
  type Cluster,
  quoteIdentifier,
  quoteName,
  type Session,
  StatementError,
  startCluster,
} from '../../postgres/index.ts'
import { counted } from '../../report/index.ts'
import { restoreCsv } from './csv.ts'
import type { EvidenceDocument } from './document.ts'
import { restoreDump } from './dump.ts'
import { nameOf } from './table-name.ts'
import { measureDifferences, readMeasure, readTableTotals, tableDifferences } from './totals.ts'

/** What restoring showed. */
export interface Restored {
  /** Version of the throw-away server. */
  readonly server: string
  /** What was restored and compared, in sentences. */
  readonly restored: readonly string[]
  /** Milliseconds that the dump took; null where there is none. */
  readonly restoreMs: number | null
  /** Whatever is not as the document says, in sentences that name the file and the table. */
  readonly problems: readonly string[]
}

export interface RestoreOptions {
  /** Undefined where the evidence has no dump. */
  readonly programs: ClientPrograms | undefined
  /** Version of the throw-away server. */
  readonly major: number
  readonly signal: AbortSignal
  /** A server to restore into, instead of a throw-away one. */
  readonly cluster?: Cluster | undefined
}

/**
 * Restore the dump, and then the CSV files alone, each into a database of its own on a throw-away server, and compare rows, digests, sums
 * and measures with the document.
 *
 * @throws {EnvironmentError} When no server can be had.
 */
export async function restoreEvidence(
  folder: string,
  document: Omit<EvidenceDocument, 'proof'>,
  { programs, major, signal, cluster: given }: RestoreOptions,
): Promise<Restored> {
  await using own = given === undefined ? await startCluster({ kind: 'embedded', major }, { signal }) : undefined
  const cluster = given ?? (own as Cluster)
  await makeRoles(cluster, document.roles)
  const restored: string[] = []
  const problems: string[] = []
  let restoreMs: number | null = null
  if (document.dump !== null && programs !== undefined) {
    const file = document.dump.file
    const found = await restoredFromDump(cluster, folder, document, programs, signal)
    problems.push(...found.problems)
    restoreMs = found.restoreMs
    restored.push(`${file}: ${counted(document.tables.length, 'table')} and ${counted(document.measures.length, 'measure')}`)
  }
  const withCsv = document.tables.filter(({ csv }) => csv !== null)
  if (withCsv.length > 0) {
    const measures = measuresOfCsv(document)
    problems.push(...(await restoredFromCsv(cluster, folder, document, { programs, signal })))
    const why = measures.length < document.measures.length ? ' (the measures may read a table without a CSV file: --all)' : ''
    restored.push(`the CSV files: ${counted(withCsv.length, 'table')} and ${counted(measures.length, 'measure')}${why}`)
  }
  return { server: cluster.version.text, restored, problems, restoreMs }
}

/** A measure may read any table: it is compared where each table with rows has a CSV file. */
function measuresOfCsv({ tables, measures }: Omit<EvidenceDocument, 'proof'>): EvidenceDocument['measures'] {
  return tables.every(({ csv, rows }) => csv !== null || rows === 0) ? measures : []
}

/** Make those roles on a throw-away server that it does not have; nobody can log in as one. */
export async function makeRoles(cluster: Cluster, roles: readonly string[]): Promise<void> {
  await using database = await cluster.createDatabase()
  await using session = await database.connect()
  const there = new Set((await session.query<{ name: string }>('SELECT rolname AS name FROM pg_roles')).map(({ name }) => name))
  const missing = roles.filter((role) => !there.has(role)).map((role) => `CREATE ROLE ${quoteIdentifier(role)} NOLOGIN`)
  if (missing.length > 0) await session.script(missing.join(';\n'))
}

async function restoredFromDump(
  cluster: Cluster,
  folder: string,
  document: Omit<EvidenceDocument, 'proof'>,
  programs: ClientPrograms,
  signal: AbortSignal,
): Promise<{ readonly problems: readonly string[]; readonly restoreMs: number | null }> {
  const name = document.dump?.file ?? ''
  const file = join(folder, name)
  const none = (problem: string) => ({ problems: [problem], restoreMs: null })
  if (!existsSync(file)) return none(`${name} is missing.`)
  await using database = await cluster.createDatabase()
  const began = performance.now()
  const failure = await restoreDump(programs, { url: database.url(), file, part: 'all', signal })
  const restoreMs = performance.now() - began
  if (failure !== undefined) return none(`${name} cannot be restored: ${failure}`)
  await using session = await database.connect({ statementTimeoutMs: 0 })
  const all = new Set(document.tables.map(({ table }) => table))
  return { problems: await compare(session, name, document, { tables: all, measures: document.measures }), restoreMs }
}

async function restoredFromCsv(
  cluster: Cluster,
  folder: string,
  document: Omit<EvidenceDocument, 'proof'>,
  { programs, signal }: { readonly programs: ClientPrograms | undefined; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  await using database = await cluster.createDatabase()
  await using session = await database.connect({ statementTimeoutMs: 0 })
  if (document.schema !== null) {
    const failure = await applySchema(session, join(folder, document.schema), document)
    if (failure !== undefined) return [`${document.schema} cannot be applied: ${failure}`]
  } else if (programs !== undefined && document.dump !== null) {
    const file = join(folder, document.dump.file)
    // The dump itself was named already.
    if (!existsSync(file)) return []
    const failure = await restoreDump(programs, { url: database.url(), file, part: 'schema', signal })
    if (failure !== undefined) return [`${document.dump.file} gives no schema for the CSV files: ${failure}`]
  }
  const catalog = await readCatalog(session)
  const problems: string[] = []
  const read = new Set<string>()
  for (const { table, csv } of document.tables) {
    if (csv === null) continue
    signal.throwIfAborted()
    const problem = await restoreTable(session, catalog, { table, folder, csv })
    if (problem === undefined) read.add(table)
    else problems.push(problem)
  }
  const measures = problems.length === 0 ? measuresOfCsv(document) : []
  return [...problems, ...(await compare(session, 'csv/', document, { tables: read, measures }))]
}

async function applySchema(session: Session, file: string, { tables }: Omit<EvidenceDocument, 'proof'>): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined)
  if (text === undefined) return 'it is missing.'
  const names = tables.map(({ table }) => quoteName(nameOf(table)))
  try {
    await session.script(text)
    // A schema may bring rows of its own, which are in the CSV files too.
    await session.script(`RESET ALL; TRUNCATE ${names.join(', ')} CASCADE`)
    return undefined
  } catch (error) {
    if (error instanceof StatementError) return `${error.message} (${error.sqlstate}).`
    throw error
  }
}

async function restoreTable(
  session: Session,
  catalog: Catalog,
  { table, folder, csv }: { readonly table: string; readonly folder: string; readonly csv: string },
): Promise<string | undefined> {
  if (!existsSync(join(folder, csv))) return `${csv} is missing.`
  if (!catalog.relations.has(table)) return `${csv} cannot be restored: the schema has no table ${table}.`
  try {
    await restoreCsv(session, table, join(folder, csv))
    return undefined
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    const [where] = (error.fields.context ?? '').split('\n')
    return `${csv} cannot be restored: ${error.message} (${error.sqlstate}${where ? `; ${where}` : ''}).`
  }
}

async function compare(
  session: Session,
  from: string,
  document: Omit<EvidenceDocument, 'proof'>,
  wanted: { readonly tables: ReadonlySet<string>; readonly measures: EvidenceDocument['measures'] },
): Promise<readonly string[]> {
  const catalog = await readCatalog(session)
  // Newer servers hash some types in other ways: hash as the database did.
  const asTaken: Catalog = { ...catalog, version: { text: document.server.version, major: document.server.major } }
  const problems: string[] = []
  for (const taken of document.tables.filter(({ table }) => wanted.tables.has(table))) {
    const name = from === 'csv/' ? (taken.csv ?? from) : from
    if (catalog.relations.has(taken.table))
      problems.push(...tableDifferences(name, taken, await readTableTotals(session, asTaken, taken.table)))
    else problems.push(`${name} does not hold the table ${taken.table}.`)
  }
  for (const taken of wanted.measures) {
    const restored = await readMeasure(session, { name: taken.name, before: taken.query }, document.searchPath)
    problems.push(...measureDifferences(from === 'csv/' ? 'The CSV data' : from, taken, restored))
  }
  return problems
}
