import { join } from 'node:path'
import { type Catalog, readCatalog } from '../../catalog/index.ts'
import { EnvironmentError, InputError } from '../../errors.ts'
import { packageVersion } from '../../package.ts'
import { type ClientPrograms, type OpenedDatabase, openDatabase, type Session, StatementError } from '../../postgres/index.ts'
import { type ForeignTable, readForeignTables } from '../foreign/foreign-tables.ts'
import { refuseHalfSight } from './access.ts'
import { csvFile } from './csv.ts'
import { type EvidencePlan, notCounted, notHeld, planLines, renderTotals } from './describe.ts'
import { type EvidenceDocument, evidenceFiles, type MeasureTotals } from './document.ts'
import { majorToRestoreInto, programsFor } from './dump.ts'
import { type ExportedSnapshot, exportSnapshot } from './exported-snapshot.ts'
import { type EvidenceFolder, makeEvidenceFolder, refuseFullDisk, writeText } from './folder.ts'
import { restoreEvidence } from './restore.ts'
import { type EvidenceMigration, foreignTables, reachedTables, storedTables } from './scope.ts'
import { writeSums } from './sums.ts'
import { readMeasure } from './totals.ts'
import { type SnapshotTotals, writeSnapshot } from './write-snapshot.ts'

export interface EvidenceOptions {
  /** Of the database; it is only read. */
  readonly url: string
  readonly migrations: readonly EvidenceMigration[]
  /** The new folder. */
  readonly folder: string
  /** CSV files of all tables, not only of those that the migrations can write. */
  readonly all: boolean
  readonly dump: boolean
  readonly proof: boolean
  readonly signed: boolean
  readonly signal: AbortSignal
  /** Gets a line for people, the plan before anything is written. */
  readonly say: (line: string) => void
}

export interface Evidence {
  readonly document: EvidenceDocument
  /** The digest of `SHA256SUMS`, where it was asked for. */
  readonly digest: string | undefined
}

/** What is known of the database before the snapshot is taken. */
interface Sight {
  readonly database: OpenedDatabase
  readonly programs: ClientPrograms | undefined
  readonly tables: readonly string[]
  readonly csv: ReadonlyMap<string, number>
  /** Foreign tables whose rows are counted. */
  readonly foreign: ReadonlyMap<string, ForeignTable>
  readonly because: string | undefined
  readonly facts: Facts
  /** Version of the server that it is restored into; undefined for no proof. */
  readonly restoreInto: number | undefined
}

interface Facts {
  readonly role: string
  readonly encoding: string
  readonly path: string
  readonly bytes: string
  readonly roles: readonly string[]
  readonly largeObjects: string
}

const facts = `
SELECT current_user AS role, current_setting('server_encoding') AS encoding, pg_database_size(current_database())::text AS bytes,
       (SELECT coalesce(string_agg(quote_ident(s), ', '), '""') FROM unnest(current_schemas(false)) AS s) AS path,
       (SELECT coalesce(json_agg(rolname ORDER BY rolname), '[]') FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_') AS roles,
       (SELECT count(*)::text FROM pg_catalog.pg_largeobject_metadata) AS "largeObjects"`

/**
 * Take evidence of a database: a dump, CSV files and totals of one moment, in a new folder; restored and compared, unless told otherwise.
 *
 * @throws {InputError} When the URL, the folder or a measure is wrong, or the database has no table that the migrations can write.
 * @throws {EnvironmentError} When the database cannot be read in full, a program is missing, or what was restored is not equal. The
 * folder is removed then.
 */
