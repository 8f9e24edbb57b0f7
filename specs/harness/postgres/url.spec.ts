import { createServer } from 'node:net'
import pg from 'pg'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { EnvironmentError } from '../../../harness/errors.ts'
import { type Database, openDatabase, type Session, type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'
import { become, startChildRun } from './child-process.ts'

let server: StartedCluster
let database: Database
let session: Session

beforeAll(async () => {
  server = await startCluster({ kind: 'embedded' })
  database = await server.createDatabase()
  session = await database.connect()
})

afterAll(async () => {
  await session?.close()
  await server?.stop()
})

function urlAs(user: string, password: string): string {
  return `postgres://${user}:${password}@127.0.0.1:${server.address.port}/postgres`
}

const ownUrl = (): string => urlAs('postgres', server.address.password ?? '')

/** What is there beside what this file made itself. */
async function guests(): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT datname AS name FROM pg_database WHERE datname ~ '^godwit_' AND datname <> current_database()
     UNION ALL SELECT rolname FROM pg_roles WHERE rolname ~ '^godwit_owner_' ORDER BY 1`,
  )
  return rows.map(({ name }) => name)
}

describe('a database of somebody else', () => {
  const urlOf = (name: string, password = server.address.password ?? '') =>
    `postgres://postgres:${encodeURIComponent(password)}@127.0.0.1:${server.address.port}/${name}`

  test('is read, and written to only where that is asked for', async () => {
    const opened = await openDatabase(urlOf(database.name))
    expect(opened).toMatchObject({ place: `127.0.0.1:${server.address.port}/${database.name}`, version: server.version })
    await using reading = await opened.connect()
    await expect(reading.query('CREATE TABLE t ()')).rejects.toMatchObject({ sqlstate: '25006' })
    await using writing = await opened.connect({ writes: true })
    await writing.query('CREATE TABLE written ()')
    await writing.query('DROP TABLE written')
  })

  test('that is not there is told by host, port and reason, without the password', async () => {
    const wrong = await openDatabase(urlOf('nowhere', 'se:cret')).catch((error: unknown) => error)
    expect(wrong).toBeInstanceOf(EnvironmentError)
    expect(JSON.stringify([(wrong as Error).message, (wrong as EnvironmentError).detail])).not.toContain('cret')
    await expect(openDatabase('postgres://127.0.0.1:1/x')).rejects.toThrow('cannot use the server at 127.0.0.1:1')
    await expect(openDatabase('postgres://a b@x:y/')).rejects.toThrow('the cluster URL cannot be read')
  })
})

