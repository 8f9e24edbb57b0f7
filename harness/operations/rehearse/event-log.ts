import { appendFileSync } from 'node:fs'
import { EnvironmentError } from '../../errors.ts'
import { quoteName, type RelationName, type Session, StatementError, shownName } from '../../postgres/index.ts'
import { maskSecretsIn } from '../../report/index.ts'
import { nameOf } from '../evidence/table-name.ts'
import type { Copy } from './copy.ts'

/** One thing that happened in a migration, told before the next one happens. */
export interface MigrationEvent {
  /** ISO 8601, with milliseconds. */
  readonly at: string
  readonly migration: string
  readonly direction: 'up' | 'down'
  /** `statement` and `commit` are told before they are sent: the last one of a migration that was cut off is the one that ran. */
  readonly event: 'begin' | 'statement' | 'commit' | 'error' | 'end'
  /** Number of the statement, from 1. */
  readonly statement?: number | undefined
  readonly file?: string | undefined
  readonly line?: number | undefined
  /** The first line of the statement. */
  readonly text?: string | undefined
  readonly sqlstate?: string | undefined
  readonly message?: string | undefined
  readonly outcome?: 'applied' | 'failed' | undefined
  readonly durationMs?: number | undefined
}

/** Where events go: each is written when the promise is kept. */
export interface EventLog extends AsyncDisposable {
  write(event: MigrationEvent): Promise<void>
}

/** Where a user wants them. */
export interface EventPlaces {
  /** JSON lines are appended to this file. */
  readonly file?: string | undefined
  /** Rows are added to this table of the copy, which is made where it is not there. */
  readonly table?: string | undefined
}

/**
 * Open the places for events.
 *
 * @throws {EnvironmentError} Here or on `write`, when a place cannot be written.
 */
export async function openEventLog(copy: Copy, { file, table }: EventPlaces = {}): Promise<EventLog> {
  // A file that cannot be written is found before anything is changed.
  if (file !== undefined) append(file, '')
  const session = table === undefined ? undefined : await openTable(copy, nameOf(withSchema(table)))
  return {
    async write(event) {
      const masked = maskSecretsIn(event)
      if (file !== undefined) append(file, `${JSON.stringify(masked)}\n`)
      await session?.write(masked)
    },
    async [Symbol.asyncDispose]() {
      await session?.close()
    },
  }
}

function append(file: string, text: string): void {
  try {
    appendFileSync(file, text)
  } catch (cause) {
    throw new EnvironmentError(`events cannot be written to "${file}"`, { detail: `${(cause as Error).message}.`, cause })
  }
}

function withSchema(table: string): string {
  return table.includes('.') ? table : `public.${table}`
}

/** A session of its own commits each event at once: it stays where the transaction of the migration is rolled back. */
async function openTable(copy: Copy, name: RelationName) {
  const session = await copy.observe()
  const table = quoteName(name)
  const insert = `INSERT INTO ${table} (event) VALUES ($1)`
  try {
    await orRefused(name, () => session.script(createSql(table)))
  } catch (error) {
    await session.close()
    throw error
  }
  return {
    write: (event: MigrationEvent) => orRefused(name, () => session.query(insert, [JSON.stringify(event)])),
    close: () => session.close(),
  }
}

function createSql(table: string): string {
  return `CREATE TABLE IF NOT EXISTS ${table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, event jsonb NOT NULL)`
}

/** Not as a `StatementError`, which would count as the migration's own. */
async function orRefused({ schema, name }: RelationName, work: () => ReturnType<Session['query'] | Session['script']>): Promise<void> {
  try {
    await work()
  } catch (cause) {
    if (!(cause instanceof StatementError)) throw cause
    throw new EnvironmentError(`events cannot be written to the table ${shownName(`${schema}.${name}`)}`, {
      detail: `${cause.message} (${cause.sqlstate}).`,
      hint: 'Name a table that the role of the copy may make, or write to.',
      cause,
    })
  }
}
