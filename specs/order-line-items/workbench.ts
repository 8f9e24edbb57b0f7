import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import {
  captureSnapshot,
  type Database,
  type GenerationPlan,
  noHints,
  planGeneration,
  readCatalog,
  type Session,
  type Snapshot,
} from 'godwit'
import { useCluster } from 'godwit/vitest'

/** A folder with `legacy.sql`, `up.sql` and `down.sql`. */
export interface Scripts {
  readonly legacy: string
  readonly up: string
  readonly down: string
}

export const corrected = readScripts('migrations/order-line-items')
export const asPlanned = readScripts('fixtures/specimens/order-line-items-as-planned')

/** A database with the legacy schema, a superuser's session on it, and how to fill it. */
export interface Workbench extends AsyncDisposable {
  readonly database: Database
  readonly session: Session
  readonly plan: GenerationPlan
}

/** A database of its own with the legacy schema, and no rows. */
export async function openWorkbench(): Promise<Workbench> {
  const database = await (await useCluster()).createDatabase()
  const session = await database.connect()
  await session.script(corrected.legacy)
  return {
    database,
    session,
    plan: await planGeneration(session, await readCatalog(session), noHints),
    async [Symbol.asyncDispose]() {
      await session.close()
      await database.drop()
    },
  }
}

/** Do the work inside a transaction and roll it back, whatever comes of it. */
export async function rolledBack<Result>(session: Session, work: () => Promise<Result>): Promise<Result> {
  await session.script('BEGIN')
  try {
    return await work()
  } finally {
    await session.script('ROLLBACK')
  }
}

/** All rows of a relation: columns with their types, cells as the server writes them. */
export async function linesOf(
  session: Session,
  name: string,
): Promise<{ readonly columns: readonly string[]; readonly rows: readonly string[] }> {
  const [result] = await session.script(`SELECT * FROM ${name} ORDER BY id`)
  return {
    columns: result?.fields.map((each) => `${each.name} ${each.typeOid}`) ?? [],
    rows: result?.rows.map((row) => JSON.stringify(row)) ?? [],
  }
}

/** Everything that a rollback must restore. */
export async function stateOf(session: Session): Promise<Snapshot> {
  return captureSnapshot(session, await readCatalog(session))
}

function readScripts(directory: string): Scripts {
  const read = (name: string) => readFileSync(resolve(import.meta.dirname, '../..', directory, name), 'utf8')
  return { legacy: read('legacy.sql'), up: read('up.sql'), down: read('down.sql') }
}
