import { once } from 'node:events'
import { connect } from 'node:net'
import pg from 'pg'
import { describe, expect, test } from 'vitest'
import type { Database } from '../../../harness/postgres/index.ts'
import type { Sent } from '../../../harness/recording/model.ts'
import { type ProxyOptions, type RecordingProxy, startRecordingProxy } from '../../../harness/recording/proxy.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { bind, execute, message, parse, query, sync, WireClient } from './wire-client.ts'

async function recording(
  work: (proxy: RecordingProxy, database: Database) => Promise<void>,
  onAnswered?: ProxyOptions['onAnswered'],
): Promise<void> {
  await using database = await (await useCluster()).createDatabase()
  await using proxy = await startRecordingProxy({ url: database.url({ as: 'owner' }), onAnswered })
  await work(proxy, database)
}

async function withClient(proxy: RecordingProxy, work: (client: pg.Client) => Promise<void>): Promise<void> {
  const client = new pg.Client({ connectionString: proxy.url })
  await client.connect()
  await work(client)
  await client.end()
}

const shown = (sent: readonly Sent[]) =>
  sent.map(({ text, parameters, transaction, completed, error }) => [text, parameters, transaction, completed, error?.sqlstate])

describe('a recording proxy notes', () => {
  test('simple queries: one statement, several in a message, and the one that fails in the middle of them', () =>
    recording(async (proxy) => {
      await withClient(proxy, async (client) => {
        await client.query('CREATE TABLE a (id int)')
        await client.query('INSERT INTO a VALUES (1); INSERT INTO a VALUES (2)')
        await client.query('INSERT INTO a VALUES (3); SELECT 1/0; INSERT INTO a VALUES (4)').catch(() => undefined)
      })
      expect(shown(proxy.sent)).toEqual([
        ['CREATE TABLE a (id int)', [], undefined, 1, undefined],
        ['INSERT INTO a VALUES (1); INSERT INTO a VALUES (2)', [], undefined, 2, undefined],
        ['INSERT INTO a VALUES (3); SELECT 1/0; INSERT INTO a VALUES (4)', [], undefined, 1, '22012'],
      ])
    }))

  test('extended queries with their parameters, and the blocks in which they were sent', () =>
    recording(async (proxy) => {
      await withClient(proxy, async (client) => {
        await client.query('SELECT $1::text', ["it's"])
        await client.query('BEGIN')
        await client.query('SELECT $1::int, $2::text', [7, null])
        await client.query('COMMIT')
        await client.query('BEGIN')
        await client.query('SELECT $1::int', ['x']).catch(() => undefined)
        await client.query('ROLLBACK')
      })
      expect(shown(proxy.sent)).toEqual([
        ['SELECT $1::text', ["it's"], undefined, 1, undefined],
        ['BEGIN', [], undefined, 1, undefined],
        ['SELECT $1::int, $2::text', ['7', null], 0, 1, undefined],
        ['COMMIT', [], 0, 1, undefined],
        ['BEGIN', [], undefined, 1, undefined],
        ['SELECT $1::int', [], 1, 0, '22P02'],
        ['ROLLBACK', [], 1, 1, undefined],
      ])
    }))

  test('a pipeline: what comes behind an error before the next end of a series was never run, and is not noted', () =>
    recording(async (proxy) => {
      await using client = await WireClient.open(proxy.url)
      const one = (sql: string, ...values: string[]) => [parse(sql), bind(...values), execute()]
      const series = [
        ...one('SELECT $1', 'a'),
        ...one('SELECT 1 / (n - 1) FROM generate_series(1, 1) AS n'),
        ...one('SELECT 2'),
        sync(),
        ...one('SELECT $1', 'b'),
        sync(),
      ]
      expect(await client.say(series, 2)).toBe('12DC12EZ12DCZ')
      expect(shown(proxy.sent)).toEqual([
        ['SELECT $1', ['a'], undefined, 1, undefined],
        ['SELECT 1 / (n - 1) FROM generate_series(1, 1) AS n', [], undefined, 0, '22012'],
        ['SELECT $1', ['b'], undefined, 1, undefined],
      ])
    }))

  test('a statement that does not parse, by the extended protocol', () =>
    recording(async (proxy) => {
      await using client = await WireClient.open(proxy.url)
      await client.say([parse('SELEC 1'), bind(), execute(), sync()])
      expect(shown(proxy.sent)).toEqual([['SELEC 1', [], undefined, 0, '42601']])
    }))

  test('rows of COPY, also in several pieces, and a COPY that the client gives up', () =>
    recording(async (proxy, database) => {
      await using client = await WireClient.open(proxy.url)
      await client.say([query('CREATE TABLE a (id int, name text)')])
      await client.say([query('COPY a FROM STDIN')])
      await client.say([message('d', Buffer.from('1\tone\n2\t')), message('d', Buffer.from('two\n')), message('c')])
      await client.say([query('COPY a FROM STDIN')])
      await client.say([message('d', Buffer.from('3\tthree\n')), message('f', 'no')])
      expect(proxy.sent.map(({ text, copyData, completed, error }) => [text, copyData, completed, error?.sqlstate])).toEqual([
        ['CREATE TABLE a (id int, name text)', undefined, 1, undefined],
        ['COPY a FROM STDIN', '1\tone\n2\ttwo\n', 1, undefined],
        ['COPY a FROM STDIN', '3\tthree\n', 0, '57014'],
      ])
      await using session = await database.connect()
      expect(await session.query('SELECT id, name FROM a ORDER BY id')).toEqual([
        { id: 1, name: 'one' },
        { id: 2, name: 'two' },
      ])
    }))

  test('which connection sent what, and blocks that are open at the same time under numbers of their own', () =>
    recording(async (proxy) => {
      await withClient(proxy, async (first) =>
        withClient(proxy, async (second) => {
          await first.query('BEGIN')
          await second.query('BEGIN')
          await first.query('SELECT 1')
          await second.query('SELECT 2')
          await first.query('COMMIT')
          await second.query('SELECT 3')
          await second.query('COMMIT')
        }),
      )
      expect(
        proxy.sent.map(({ connection, text, transaction, transactionAfter }) => [connection, text, transaction, transactionAfter]),
      ).toEqual([
        [0, 'BEGIN', undefined, 0],
        [1, 'BEGIN', undefined, 1],
        [0, 'SELECT 1', 0, 0],
        [1, 'SELECT 2', 1, 1],
        [0, 'COMMIT', 0, undefined],
        [1, 'SELECT 3', 1, 1],
        [1, 'COMMIT', 1, undefined],
      ])
    }))

  test('settings that a client asks for when it connects', () =>
    recording(async (proxy) => {
      const client = new pg.Client({
        connectionString: proxy.url,
        options: '-c search_path=app,public -c lock_timeout=3s',
        application_name: 'x',
      })
      await client.connect()
      expect((await client.query('SHOW lock_timeout')).rows).toEqual([{ lock_timeout: '3s' }])
      await client.end()
      expect(shown(proxy.sent)).toEqual([
        ['SELECT pg_catalog.set_config($1, $2, false)', ['search_path', 'app,public'], undefined, 1, undefined],
        ['SELECT pg_catalog.set_config($1, $2, false)', ['lock_timeout', '3s'], undefined, 1, undefined],
        ['SHOW lock_timeout', [], undefined, 1, undefined],
      ])
    }))
})

