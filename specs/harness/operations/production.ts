import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { readSource } from '../../../harness/formats/index.ts'
import { parseScript } from '../../../harness/migration/index.ts'
import { type Evidence, type EvidenceMigration, migrationsIn, takeEvidence } from '../../../harness/operations/index.ts'
import {
  type Cluster,
  type Database,
  findClientPrograms,
  installedMajors,
  type Session,
  type StartedCluster,
  startCluster,
} from '../../../harness/postgres/index.ts'

const dumps = findClientPrograms()

/** The newest server that can be started and that a `pg_dump` of this machine can dump. */
export const major = installedMajors().findLast((each) => dumps.some((program) => program.major >= each))

/** Why specs that want `pg_dump` are skipped, for their titles. */
export const skipped =
  major === undefined ? ' (skipped: no pg_dump that fits an installed server; install postgresql-client of Debian)' : ''

/** A server of somebody else: another one than that of the run. */
export async function startProduction(): Promise<StartedCluster> {
  return startCluster({ kind: 'embedded', major: major ?? 15 })
}

/** A database of it, and a superuser's session on it. */
export interface Shop extends AsyncDisposable {
  readonly database: Database
  readonly session: Session
  readonly url: string
}

export async function openShop(production: Pick<Cluster, 'createDatabase'>, sql: string): Promise<Shop> {
  const database = await production.createDatabase()
  const session = await database.connect()
  await session.script(sql)
  return {
    database,
    session,
    url: database.url(),
    async [Symbol.asyncDispose]() {
      await session.close()
      await database.drop()
    },
  }
}

/** The URL for another role of the same database. */
export function urlAs(url: string, user: string, password: string): string {
  const changed = new URL(url)
  changed.username = user
  changed.password = password
  return changed.href
}

/** A folder of a spec's own; evidence goes below it. */
export async function scratchFolder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'godwit-evidence-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

/** The migrations at a path, as the command reads them. */
export async function migrationsAt(path: string): Promise<readonly EvidenceMigration[]> {
  const source = await readSource(path, {})
  const names = source.kind === 'pairs' ? source.migrations.map(({ migration }) => migration.name) : []
  return migrationsIn([source], new Set(names))
}

/** A migration of one script. */
export function migrationOf(sql: string, measures: EvidenceMigration['measures'] = []): EvidenceMigration {
  return { name: 'the-step', digest: 'f'.repeat(64), scripts: [parseScript('up.sql', sql)], opaque: false, measures, legacy: [] }
}

export type TakeOptions = Partial<Parameters<typeof takeEvidence>[0]>

/** Take evidence into a folder with the defaults of the command. */
export function take(url: string, migration: EvidenceMigration, folder: string, more: TakeOptions = {}): Promise<Evidence> {
  return takeEvidence({
    url,
    migrations: [migration],
    folder,
    all: false,
    dump: true,
    proof: true,
    signed: false,
    signal: new AbortController().signal,
    say: () => undefined,
    ...more,
  })
}
