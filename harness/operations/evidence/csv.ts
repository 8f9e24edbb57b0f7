import { createReadStream } from 'node:fs'
import { pinSettingsScript, quoteName, type Session, withTransaction } from '../../postgres/index.ts'
import { safeFolderName } from '../../report/index.ts'
import { writeChunks } from './folder.ts'
import { nameOf } from './table-name.ts'

/** The file of a table: its path, with a digest where a file name cannot hold it. */
export function csvFile(path: string, others: readonly string[]): string {
  const name = safeFolderName(path)
  // A file system that knows no case would take both for one file.
  const taken = others.filter((other) => safeFolderName(other).toLowerCase() === name.toLowerCase())
  return `csv/${taken.length === 0 ? name : `${name}-${taken.length + 1}`}.csv`
}

/**
 * Write all rows of a table's own into a file: UTF-8, a header, every value quoted and NULL not, so that NULL is no empty text.
 *
 * @param session  In a transaction, which keeps the pinned settings.
 * @returns Bytes written.
 */
export async function writeCsv(session: Session, path: string, file: string): Promise<number> {
  await session.script(pinSettingsScript())
  return writeChunks(
    file,
    session.copyTo(`COPY ${quoteName(nameOf(path))} TO STDOUT WITH (FORMAT csv, HEADER, FORCE_QUOTE *, ENCODING 'UTF8')`),
  )
}

/**
 * Read such a file into the table, with triggers and foreign keys switched off; PostgreSQL itself parses it.
 *
 * @param session  Of a superuser on a throw-away database.
 * @throws {StatementError} Where the file is damaged: its context has the line.
 */
export async function restoreCsv(session: Session, path: string, file: string): Promise<void> {
  await withTransaction(session, async () => {
    await session.script(`${pinSettingsScript()}; SET LOCAL session_replication_role = replica`)
    const copy = `COPY ${quoteName(nameOf(path))} FROM STDIN WITH (FORMAT csv, HEADER match, ENCODING 'UTF8')`
    await session.copyFrom(copy, createReadStream(file))
  })
}
