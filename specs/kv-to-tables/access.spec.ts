import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bulkStore } from '../../fixtures/kv/bulk.ts'
import { kindNames } from '../../fixtures/kv/kinds.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { type Connection, openConnection } from '../../migrations/kv-to-tables/run/connection.ts'
import { runMigration } from '../../migrations/kv-to-tables/run/run-migration.ts'
import { runRollback } from '../../migrations/kv-to-tables/run/run-rollback.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { seedBulk } from './seed-bulk.ts'
import { readTraces } from './traces.ts'
import { openWorkbench, type Workbench } from './workbench.ts'

const role = (name: string) => `kv_${name}_${process.pid}`
const roles = ['anon', 'service', 'owner', 'clerk'].map(role)
const [anon, service, owner, clerk] = roles
const tables = [...kindNames, 'kv_set_aside', 'kv_checkpoint']
const privileges = ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']

describe('access parity: who could not reach the store cannot reach the tables, and who could, can', { timeout: 120_000 }, () => {
  let bench: Workbench
  beforeAll(async () => {
    bench = await openWorkbench()
    await bench.session.script(`CREATE ROLE ${anon} LOGIN; CREATE ROLE ${service} BYPASSRLS; CREATE ROLE ${owner}; CREATE ROLE ${clerk} LOGIN;
      GRANT USAGE, CREATE ON SCHEMA public TO ${roles.join(', ')};
      -- As Supabase has it: what is made in public is everybody's.
      ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO ${anon}, ${service}`)
  })
  afterAll(async () => {
    await bench.session.script(`DROP OWNED BY ${roles.join(', ')}; DROP ROLE ${roles.join(', ')}`)
    await bench[Symbol.asyncDispose]()
  })

  /** What each role may do on a table: rights, rights to grant them, whether rows are hidden, and who owns it. */
  const accessTo = async (table: string) => {
    const rights = await bench.session.query<{ right: string }>(
      `SELECT role || ' ' || privilege || CASE WHEN has_table_privilege(role, $1, privilege || ' WITH GRANT OPTION') THEN '*' ELSE '' END AS right
       FROM unnest($2::text[]) AS role, unnest($3::text[]) AS privilege WHERE has_table_privilege(role, $1, privilege) ORDER BY 1`,
      [table, [...roles, 'public'], privileges],
    )
    const [table_] = await bench.session.query(
      'SELECT relrowsecurity, relforcerowsecurity, relowner::regrole::text AS owner FROM pg_class WHERE oid = $1::regclass',
      [table],
    )
    return { rights: rights.map(({ right }) => right), ...table_ }
  }
  const fresh = async (protection: string) => {
    await bench.session.script(`DROP TABLE IF EXISTS ${tables.toReversed().join(', ')}, kv_store; CREATE TABLE kv_store (key text PRIMARY KEY, value jsonb);
      REVOKE ALL ON kv_store FROM ${anon}, ${service}; ${protection}`)
    await seedBulk(bench.session, bulkStore(100))
  }

  test('any owner, grants and row security of the store are those of the eight tables, whatever the default privileges give', async () => {
    const grant = fc.record({
      to: fc.constantFrom(anon, service, clerk, 'PUBLIC'),
      privilege: fc.constantFrom(...privileges),
      again: fc.boolean(),
    })
    const protection = fc.record({
      grants: fc.array(grant, { maxLength: 5 }),
      enabled: fc.boolean(),
      forced: fc.boolean(),
      other: fc.boolean(),
    })
    await fc.assert(
      fc.asyncProperty(protection, async ({ grants, enabled, forced, other }) => {
        const statements = grants.map(
          ({ to, privilege, again }) => `GRANT ${privilege} ON kv_store TO ${to}${again && to !== 'PUBLIC' ? ' WITH GRANT OPTION' : ''}`,
        )
        if (enabled) statements.push('ALTER TABLE kv_store ENABLE ROW LEVEL SECURITY')
        if (forced) statements.push('ALTER TABLE kv_store FORCE ROW LEVEL SECURITY')
        if (other) statements.unshift(`ALTER TABLE kv_store OWNER TO ${owner}`)
        await fresh(statements.join('; '))
        await bench.run()
        const store = await accessTo('kv_store')
        for (const table of tables) expect({ table, ...(await accessTo(table)) }).toEqual({ table, ...store })
      }),
      { numRuns: 8, interruptAfterTimeLimit: 40_000 },
    )
  })

  test('as on Supabase: a store that row security closes to anon leaves eight tables that anon finds empty, and service sees all', async () => {
    await fresh(`GRANT ALL ON kv_store TO ${anon}, ${service}; ALTER TABLE kv_store ENABLE ROW LEVEL SECURITY`)
    await bench.run()
    for (const [who, visible] of [
      [anon, false],
      [service, true],
    ] as const) {
      await bench.session.script(`SET ROLE ${who}`)
      try {
        for (const table of ['kv_store', ...kindNames]) {
          const { any } = await bench.session.one<{ any: boolean }>(`SELECT EXISTS (SELECT FROM ${table}) AS any`)
          expect({ who, table, any }).toEqual({ who, table, any: visible })
        }
      } finally {
        await bench.session.script('RESET ROLE')
      }
    }
  })

  test('a table that is there already keeps what its owner gave it', async () => {
    await fresh('')
    await bench.run()
    await bench.session.script(`GRANT SELECT ON clients TO ${anon}`)
    const given = await accessTo('clients')
    await bench.run()
    expect(await accessTo('clients')).toEqual(given)
  })

  test('row security that hides part of the store is refused, by a run, a dry run and a rollback, before anything is written', async () => {
    await fresh(`GRANT SELECT ON kv_store TO ${clerk}; ALTER TABLE kv_store ENABLE ROW LEVEL SECURITY;
      CREATE POLICY clients_only ON kv_store USING (key LIKE 'client:%')`)
    const before = await readTraces(bench.session)
    await using writer = await openConnection(bench.database.url())
    await using reader = await openConnection(bench.database.url())
    for (const connection of [writer, reader]) await connection.script(`SET SESSION AUTHORIZATION ${clerk}`)
    const places = await findStore(reader, 'kv_store')
    const refusal = {
      exitCode: 3,
      message: `row security hides rows of public.kv_store from the role "${clerk}"`,
      hint: expect.stringContaining('BYPASSRLS'),
    }
    for (const dryRun of [true, false]) await expect(runMigration(writer, reader, places, { kinds, dryRun })).rejects.toMatchObject(refusal)
    for (const confirm of [true, false]) await expect(runRollback(writer, places, { kinds, confirm })).rejects.toMatchObject(refusal)
    expect(await readTraces(bench.session)).toEqual(before)
    await expectRefusedByServer(reader)
  })

  /** As pg_dump does: even a query that nobody checked is an error, never part of the rows. */
  async function expectRefusedByServer(connection: Connection): Promise<void> {
    await expect(connection.query('SELECT count(*) FROM kv_store')).rejects.toMatchObject({ code: '42501' })
  }
})
