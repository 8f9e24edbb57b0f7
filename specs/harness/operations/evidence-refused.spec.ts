import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { GodwitError } from '../../../harness/errors.ts'
import { majorToRestoreInto, programsFor, programsToRead } from '../../../harness/operations/evidence/dump.ts'
import { type StartedCluster, withTransaction } from '../../../harness/postgres/index.ts'
import {
  major,
  migrationOf,
  openShop,
  type Shop,
  scratchFolder,
  skipped,
  startProduction,
  type TakeOptions,
  take,
  urlAs,
} from './production.ts'

const step = migrationOf('DELETE FROM items')

/** What stopped a run, as the command says it. */
async function refusalOf(work: Promise<unknown>): Promise<GodwitError> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(GodwitError)
  return error as GodwitError
}

describe.skipIf(major === undefined)(`evidence is refused${skipped}`, () => {
  let production: StartedCluster
  let shop: Shop
  let scratch: Awaited<ReturnType<typeof scratchFolder>>
  beforeAll(async () => {
    production = await startProduction()
  })
  afterAll(async () => {
    await production?.stop()
  })
  beforeEach(async () => {
    scratch = await scratchFolder()
    shop = await openShop(production, 'CREATE TABLE items (id int PRIMARY KEY, owner text); INSERT INTO items VALUES (1, current_user)')
  })
  // Whatever it was, nothing is left of it.
  afterEach(async () => {
    expect(readdirSync(scratch.path)).toEqual([])
    const [{ others }] = (await shop.session.query<{ others: number }>(
      'SELECT count(*)::int AS others FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()',
    )) as [{ others: number }]
    expect(others).toBe(0)
    await shop[Symbol.asyncDispose]()
    await scratch[Symbol.asyncDispose]()
  })

  const refused = (url: string, more: TakeOptions = {}) => refusalOf(take(url, step, join(scratch.path, 'taken'), more))
  let roles = 0
  async function roleWith(grants: (role: string) => string): Promise<string> {
    roles += 1
    const role = `backup_${roles}`
    await shop.session.script(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; ${grants(role)}`)
    return role
  }

  test('to a role that may not read a table, with what to grant', async () => {
    await shop.session.script('CREATE SCHEMA hidden; CREATE TABLE hidden.other (id int); CREATE SEQUENCE counter')
    const role = await roleWith((name) => `GRANT SELECT ON items TO ${name}; GRANT SELECT (id) ON hidden.other TO ${name}`)
    const error = await refused(urlAs(shop.url, role, 'x'))
    expect(error).toMatchObject({
      exitCode: 3,
      message: `the role "${role}" sees only a part of the database`,
      detail: 'It may not read hidden.other, public.counter.',
      hint: expect.stringContaining(
        `GRANT USAGE ON SCHEMA "hidden" TO "${role}";\nGRANT SELECT ON "hidden"."other" TO "${role}";\nGRANT SELECT ON SEQUENCE "public"."counter" TO "${role}";`,
      ),
    })
    // What it says to grant is enough.
    await shop.session.script(error.hint?.split('\n').slice(1).join('\n') ?? '')
    await using other = await scratchFolder()
    const { document } = await take(urlAs(shop.url, role, 'x'), step, join(other.path, 'taken'), { proof: false })
    expect(document.role).toBe(role)
    await shop.session.script(`DROP OWNED BY ${role}`)
  })

  test('to a role from which row security hides rows, owners who force it upon themselves included', async () => {
    await shop.session.script('ALTER TABLE items ENABLE ROW LEVEL SECURITY; CREATE POLICY own ON items USING (owner = current_user)')
    const role = await roleWith((name) => `GRANT SELECT ON items TO ${name}`)
    const error = await refused(urlAs(shop.url, role, 'x'))
    expect(error).toMatchObject({
      exitCode: 3,
      detail: 'Row security hides rows from it in public.items.',
      hint: expect.stringContaining(`ALTER ROLE "${role}" BYPASSRLS;`),
    })
    await shop.session.script(`ALTER TABLE items OWNER TO ${role}; ALTER TABLE items FORCE ROW LEVEL SECURITY`)
    expect((await refused(urlAs(shop.url, role, 'x'))).detail).toBe('Row security hides rows from it in public.items.')
    await shop.session.script(`ALTER TABLE items OWNER TO postgres; DROP OWNED BY ${role}`)
  })

  test('without an answer, or with a wrong password, or a database that is not there', async () => {
    expect(await refused('postgres://me:s3cret@127.0.0.1:1/x')).toMatchObject({
      exitCode: 3,
      message: 'cannot use the server at 127.0.0.1:1',
    })
    expect((await refused(urlAs(shop.url, 'postgres', 's3cret'))).detail).toContain('28P01')
    const nowhere = new URL(shop.url)
    nowhere.pathname = '/nowhere'
    expect((await refused(nowhere.href)).detail).toContain('database "nowhere" does not exist')
    expect(await refused('items')).toMatchObject({ exitCode: 2, message: 'the cluster URL cannot be read' })
  })

  test('in a database that has none of the tables, and in one that has no tables', async () => {
    await shop.session.script('ALTER TABLE items RENAME TO things')
    const other = await refused(shop.url)
    expect([other.exitCode, other.detail]).toEqual([2, 'It has public.things.'])
    expect(other.message).toContain('has no table that the migration can write')
    await shop.session.script('DROP TABLE things')
    expect(await refused(shop.url, { all: true })).toMatchObject({ exitCode: 2, detail: 'It has no tables at all.' })
  })

  test('where a measure of the contract cannot be read', async () => {
    const measured = migrationOf('DELETE FROM items', [{ name: 'stock', before: 'SELECT stock FROM items', after: '' }])
    const error = await refused(shop.url, { migrations: [measured] })
    expect(error).toMatchObject({ exitCode: 2, message: 'the measure "stock" cannot be read before the migration' })
    expect(error.detail).toBe('column "stock" does not exist (42703).')
  })

  test('where somebody holds a table', { timeout: 60_000 }, async () => {
    await using holder = await shop.database.connect()
    const error = await withTransaction(holder, async () => {
      await holder.script('LOCK TABLE items IN ACCESS EXCLUSIVE MODE')
      return await refused(shop.url)
    })
    expect(error.exitCode).toBe(3)
    expect(error.detail).toMatch(/lock timeout \(55P03\)\.$/)
    expect(error.hint).toContain('Another session holds the lock of a table')
  })

  test('where the folder is there already, or cannot be made', async () => {
    const folder = join(scratch.path, 'taken')
    mkdirSync(folder)
    const error = await refused(shop.url)
    expect(error).toMatchObject({ exitCode: 2, message: `"${folder}" is there already` })
    expect(readdirSync(folder)).toEqual([])
    execFileSync('rmdir', [folder])
    expect(await refused(shop.url, { folder: join(scratch.path, 'no', 'where') })).toMatchObject({ exitCode: 2 })
  })

  test('to the second of two runs into one folder, and the first is whole', async () => {
    const folder = join(scratch.path, 'taken')
    const runs = await Promise.allSettled([1, 2].map(() => take(shop.url, step, folder, { signed: true })))
    const [lost] = runs.flatMap((run) => (run.status === 'rejected' ? [run.reason as Error] : []))
    const won = runs.flatMap((run) => (run.status === 'fulfilled' ? [run.value.document.proof.outcome] : []))
    expect([lost?.message, won]).toEqual([`"${folder}" is there already`, ['proven']])
    expect(readdirSync(folder)).toContain('SHA256SUMS')
    execFileSync('rm', ['-r', folder])
  })

  test('where the proof fails: nothing is kept that is no backup', async () => {
    // A dump restores no such check: it looks at other tables, which are still empty then.
    await shop.session.script(
      `CREATE FUNCTION known(int) RETURNS bool LANGUAGE sql AS 'SELECT EXISTS (SELECT FROM public.items WHERE id = $1)';
       CREATE TABLE a_first (item int CHECK (known(item))); INSERT INTO a_first VALUES (1)`,
    )
    const error = await refused(shop.url)
    expect(error).toMatchObject({ exitCode: 3, message: 'what was restored is not what was read' })
    expect(error.detail).toContain('dump.pgdump cannot be restored')
    expect(error.detail).toContain('a_first')
  })

  test('on a full disk', async (context) => {
    await shop.session.script("INSERT INTO items SELECT n, md5(n::text) || repeat('x', 100) FROM generate_series(2, 50000) AS n")
    const disk = join(scratch.path, 'disk')
    mkdirSync(disk)
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk]).status !== 0) {
      execFileSync('rmdir', [disk])
      context.skip('a tiny file system cannot be mounted here')
    }
    try {
      const error = await refused(shop.url, { folder: join(disk, 'taken') })
      expect(error).toMatchObject({ exitCode: 3, message: expect.stringContaining('no room is left on the disk of') })
      expect(readdirSync(disk)).toEqual([])
    } finally {
      execFileSync('umount', [disk])
      execFileSync('rmdir', [disk])
    }
  })
})

describe('programs of PostgreSQL', () => {
  const found = [15, 17].map((each) => ({
    dump: `/bin-${each}/pg_dump`,
    restore: `/bin-${each}/pg_restore`,
    version: `${each}.3`,
    major: each,
  }))

  test('are those of the version of the server, or else the next newer ones', () => {
    const chosen = [14, 15, 16, 17].map((each) => programsFor({ text: `${each}.1`, major: each }, found).version)
    expect(chosen).toEqual(['15.3', '15.3', '17.3', '17.3'])
  })

  test('are missing with what was found and what to install', async () => {
    const missing = await refusalOf((async () => programsFor({ text: '18.4', major: 18 }, found))())
    expect(missing).toMatchObject({
      exitCode: 3,
      message: 'no pg_dump can dump PostgreSQL 18.4',
      detail: 'It wants pg_dump 18 or newer. Found: /bin-15/pg_dump (15.3), /bin-17/pg_dump (17.3).',
      hint: expect.stringContaining('postgresql-client-18'),
    })
    expect((await refusalOf((async () => programsToRead({ version: '18.4', major: 18 }, found))())).message).toBe(
      'no pg_restore can read a dump of pg_dump 18.4',
    )
  })

  test('have a server to restore into that is as new as they are', async () => {
    expect([15, 16].map((least) => majorToRestoreInto(least, 'UTF8', [15, 18]))).toEqual([15, 18])
    expect((await refusalOf((async () => majorToRestoreInto(19, 'UTF8', [15, 18]))())).detail).toBe('Installed: 15, 18.')
    expect((await refusalOf((async () => majorToRestoreInto(15, 'LATIN1', [15, 18]))())).message).toContain('LATIN1')
  })
})
