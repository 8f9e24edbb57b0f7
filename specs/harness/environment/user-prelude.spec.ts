import { describe, expect, test } from 'vitest'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { writtenFiles } from '../history/written-history.ts'
import { applyIn, scriptsOf } from './apply-in.ts'

const platform = `CREATE ROLE anon NOLOGIN NOINHERIT; CREATE ROLE service_role NOLOGIN NOINHERIT BYPASSRLS;
  DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'authenticated') THEN CREATE ROLE authenticated NOLOGIN; END IF; END $$;
  GRANT anon TO service_role;
  CREATE SCHEMA auth;
  CREATE TABLE IF NOT EXISTS auth.users (id uuid PRIMARY KEY, nickname text);
  CREATE TYPE auth.factor_type AS ENUM ('theirs');
  CREATE VIEW vault.decrypted_secrets AS SELECT 1 AS theirs;
  CREATE FUNCTION auth.uid() RETURNS text LANGUAGE sql AS $$ SELECT 'theirs' $$;
  CREATE OR REPLACE FUNCTION auth.role() RETURNS name LANGUAGE sql AS $$ SELECT 'theirs'::name $$;`

const story = scriptsOf(
  `CREATE TABLE profile (id uuid REFERENCES auth.users, factor auth.factor_type DEFAULT 'theirs');
   CREATE VIEW who AS SELECT auth.uid(), auth.role(), nickname FROM auth.users;
   GRANT SELECT ON profile TO anon, authenticated, service_role; SELECT theirs FROM vault.decrypted_secrets; SELECT auth.jwt()`,
)

describe('a prelude of the user that makes what the built-in one makes', () => {
  for (const order of ['before', 'behind'] as const) {
    test(`wins, named ${order} it, and that is said`, async () => {
      await using written = await writtenFiles({ 'platform.sql': platform })
      const file = `${written.path}/platform.sql`
      await using applied = await applyIn(await useCluster(), story, {
        prelude: order === 'before' ? [file, 'supabase'] : ['supabase', file],
      })
      expect(applied.failure).toBeUndefined()
      expect(applied.environment.notes).toEqual(
        expect.arrayContaining([
          `The schema "auth" (${file}:4) is there already, with what a built-in prelude makes in it: CREATE SCHEMA is left out.`,
          `The table or view auth.users is the one of ${file}:5, not the built-in one.`,
          `The function auth.uid is the one of ${file}:8, not the built-in one.`,
        ]),
      )
      await using session = await applied.database.connect()
      expect(await session.query('SELECT uid, role FROM who UNION ALL SELECT auth.uid(), auth.role()')).toEqual([
        { uid: 'theirs', role: 'theirs' },
      ])
      expect(await session.query("SELECT FROM pg_attribute WHERE attrelid = 'auth.users'::regclass AND attname = 'email'")).toEqual([])
    })
  }

  test('says nothing where it makes something of its own', async () => {
    await using written = await writtenFiles({
      'more.sql': 'CREATE SCHEMA ours; CREATE FUNCTION auth.ours() RETURNS int RETURN 1; GRANT USAGE ON SCHEMA ours TO PUBLIC',
    })
    await using applied = await applyIn(await useCluster(), scriptsOf('SELECT auth.ours(), auth.uid()'), {
      prelude: ['supabase', `${written.path}/more.sql`],
    })
    expect(applied.failure).toBeUndefined()
    expect(applied.environment.notes.filter((each) => each.includes('built-in'))).toEqual([])
  })
})

describe('a prelude of the user that creates roles', () => {
  test('can be applied to any number of databases of one cluster', async () => {
    await using written = await writtenFiles({
      'roles.sql': 'CREATE ROLE spec_prelude_app LOGIN PASSWORD $$x$$ BYPASSRLS; CREATE SCHEMA app',
    })
    const run = async (sql: string) =>
      applyIn(await useCluster(), scriptsOf(`CREATE TABLE t (id int); GRANT SELECT ON t TO spec_prelude_app; ${sql}`), {
        prelude: `${written.path}/roles.sql`,
      })
    await using one = await run('SELECT 1')
    await using two = await run('SELECT 2')
    expect([one.failure, two.failure]).toEqual([undefined, undefined])
    await using session = await two.database.connect()
    expect(await session.one("SELECT rolcanlogin, rolbypassrls FROM pg_roles WHERE rolname = 'spec_prelude_app'")).toEqual({
      rolcanlogin: false,
      rolbypassrls: true,
    })
  })
})
