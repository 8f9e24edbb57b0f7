import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { prepareEnvironment } from '../../../harness/environment/prepare-environment.ts'
import { type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { applyIn, scriptsOf } from './apply-in.ts'

const dump =
  scriptsOf(`CREATE TABLE invoice (id int); ALTER TABLE invoice OWNER TO spec_app_owner; GRANT SELECT ON invoice TO spec_reader, PUBLIC;
  CREATE SCHEMA billing AUTHORIZATION spec_app_owner; ALTER TABLE invoice ADD COLUMN note text;
  ALTER DEFAULT PRIVILEGES FOR ROLE spec_app_owner GRANT SELECT ON TABLES TO spec_reader; CREATE POLICY p ON invoice TO spec_viewer USING (true);
  DO $$ BEGIN EXECUTE 'GRANT SELECT ON invoice TO spec_executed'; ALTER TABLE invoice OWNER TO spec_app_owner; ALTER TABLE invoice OWNER TO postgres; END $$`)

describe('roles that a history names and never creates', () => {
  test('are made without a login; an owner is the role that runs the steps', async () => {
    await using applied = await applyIn(await useCluster(), dump)
    expect(applied.failure).toBeUndefined()
    expect(applied.environment.notes).toEqual([
      ...['spec_reader', 'spec_viewer', 'spec_executed'].map(
        (role) => `The role "${role}" is named and never created: it was made beforehand, without a right to log in.`,
      ),
      'The role "spec_app_owner" is named as an owner and never created: the role that runs the steps stands for it.',
      'The role "postgres" is a superuser of this cluster: the role that runs the steps stands for it.',
    ])
    await using session = await applied.database.connect()
    expect(
      await session.one(
        `SELECT tableowner AS owner, rolcanlogin AS login FROM pg_tables, pg_roles WHERE tablename = 'invoice' AND rolname = 'spec_reader'`,
      ),
    ).toEqual({
      owner: applied.environment.role,
      login: false,
    })
  })

  test('are not made where a script creates them', async () => {
    await using applied = await applyIn(
      await useCluster(),
      scriptsOf('CREATE TABLE t (); GRANT SELECT ON t TO spec_theirs', 'CREATE ROLE spec_theirs'),
    )
    expect(applied.failure).toBe('1.sql:1 42704 role "spec_theirs" does not exist')
    expect(applied.hint).toBe('The role "spec_theirs" is made by 2.sql:1: is the order of the steps right?')
  })

  test('a superuser that scripts name stands for the role that runs them', async () => {
    const scripts = scriptsOf(
      `CREATE TABLE "Ä" (); ALTER TABLE "Ä" OWNER TO postgres; ALTER TABLE "Ä" ADD COLUMN a int, OWNER TO "postgres"; SET ROLE postgres; CREATE TABLE b ()`,
    )
    await using applied = await applyIn(await useCluster(), scripts)
    expect(applied.failure).toBeUndefined()
    await using session = await applied.database.connect()
    expect(await session.query(`SELECT DISTINCT tableowner AS owner FROM pg_tables WHERE schemaname = 'public'`)).toEqual([
      { owner: applied.environment.role },
    ])
  })

  test('statements about a database of the user are left out and said, secrets hidden', async () => {
    await using applied = await applyIn(
      await useCluster(),
      scriptsOf(`ALTER DATABASE postgres SET app.jwt_secret = 'hush'`, `CREATE TABLE t AS SELECT current_setting('app.jwt_secret') AS s`),
    )
    expect(applied.failure).toBeUndefined()
    expect(applied.environment.notes).toEqual([
      'Left out, because it names a database: ALTER DATABASE postgres SET app.jwt_secret = … (1.sql:1).',
    ])
  })

  test('a relation that a later step makes is a question of order', async () => {
    await using applied = await applyIn(await useCluster(), scriptsOf('SELECT * FROM later', '\nCREATE TABLE later ()'))
    expect(applied.hint).toBe('The relation "later" is made by 2.sql:2: is the order of the steps right?')
  })

  test('a relation that nobody makes can come from a prelude', async () => {
    await using applied = await applyIn(await useCluster(), scriptsOf('SELECT * FROM nowhere'))
    expect(applied.hint).toBe(
      'No step makes the relation "nowhere". What must be there beforehand can be made by an SQL file: --prelude FILE.',
    )
  })
})

describe('a server given by URL', () => {
  let server: StartedCluster
  beforeAll(async () => {
    server = await startCluster({ kind: 'embedded' })
  })
  afterAll(() => server?.stop())
  const join = () =>
    startCluster({ kind: 'url', url: `postgres://postgres:${server.address.password}@127.0.0.1:${server.address.port}/postgres` })
  const state = async () => {
    await using database = await server.createDatabase()
    await using session = await database.connect()
    const rows = await session.query<{ line: string }>(
      `SELECT rolname || rolsuper || rolcanlogin AS line FROM pg_roles UNION ALL SELECT datname FROM pg_database WHERE datname <> current_database()
       UNION ALL SELECT parname FROM pg_parameter_acl UNION ALL SELECT roleid::regrole || ' ' || member::regrole FROM pg_auth_members ORDER BY 1`,
    )
    return rows.map(({ line }) => line)
  }
  const story = scriptsOf(
    'CREATE TABLE t (owner uuid REFERENCES auth.users); GRANT SELECT ON t TO authenticated, spec_reader, mine; SET session_replication_role = replica; ALTER TABLE t OWNER TO mine',
  )

  test('runs two environments at once and keeps nothing of them, its own roles untouched', async () => {
    await using database = await server.createDatabase()
    await using session = await database.connect()
    await session.script('CREATE ROLE mine NOLOGIN')
    const before = await state()
    const [one, two] = [await join(), await join()]
    const both = await Promise.all([one, two].map((cluster) => applyIn(cluster, story, { platform: 'supabase' })))
    expect(both.map(({ failure }) => failure)).toEqual([undefined, undefined])
    expect(await state()).toContain('anonfalsefalse')
    await one.stop()
    // The other run still needs the roles.
    await using again = await applyIn(two, scriptsOf('CREATE TABLE u (); GRANT SELECT ON u TO anon'), { platform: 'supabase' })
    expect(again.failure).toBeUndefined()
    await two.stop()
    expect(await state()).toEqual(before)
  })

  test('keeps a role that another run has prepared and not used yet', async () => {
    const [one, two] = [await join(), await join()]
    const scripts = scriptsOf('CREATE TABLE t (); GRANT SELECT ON t TO spec_pinned')
    await prepareEnvironment(one, { scripts })
    await prepareEnvironment(two, { scripts })
    await one.stop()
    expect(await state()).toContain('spec_pinnedfalsefalse')
    await two.stop()
    expect(await state()).not.toContain('spec_pinnedfalsefalse')
  })

  test('any number of environments on one cluster make the same roles without a quarrel', async () => {
    const others = Array.from({ length: 6 }, (_, index) => scriptsOf(`CREATE TABLE t${index} (); GRANT SELECT ON t${index} TO spec_shared`))
    const all = await Promise.all(others.map((scripts) => applyIn(server, scripts, { platform: 'supabase' })))
    expect(all.map(({ failure }) => failure)).toEqual(others.map(() => undefined))
    await Promise.all(all.map((each) => each.database.drop()))
  })
})
