import pg from 'pg'
import { beforeAll, describe, expect, inject, test, vi } from 'vitest'
import { type Cluster, joinCluster, type Session, StatementError, whileSharedRowsChange } from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await useCluster()
})

/** A key that no other spec file, and no other run, has used. */
const ownKey = (name: string): string => `${name} ${process.pid} ${performance.now()}`

describe('database', () => {
  test('is empty, and its owner is no superuser', async () => {
    await using database = await cluster.createDatabase()
    await using session = await database.connect({ as: 'owner' })
    expect(
      await session.one(`SELECT current_user AS "user", session_user AS session, current_database() AS database, rolsuper OR rolcreatedb OR rolcreaterole OR rolbypassrls AS mighty,
        (SELECT count(*)::int FROM pg_class WHERE oid >= 16384) AS relations, pg_get_userbyid(datdba) AS owner, has_schema_privilege('public', 'CREATE') AS creates,
        pg_encoding_to_char(encoding) AS encoding
        FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`),
    ).toEqual({
      user: cluster.owner,
      session: cluster.owner,
      database: database.name,
      mighty: false,
      relations: 0,
      owner: cluster.owner,
      creates: true,
      encoding: 'UTF8',
    })
  })

  test('is dropped with the sessions in it, once', async () => {
    const database = await cluster.createDatabase()
    await using session = await database.connect()
    await database.drop()
    await database.drop()
    await expect(session.query('SELECT 1')).rejects.toBeInstanceOf(StatementError)
    await expect(database.connect()).rejects.toMatchObject({ sqlstate: '3D000' })
  })

  test('lets a role in that may not log in', async () => {
    await using database = await cluster.createDatabase()
    await using session = await database.connect()
    const role = `godwit_spec_${process.pid}`
    await session.script(`CREATE ROLE ${role} NOLOGIN`)
    const as = await database.connect({ as: { role } })
    await as.script('RESET ALL; RESET ROLE')
    expect(await as.one('SELECT current_user AS "user"')).toEqual({ user: role })
    await as.close()
    await session.script(`DROP ROLE ${role}`)
  })

  test.each(['owner', 'superuser'] as const)('has a URL by which tools come in as %s, with a password', async (as) => {
    await using database = await cluster.createDatabase()
    const url = database.url({ as })
    const client = new pg.Client(url)
    await client.connect()
    const { rows } = await client.query('SELECT current_database() AS database, current_user AS "user"')
    await client.end()
    expect(rows).toEqual([{ database: database.name, user: as === 'owner' ? cluster.owner : 'postgres' }])
    const wrong = new URL(url)
    wrong.password = 'wrong'
    await expect(new pg.Client(wrong.href).connect()).rejects.toMatchObject({ code: '28P01' })
  })
})

describe('template', () => {
  test('is built once, whoever asks for it at the same time', async () => {
    const key = ownKey('once')
    await using other = await joinCluster(inject('godwitCluster'))
    let builds = 0
    const build = async (): Promise<void> => {
      builds += 1
    }
    const templates = await Promise.all([
      cluster.template(key, build),
      cluster.template(key, build),
      other.template(key, build),
      other.template(key, build),
    ])
    expect([builds, new Set(templates.map(({ name }) => name)).size]).toEqual([1, 1])
    expect((await cluster.template(ownKey('another'), build)).name).not.toBe(templates[0]?.name)
  })

  test('is cloned with what is in it, many times at once, although its builder left a session open', async () => {
    const key = ownKey('cloned')
    const left: Session[] = []
    const template = await cluster.template(key, async (database) => {
      const session = await database.connect({ as: 'owner' })
      await session.script('CREATE TABLE t (x int); INSERT INTO t VALUES (42)')
      left.push(session)
    })
    const clones = await Promise.all([1, 2, 3].map(() => cluster.clone(template)))
    for (const clone of clones) {
      await using session = await clone.connect({ as: 'owner' })
      expect(
        await session.one('SELECT x, pg_get_userbyid(datdba) AS owner FROM t, pg_database WHERE datname = current_database()'),
      ).toEqual({ x: 42, owner: cluster.owner })
    }
    await Promise.all(clones.map((clone) => clone.drop()))
    for (const session of left) await session.close()
  })

  test('whose build fails leaves nothing, and is built again', async () => {
    const key = ownKey('fails')
    await expect(cluster.template(key, async () => Promise.reject(new TypeError('mine')))).rejects.toThrow(new TypeError('mine'))
    const template = await cluster.template(key, async () => undefined)
    await using clone = await cluster.clone(template)
    expect(clone.name).not.toBe(template.name)
  })

  test('is closed to sessions', async () => {
    const key = ownKey('closed')
    let connect = async (): Promise<unknown> => undefined
    await cluster.template(key, async (database) => {
      connect = () => database.connect()
    })
    await expect(connect()).rejects.toMatchObject({ sqlstate: '55000' })
  })
})

describe('a row that all databases share', () => {
  /** One session holds the row; `work` wants to change it, and is refused once the first commits. */
  async function meetAt(work: (session: Session, sql: string) => Promise<unknown>): Promise<unknown> {
    await using database = await cluster.createDatabase()
    await using first = await database.connect()
    await using second = await database.connect()
    const role = `shared_${process.pid}`
    await first.query(`CREATE ROLE ${role}`)
    try {
      await first.script(`BEGIN; ALTER ROLE ${role} CONNECTION LIMIT 1`)
      const refused = work(second, `ALTER ROLE ${role} CONNECTION LIMIT 2`).catch((error: unknown) => error)
      await vi.waitUntil(async () => (await first.query('SELECT 1 FROM pg_locks WHERE NOT granted')).length > 0, { timeout: 10_000 })
      await first.script('COMMIT')
      return await refused
    } finally {
      await first.query(`DROP ROLE ${role}`)
    }
  }

  test('is refused by the server where another session changes it', async () => {
    expect(await meetAt((session, sql) => session.script(sql))).toMatchObject({ sqlstate: 'XX000', message: 'tuple concurrently updated' })
  })

  test('is changed all the same', async () => {
    expect(await meetAt((session, sql) => whileSharedRowsChange(() => session.script(sql)))).toEqual([expect.anything()])
  })
})