export async function takeEvidence(options: EvidenceOptions): Promise<Evidence> {
  const { signal, folder: path } = options
  const database = await openDatabase(options.url)
  try {
    const sight = await look(database, options)
    for (const line of planLines(planOf(sight, options))) options.say(line)
    await using snapshot = await exportSnapshot(database, sight.tables)
    const catalog = await sameCatalog(snapshot, sight)
    const measures = await readMeasures(snapshot.session, options, sight)
    using folder = await makeEvidenceFolder(path)
    const totals = await writeSnapshot(snapshot, { catalog, folder: path, signal, ...sight, csv: csvFiles(sight) })
    await snapshot[Symbol.asyncDispose]()
    const written = await writeSchema(folder, describe(snapshot, sight, options, catalog, { totals, measures }), options)
    const document: EvidenceDocument = { ...written, proof: await prove(path, written, sight, signal) }
    await writeText(join(path, evidenceFiles.totals), `${JSON.stringify(document, undefined, 2)}\n`)
    await writeText(join(path, evidenceFiles.page), renderTotals(document))
    const digest = options.signed ? await writeSums(path) : undefined
    folder.keep()
    return { document, digest }
  } catch (error) {
    signal.throwIfAborted()
    refuseFullDisk(error, path)
    if (!(error instanceof StatementError)) throw error
    throw new EnvironmentError(`the evidence of ${database.place} cannot be taken`, {
      detail: `${error.message} (${error.sqlstate}).`,
      hint: error.sqlstate === '55P03' ? 'Another session holds the lock of a table. Try again when it has ended.' : undefined,
      cause: error,
    })
  }
}

async function look(database: OpenedDatabase, { migrations, all, dump, proof }: EvidenceOptions): Promise<Sight> {
  const programs = dump ? programsFor(database.version) : undefined
  await using session = await database.connect()
  const catalog = await readCatalog(session)
  const reached = await reachedTables(session, catalog, migrations)
  const stored = storedTables(catalog)
  const chosen = all ? stored : reached.tables
  const elsewhere = all ? foreignTables(catalog) : reached.foreign
  if (chosen.length + elsewhere.length === 0) {
    throw new InputError(`the database ${database.place} has no table that the migration can write`, {
      detail:
        stored.length === 0 ? 'It has no tables at all.' : `It has ${stored.slice(0, 8).join(', ')}${stored.length > 8 ? ', …' : ''}.`,
      hint: 'Is it the right database? --all takes every table.',
    })
  }
  const tables = dump ? stored : chosen
  await refuseHalfSight(session, dump ? undefined : new Set(tables))
  const known = await session.one<Facts>(facts)
  const least = Math.max(database.version.major, programs?.major ?? 0)
  return {
    database,
    programs,
    tables,
    csv: await sizesOf(session, catalog, chosen),
    foreign: await foreignIn(session, elsewhere),
    because: all ? undefined : reached.because,
    facts: known,
    restoreInto: proof ? majorToRestoreInto(least, known.encoding) : undefined,
  }
}

async function foreignIn(session: Session, wanted: readonly string[]): Promise<ReadonlyMap<string, ForeignTable>> {
  if (wanted.length === 0) return new Map()
  const known = await readForeignTables(session)
  return new Map(
    wanted.flatMap((path) => {
      const table = known.get(path)
      return table === undefined ? [] : [[path, table] as const]
    }),
  )
}

async function sizesOf(session: Session, catalog: Catalog, tables: readonly string[]): Promise<ReadonlyMap<string, number>> {
  const oids = tables.map((path) => catalog.relations.get(path)?.oid ?? 0)
  const rows = await session.query<{ oid: string; bytes: string | null }>(
    'SELECT oid::text, pg_table_size(oid::oid)::text AS bytes FROM unnest($1::int8[]) AS oid',
    [oids],
  )
  const bytes = new Map(rows.map((row) => [Number(row.oid), Number(row.bytes ?? 0)]))
  return new Map(tables.map((path, at) => [path, bytes.get(oids[at] ?? 0) ?? 0]))
}

function planOf(
  { database, programs, tables, csv, foreign, because, facts: known, restoreInto }: Sight,
  options: EvidenceOptions,
): EvidencePlan {
  const { migrations, folder } = options
  const measures = migrations.reduce((sum, each) => sum + each.measures.length, 0)
  const proof = restoreInto !== undefined
  return {
    database,
    role: known.role,
    databaseBytes: Number(known.bytes),
    migrations,
    tables,
    csv,
    foreign: [...foreign.values()],
    because,
    measures,
    programs,
    proof,
    folder,
  }
}