describe('a recording proxy lets through', () => {
  test('a request for encryption, with the answer "no"; and a connection after it', () =>
    recording(async (proxy) => {
      const { hostname, port } = new URL(proxy.url)
      const socket = connect({ host: hostname, port: Number(port) })
      const request = Buffer.alloc(8)
      request.writeInt32BE(8)
      request.writeInt32BE(80877103, 4)
      socket.write(request)
      const [answer] = (await once(socket, 'data')) as [Buffer]
      expect(answer.toString()).toBe('N')
      const ended = once(socket, 'close')
      socket.destroy()
      await ended
      const client = new pg.Client({ connectionString: proxy.url, ssl: true })
      client.on('error', () => undefined)
      await expect(client.connect()).rejects.toThrow('does not support SSL')
      await withClient(proxy, async (plain) => {
        expect((await plain.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }])
      })
    }))

  test('a request to cancel what another connection runs', () =>
    recording(async (proxy) => {
      await withClient(proxy, async (client) => {
        const { processID, secretKey } = client as unknown as { processID: number; secretKey: number }
        const { hostname, port } = new URL(proxy.url)
        const running = client.query('SELECT pg_sleep(60)').catch((error: { code: string }) => error.code)
        // The server is asked by what it does, so that it is not cancelled before it begins.
        await withClient(proxy, async (other) => {
          for (;;) {
            const { rows } = await other.query("SELECT 1 FROM pg_stat_activity WHERE pid = $1 AND query LIKE 'SELECT pg_sleep%'", [
              processID,
            ])
            if (rows.length > 0) break
          }
        })
        const cancel = Buffer.alloc(16)
        for (const [at, number] of [16, 80877102, processID].entries()) cancel.writeInt32BE(number, at * 4)
        cancel.writeInt32BE(secretKey, 12)
        const socket = connect({ host: hostname, port: Number(port) })
        socket.write(cancel)
        await once(socket, 'close')
        expect(await running).toBe('57014')
      })
    }))
})

