import { createHash } from 'node:crypto'
import { createWriteStream, existsSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Connection } from './connection.ts'
import { CommandError } from './errors.ts'
import type { Places } from './tables.ts'

export interface Backup {
  readonly file: string
  readonly records: number
  readonly sizeBytes: number
  /** Hex, of the whole file. */
  readonly sha256: string
}

/** @throws {CommandError} When the file is there already: a backup never overwrites another. */
export function checkBackupFile(file: string): void {
  if (existsSync(file)) throw new CommandError(2, `"${file}" is there already`, { hint: 'Name a new file for the backup.' })
}

/**
 * Write the store to an SQL file that psql restores: `psql -v ON_ERROR_STOP=1 --single-transaction -f FILE`, into a database where the store is
 * absent or empty (where it is not, restoring fails and changes nothing). Seen by the snapshot of the reader's transaction. The file appears under
 * its name only when it is whole and on disk.
 */
export async function backupStore(reader: Connection, { store }: Places, file: string): Promise<Backup> {
  const [table] = await reader.query<{ type: string }>(
    "SELECT format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = 'value'",
    [store],
  )
  const partial = `${file}.partial`
  const hash = createHash('sha256')
  let sizeBytes = 0
  let records = 0
  const copy = reader.copyTo(`COPY (SELECT key, value FROM ${store}) TO STDOUT`)
  try {
    await pipeline(
      async function* () {
        const pass = (chunk: Buffer) => {
          hash.update(chunk)
          sizeBytes += chunk.length
          return chunk
        }
        yield pass(Buffer.from(head(store, table?.type ?? 'jsonb')))
        for await (const chunk of copy as AsyncIterable<Buffer>) {
          // A newline inside a value is escaped: each one ends a record.
          for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) records += 1
          yield pass(chunk)
        }
        yield pass(Buffer.from(`\\.\n-- ${records} records\n`))
      },
      createWriteStream(partial, { flags: 'w', mode: 0o600 }),
    )
    const written = await open(partial, 'r+')
    await written.sync()
    await written.close()
    await rename(partial, file)
  } catch (cause) {
    await rm(partial, { force: true })
    if (cause instanceof Error && 'syscall' in cause)
      throw new CommandError(2, `"${file}" cannot be written (${'code' in cause ? String(cause.code) : cause.message})`, { cause })
    throw cause
  }
  return { file, records, sizeBytes, sha256: hash.digest('hex') }
}

function head(store: string, type: string): string {
  return `-- Backup of ${store}, made by kv-to-tables.
-- Restore: psql -v ON_ERROR_STOP=1 --single-transaction -f FILE, where the table is absent or empty.
SET client_encoding = 'UTF8';
CREATE TABLE IF NOT EXISTS ${store} (key text PRIMARY KEY, value ${type});
COPY ${store} (key, value) FROM stdin;
`
}
