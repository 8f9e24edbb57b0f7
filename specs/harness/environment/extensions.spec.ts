import { describe, expect, test } from 'vitest'
import { planEnvironment } from '../../../harness/environment/plan-environment.ts'
import { standIns } from '../../../harness/environment/stand-ins/registry.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { applyIn, scriptsOf } from './apply-in.ts'

describe('extensions of a history', () => {
  test('any stand-in can be made, in a schema of its own choice too', async () => {
    const names = [...standIns.keys()]
    const script = names
      .map((name, index) => `CREATE SCHEMA s${index}; CREATE EXTENSION "${name}" WITH SCHEMA s${index} VERSION '9.9'`)
      .join(';')
    await using applied = await applyIn(await useCluster(), scriptsOf(script))
    expect(applied.failure).toBeUndefined()
    expect(applied.environment.standIns).toEqual(names)
  })

  test('vectors keep their type modifier, are cast, compared and indexed', async () => {
    const scripts = scriptsOf(`CREATE EXTENSION vector;
      CREATE TABLE doc (id int PRIMARY KEY, v vector(3), h halfvec(3));
      INSERT INTO doc VALUES (1, '[1,0,0]', '[1,2,3]'), (2, ARRAY[0,3,4]::real[], NULL);
      CREATE INDEX ON doc USING hnsw (v vector_l2_ops) WITH (m = 16, ef_construction = 64);
      CREATE INDEX ON doc USING ivfflat (v) WITH (lists = 100) WHERE id > 0;
      CREATE INDEX ON doc USING hnsw ((v::halfvec(3)) halfvec_cosine_ops)`)
    await using applied = await applyIn(await useCluster(), scripts)
    expect(applied.failure).toBeUndefined()
    await using session = await applied.database.connect({ settings: { search_path: '' } })
    expect(
      await session.query(
        `SELECT id, v OPERATOR(public.<->) '[0,0,0]' AS far, public.vector_dims(v) AS dims, format_type(atttypid, atttypmod) AS type
           FROM public.doc, pg_attribute WHERE attrelid = 'public.doc'::regclass AND attname = 'v' ORDER BY 2`,
      ),
    ).toEqual([
      { id: 1, far: 1, dims: 3, type: 'public.vector(3)' },
      { id: 2, far: 5, dims: 3, type: 'public.vector(3)' },
    ])
  })

  test('shapes keep their column types and are indexed by gist', async () => {
    const scripts = scriptsOf(`CREATE EXTENSION postgis;
      CREATE TABLE place (id int PRIMARY KEY, at geometry(Point, 4326) NOT NULL, area geography(Polygon));
      CREATE INDEX ON place USING gist (at); CREATE INDEX ON place USING gist (area);
      INSERT INTO place SELECT i, ST_SetSRID(ST_MakePoint(i, 2), 4326), 'POLYGON((0 0,1 0,1 1,0 0))' FROM generate_series(1, 300) AS i;
      SELECT id FROM place WHERE ST_DWithin(at::geography, ST_MakePoint(1, 2)::geography, 10) ORDER BY at <-> ST_Point(1, 2)`)
    await using applied = await applyIn(await useCluster(), scripts)
    expect(applied.failure).toBeUndefined()
    await using session = await applied.database.connect({ settings: { search_path: '' } })
    expect(await session.one('SELECT public.st_x(at) AS x, public.st_y(at) AS y FROM public.place WHERE id = 7')).toEqual({ x: 7, y: 2 })
  })

  test('what is used and never created is made, and said', async () => {
    await using applied = await applyIn(
      await useCluster(),
      scriptsOf(
        'CREATE TABLE t (id uuid DEFAULT uuid_generate_v4(), name citext); CREATE INDEX ON t USING gin ((name::text) gin_trgm_ops)',
      ),
    )
    expect(applied.failure).toBeUndefined()
    expect(applied.environment.notes).toEqual(
      ['uuid-ossp', 'pg_trgm', 'citext'].map(
        (name) => `The extension "${name}" is used (1.sql) and never created: it was made beforehand.`,
      ),
    )
  })

  test('what the scripts define themselves is theirs', async () => {
    const own = `CREATE FUNCTION uuid_generate_v4() RETURNS uuid LANGUAGE sql AS 'SELECT gen_random_uuid()'; CREATE TABLE t (id uuid DEFAULT uuid_generate_v4())`
    await using applied = await applyIn(await useCluster(), scriptsOf(own))
    expect([applied.failure, applied.environment.notes]).toEqual([undefined, []])
  })

  test('in a DO a stand-in counts as there; ALTER, COMMENT and DROP do nothing', async () => {
    const scripts = scriptsOf(`DO $$ BEGIN CREATE EXTENSION IF NOT EXISTS vector; EXECUTE 'CREATE EXTENSION vector'; END $$;
      ALTER EXTENSION vector UPDATE; COMMENT ON EXTENSION vector IS 'v'; CREATE TABLE t (v vector(2)); DROP EXTENSION vector`)
    await using applied = await applyIn(await useCluster(), scripts)
    expect(applied.failure).toBeUndefined()
  })

  test('a version that is not there gives way to the default one', async () => {
    await using applied = await applyIn(
      await useCluster(),
      scriptsOf(`CREATE EXTENSION citext VERSION '0.1'; CREATE EXTENSION dblink VERSION '0.1'`),
    )
    expect(applied.failure).toBeUndefined()
    expect(applied.environment.notes).toEqual([
      'Version 0.1 of the extension "citext" is not on this server: the default version is used.',
      'Version 0.1 of the extension "dblink" is not on this server: the default version is used.',
    ])
  })

  test('one that nobody has is named with its place before anything runs', async () => {
    const plan = await planEnvironment(await useCluster(), { scripts: scriptsOf('SELECT 1;\nCREATE EXTENSION nobody_has_it') })
    expect(plan.missing).toEqual([{ name: 'nobody_has_it', file: '1.sql', line: 2 }])
  })

  test('a skipped one is left out, and what needs it is told so', async () => {
    await using applied = await applyIn(await useCluster(), scriptsOf('CREATE EXTENSION vector; CREATE TABLE t (v vector(3))'), {
      skipExtensions: ['vector'],
    })
    expect(applied.failure).toBe('1.sql:1 42704 type "vector" does not exist')
    expect(applied.hint).toBe('It belongs to the extension "vector", which was skipped.')
  })
})