/** Between the look and the locks somebody may have made or dropped a table. */
async function sameCatalog({ session }: ExportedSnapshot, { database, tables, programs }: Sight): Promise<Catalog> {
  const catalog = await readCatalog(session)
  const stored = storedTables(catalog)
  const lost = tables.filter((path) => !stored.includes(path))
  const made = programs === undefined ? [] : stored.filter((path) => !tables.includes(path))
  const [changed] = [...lost, ...made]
  if (changed === undefined) return catalog
  throw new EnvironmentError(`the schema of ${database.place} has just changed`, {
    detail: `The table ${changed} was ${lost.includes(changed) ? 'dropped or renamed' : 'made'} meanwhile.`,
    hint: 'Run it again.',
  })
}

async function readMeasures(session: Session, { migrations }: EvidenceOptions, { facts: known }: Sight): Promise<readonly MeasureTotals[]> {
  const read: MeasureTotals[] = []
  for (const measure of migrations.flatMap(({ measures }) => measures)) read.push(await readMeasure(session, measure, known.path))
  return read
}

function csvFiles({ csv }: Sight): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const path of csv.keys()) files.set(path, csvFile(path, [...files.keys()]))
  return files
}

function describe(
  { id, takenAt }: ExportedSnapshot,
  { database, programs, facts: known }: Sight,
  { migrations }: EvidenceOptions,
  catalog: Catalog,
  { totals, measures }: { readonly totals: SnapshotTotals; readonly measures: readonly MeasureTotals[] },
): Omit<EvidenceDocument, 'proof' | 'schema'> {
  return {
    version: 1,
    godwit: packageVersion(),
    takenAt,
    snapshot: id,
    server: { version: database.version.text, major: database.version.major, encoding: known.encoding },
    database: database.place,
    role: known.role,
    searchPath: known.path,
    roles: [...known.roles],
    migrations: migrations.map(({ name, digest }) => ({ name, digest })),
    dump: programs === undefined ? null : { file: evidenceFiles.dump, version: programs.version, major: programs.major },
    tables: [...totals.tables],
    foreign: [...totals.foreign],
    spread: [...totals.spread],
    measures: [...measures],
    notHeld: [...notHeld(catalog, programs !== undefined, Number(known.largeObjects)), ...notCounted(catalog, totals)],
  }
}

/** Where there is no dump, the legacy schema of a pair is what CSV files can be restored into. */
async function writeSchema(
  { path }: EvidenceFolder,
  document: Omit<EvidenceDocument, 'proof' | 'schema'>,
  { migrations }: EvidenceOptions,
): Promise<Omit<EvidenceDocument, 'proof'>> {
  const [legacy, ...others] = migrations.filter((each) => each.legacy.length > 0).map((each) => each.legacy)
  if (document.dump !== null || legacy === undefined || others.length > 0) return { ...document, schema: null }
  const statements = legacy.flatMap((script) => script.statements).filter(({ copyData }) => copyData === undefined)
  await writeText(join(path, evidenceFiles.schema), statements.map(({ text }) => `${text};\n`).join(''))
  return { ...document, schema: evidenceFiles.schema }
}

async function prove(
  folder: string,
  document: Omit<EvidenceDocument, 'proof'>,
  { programs, restoreInto }: Sight,
  signal: AbortSignal,
): Promise<EvidenceDocument['proof']> {
  if (restoreInto === undefined) return { outcome: 'not-proven', because: 'Nothing was restored (--no-proof).' }
  if (document.dump === null && document.schema === null)
    return { outcome: 'not-proven', because: 'Without a dump there is no schema to restore the CSV files into.' }
  const { server, restored, problems, restoreMs } = await restoreEvidence(folder, document, { programs, major: restoreInto, signal }).catch(
    (error: unknown) => {
      if (!(error instanceof StatementError)) throw error
      throw new EnvironmentError('restoring the evidence failed on the throw-away server', {
        detail: `${error.message} (${error.sqlstate}).`,
        hint: '--no-proof leaves the proof out; "godwit evidence --check" makes it later.',
        cause: error,
      })
    },
  )
  if (problems.length === 0) return { outcome: 'proven', server, restored: [...restored], restoreMs }
  throw new EnvironmentError('what was restored is not what was read', {
    detail: problems.join('\n'),
    hint: 'The evidence is removed. --no-proof keeps it, and its document says that it is not proven.',
  })
}
