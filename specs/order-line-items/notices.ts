import type { Database } from 'godwit'
import pg from 'pg'

/** What a script tells who runs it, in one transaction. */
export async function noticesOf(database: Database, script: string): Promise<readonly string[]> {
  const client = new pg.Client({ connectionString: database.url() })
  const notices: string[] = []
  client.on('notice', ({ message }) => notices.push(message ?? ''))
  await client.connect()
  try {
    await client.query(`BEGIN;\n${script}\n;COMMIT`)
    return notices
  } finally {
    await client.end()
  }
}
