import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream, existsSync } from 'node:fs'
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
 * absent or empty (where it is not, restoring fails and changes nothing). One snapshot of the store. The file appears under its name only when it is
 * whole, on disk, and has been read back and compared with the store.
 *
 * @param reader   Outside a transaction. It is cut off when the file cannot be written: the server would go on sending.
 * @param written  Runs before the file is read back.
 * @throws {CommandError} When the file cannot be written, or does not read back as it was written.
 */
export async function backupStore(reader: Connection, places: Places, file: string, written?: () => void): Promise<Backup> {
  const partial = `${file}.partial`
  // The rows come in the same order twice: by no other scan that is under way, and by one process.
  await reader.script(
    'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; SET LOCAL synchronize_seqscans = off; SET LOCAL max_parallel_workers_per_gather = 0',
  )
  try {
    const sent = await write(partial, await storeText(reader, places))
    written?.()
    const [store, read] = [await digest(await storeText(reader, places)), await digest(createReadStream(partial))]
    if (sent.sha256 !== read.sha256 || store.sha256 !== read.sha256)
      throw new CommandError(3, `the backup "${file}" does not read back as it was written`, {
        hint: 'Write it to another disk. Nothing was moved.',
      })
    await reader.script('COMMIT')
    await rename(partial, file)
    return { file, ...sent }
  } catch (cause) {
    reader.destroy()
    await rm(partial, { force: true })
    if (cause instanceof Error && 'syscall' in cause)
      throw new CommandError(2, `"${file}" cannot be written (${'code' in cause ? String(cause.code) : cause.message})`, { cause })
    throw cause
  }
}

interface Written {
  readonly records: number
  readonly sizeBytes: number
  readonly sha256: string
}

/** The whole text of the backup, in chunks. */
async function storeText(reader: Connection, { store }: Places): Promise<AsyncIterable<Buffer>> {
  const [column] = await reader.query<{ type: string }>(
    "SELECT format_type(atttypid, NULL) AS type FROM pg_attribute WHERE attrelid = to_regclass($1) AND attname = 'value'",
    [store],
  )
  return (async function* () {
    yield Buffer.from(head(store, column?.type ?? 'jsonb'))
    let records = 0
    for await (const chunk of reader.copyTo(`COPY (SELECT key, value FROM ${store}) TO STDOUT`) as AsyncIterable<Buffer>) {
      records += newlinesIn(chunk)
      yield chunk
    }
    yield Buffer.from(`\\.\n-- ${records} records\n`)
  })()
}

async function write(file: string, text: AsyncIterable<Buffer>): Promise<Written> {
  let measured: Written = { records: 0, sizeBytes: 0, sha256: '' }
  await pipeline(
    async function* () {
      measured = yield* measure(text)
    },
    createWriteStream(file, { flags: 'w', mode: 0o600 }),
  )
  const onDisk = await open(file, 'r+')
  await onDisk.sync()
  await onDisk.close()
  return measured
}

async function digest(text: AsyncIterable<Buffer>): Promise<Written> {
  const measuring = measure(text)
  for (let step = await measuring.next(); ; step = await measuring.next()) if (step.done === true) return step.value
}

async function* measure(text: AsyncIterable<Buffer>): AsyncGenerator<Buffer, Written> {
  const hash = createHash('sha256')
  let [sizeBytes, lines] = [0, 0]
  for await (const chunk of text) {
    hash.update(chunk)
    sizeBytes += chunk.length
    lines += newlinesIn(chunk)
    yield chunk
  }
  return { records: lines - linesAround, sizeBytes, sha256: hash.digest('hex') }
}

/** Each ends a record: those inside a value are escaped. */
function newlinesIn(chunk: Buffer): number {
  let found = 0
  for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) found += 1
  return found
}

/** Lines of the head, and the two of the foot. */
const linesAround = 7

function head(store: string, type: string): string {
  return `-- Backup of ${store}, made by kv-to-tables.
-- Restore: psql -v ON_ERROR_STOP=1 --single-transaction -f FILE, where the table is absent or empty.
SET client_encoding = 'UTF8';
CREATE TABLE IF NOT EXISTS ${store} (key text PRIMARY KEY, value ${type});
COPY ${store} (key, value) FROM stdin;
`
}