describe('what answers a client', () => {
  test('waits for a script in its session, in its transaction, which it does not see', async () => {
    const seen: [string, boolean][] = []
    await recording(
      async (proxy, database) => {
        await withClient(proxy, async (client) => {
          await client.query('CREATE TABLE a (id int)')
          await client.query('BEGIN')
          await client.query('INSERT INTO a VALUES (1)')
          expect((await client.query('SELECT count(*)::int AS rows FROM a')).rows).toEqual([{ rows: 2 }])
          await client.query('ROLLBACK')
          expect((await client.query('SELECT count(*)::int AS rows FROM a')).rows).toEqual([{ rows: 0 }])
        })
        await using session = await database.connect()
        expect(await session.query('SELECT * FROM a')).toEqual([])
        expect(seen.slice(0, 3)).toEqual([
          ['CREATE TABLE a (id int)', false],
          ['BEGIN', true],
          ['INSERT INTO a VALUES (1)', true],
        ])
        expect(proxy.sent.map(({ text }) => text)).not.toContain('INSERT INTO a VALUES (2)')
      },
      async (sent, guest) => {
        seen.push([sent.text, guest.inTransaction])
        if (sent.text === 'INSERT INTO a VALUES (1)') await guest.script('INSERT INTO a VALUES (2)')
      },
    )
  })

  test('is told why the server refuses its script; the client goes on', async () => {
    const refused: unknown[] = []
    await recording(
      async (proxy) => {
        await withClient(proxy, async (client) => {
          await client.query('SELECT 1')
          expect((await client.query('SELECT 2 AS two')).rows).toEqual([{ two: 2 }])
        })
        expect(refused).toEqual([expect.objectContaining({ sqlstate: '42P01' })])
      },
      async ({ text }, guest) => {
        if (text === 'SELECT 1') await guest.script('SELECT * FROM nowhere').catch((error: unknown) => refused.push(error))
      },
    )
  })

  test('holds back what the client has sent already', async () => {
    const order: string[] = []
    await recording(
      async (proxy) => {
        await using client = await WireClient.open(proxy.url)
        expect(await client.say([query('SELECT 1')])).toBe('TDCZ')
        // Two messages in one piece: the second has been read by then, and each has its turn all the same.
        await client.say([query('CREATE TABLE a ()'), query('CREATE TABLE b ()')], 2)
        expect(order).toEqual(['SELECT 1', 'CREATE TABLE a ()', 'CREATE TABLE b ()'])
      },
      async ({ text }, guest) => {
        order.push(text)
        await guest.script('SELECT 1')
      },
    )
  })
})
