import { expect, test } from 'vitest'
import { openDatabase, type Session } from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { closesPortal, cutConnection } from '../../cut-connection.ts'

async function readByCursor(reader: Session): Promise<void> {
  await reader.script('BEGIN')
  for await (const _ of reader.cursor('SELECT generate_series(1, 5)', 2));
}

const manyRows = 'COPY (SELECT generate_series(100000, 199999)) TO STDOUT'

async function readByCopy(reader: Session): Promise<void> {
  for await (const _ of reader.copyTo(manyRows));
}

/** What the copy does not tell is told by the next statement. */
async function stopEarly(reader: Session): Promise<void> {
  for await (const _ of reader.copyTo(manyRows)) break
  await reader.query('SELECT 1')
}

function afterBytes(most: number): (piece: Buffer) => boolean {
  let seen = 0
  return (piece) => {
    seen += piece.length
    return seen > most
  }
}

test.each([
  ['a cursor, after its last row and before the server is ready', { sent: closesPortal }, readByCursor],
  ['a copy out, in the middle of its rows', { received: afterBytes(200_000) }, readByCopy],
  ['a copy out, by a reader that stops early', { received: afterBytes(200_000) }, stopEarly],
])('the connection is lost under %s: the reader fails, and does not wait', { timeout: 20_000 }, async (_, at, read) => {
  await using database = await (await useCluster()).createDatabase()
  await using way = await cutConnection(database.url(), at)
  await using reader = await (await openDatabase(way.url)).connect()
  await expect(read(reader)).rejects.toMatchObject({ sqlstate: '08006' })
})