describe('a server given by URL', () => {
  test('serves databases, templates and an owner, and is left as it was', async () => {
    const cluster = await startCluster({ kind: 'url', url: ownUrl() })
    const template = await cluster.template('spec', async (made) => {
      await using builder = await made.connect({ as: 'owner' })
      await builder.script('CREATE TABLE t ()')
    })
    const clone = await cluster.clone(template)
    await using inside = await clone.connect({ as: 'owner' })
    expect(await inside.one('SELECT session_user AS "user", (SELECT count(*)::int FROM t) AS rows')).toEqual({
      user: cluster.owner,
      rows: 0,
    })
    expect(await guests()).toHaveLength(3)
    await cluster.stop()
    expect(await guests()).toEqual([])
  })

  test('serves a user without the right to make roles as its own owner', async () => {
    await session.script(`CREATE ROLE builder LOGIN CREATEDB PASSWORD 'x'`)
    await using cluster = await startCluster({ kind: 'url', url: urlAs('builder', 'x') })
    await using made = await cluster.createDatabase()
    await using inside = await made.connect({ as: 'owner' })
    expect([cluster.superuser, cluster.owner, await inside.one('SELECT current_user AS "user"')]).toEqual([
      false,
      'builder',
      { user: 'builder' },
    ])
  })

  test('serves a user that may make roles without being a superuser', async () => {
    await session.script(`CREATE ROLE manager LOGIN CREATEDB CREATEROLE PASSWORD 'x'`)
    const cluster = await startCluster({ kind: 'url', url: urlAs('manager', 'x') })
    const made = await cluster.clone(await cluster.template('managed', async () => undefined))
    await using inside = await made.connect({ as: 'owner' })
    expect(await inside.one('SELECT current_user AS "user"')).toEqual({ user: cluster.owner })
    expect(cluster.owner).toMatch(/^godwit_owner_[0-9a-f]{8}$/)
    await cluster.stop()
    expect(await guests()).toEqual([])
  })

  test('is refused to a user without the right to make databases', async () => {
    await session.script(`CREATE ROLE reader LOGIN PASSWORD 'x'`)
    await expect(startCluster({ kind: 'url', url: urlAs('reader', 'x') })).rejects.toMatchObject({
      exitCode: 3,
      hint: expect.stringContaining('CREATEDB'),
    })
  })

  test('is refused while others have sessions or data there, unless told otherwise', async () => {
    const other = new pg.Client(ownUrl())
    await other.connect()
    await other.query('CREATE DATABASE shop')
    const shop = new pg.Client(ownUrl().replace(/postgres$/, 'shop'))
    await shop.connect()
    await shop.query('CREATE TABLE orders AS SELECT repeat(md5(i::text), 30) FROM generate_series(1, 45000) AS i')
    await shop.end()
    const refusal: unknown = await startCluster({ kind: 'url', url: ownUrl() }).catch((error: unknown) => error)
    await using told = await startCluster({ kind: 'url', url: ownUrl() }, { allowAnyServer: true })
    await other.query('DROP DATABASE shop')
    await other.end()
    expect(refusal).toMatchObject({
      exitCode: 3,
      detail: expect.stringMatching(/databases with data: shop \(\d+ MB\); 1 client session of others/),
    })
    expect(told.kind).toBe('url')
  })

  test('is swept of what a killed run has left, and of nothing that lives', async () => {
    await using living = await startCluster({ kind: 'url', url: ownUrl() })
    await using kept = await living.createDatabase()
    await using run = await startChildRun([ownUrl()])
    const left = (await guests()).filter((name) => name.includes(run.address.run ?? 'no run'))
    run.process.kill('SIGKILL')
    await run.ended
    expect(left).toHaveLength(3)
    await become(async () => {
      await using _ = await startCluster({ kind: 'url', url: ownUrl() })
      expect(await guests()).not.toEqual(expect.arrayContaining([left[0]]))
      expect((await guests()).filter((name) => left.includes(name))).toEqual([])
    })
    await using inside = await kept.connect()
    expect(await inside.one('SELECT 1 AS alive')).toEqual({ alive: 1 })
  })

  test('is left as it was on SIGINT', async () => {
    await using run = await startChildRun([ownUrl()])
    run.process.kill('SIGINT')
    expect([await run.ended, await guests()]).toEqual([130, []])
  })
})

describe('a URL that leads nowhere', () => {
  const refusalOf = async (url: string, startupTimeoutMs = 5_000): Promise<EnvironmentError> => {
    const error: unknown = await startCluster({ kind: 'url', url }, { startupTimeoutMs }).catch((reason: unknown) => reason)
    expect(error).toBeInstanceOf(EnvironmentError)
    return error as EnvironmentError
  }

  test.each(['127.0.0.1', 'localhost'])('at %s is an error of the environment that names host and port, not the password', async (host) => {
    const error = await refusalOf(`postgres://me:s3cret@${host}:1/db`)
    expect(error.message).toBe(`cannot use the server at ${host}:1`)
    expect(error.detail).toContain('ECONNREFUSED')
    expect(JSON.stringify([error.message, error.detail, error.hint, error.stack])).not.toContain('s3cret')
  })

  test('with a wrong password says what the server said', async () => {
    const error = await refusalOf(urlAs('postgres', 's3cret'))
    expect(error.detail).toContain('28P01')
    expect(JSON.stringify([error.message, error.detail, error.hint, error.stack])).not.toContain('s3cret')
  })

  test('to somebody who never answers is given up in time', async () => {
    const silent = createServer(() => undefined)
    await new Promise<void>((resolve) => {
      silent.listen(0, '127.0.0.1', resolve)
    })
    const { port } = silent.address() as { port: number }
    expect((await refusalOf(`postgres://me:s3cret@127.0.0.1:${port}/db`, 300)).message).toContain(`127.0.0.1:${port}`)
    silent.close()
  })
})
