import { fc } from '@fast-check/vitest'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type CatalogDifference,
  type CatalogObjects,
  canonicalExpressions,
  catalogFingerprint,
  diffObjects,
  readObjects,
} from '../../../harness/catalog/index.ts'
import { type Database, type Session, type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'
import { legacyObjects, roles, sabotages } from './legacy-objects.ts'

const told = (differences: readonly CatalogDifference[]) =>
  differences
    .map(({ change, kind, path, property }) => [change, kind, path, property].filter((part) => part !== undefined).join(' '))
    .sort()

describe.each([15, 18])('objects of PostgreSQL %i', (major) => {
  let cluster: StartedCluster
  let database: Database
  let session: Session
  let legacy: CatalogObjects

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'embedded', major })
    database = await cluster.createDatabase()
    session = await database.connect()
    await session.script(roles)
    await session.script(legacyObjects)
    legacy = await readObjects(session)
  })
  afterAll(async () => {
    await session?.close()
    await cluster?.stop()
  })

  async function having<Result>(sql: string, read: () => Promise<Result>): Promise<Result> {
    try {
      await session.script(`BEGIN; ${sql}`)
      return await read()
    } finally {
      await session.script('ROLLBACK')
    }
  }
  const differencesAfter = (sql: string) => having(sql, async () => diffObjects(legacy, await readObjects(session)))

  test('the same objects made again elsewhere are the same', async () => {
    await session.script('ALTER SUBSCRIPTION sub DISABLE; DROP SUBSCRIPTION sub')
    const other = await cluster.createDatabase()
    await using there = await other.connect()
    await there.script(legacyObjects)
    const again = await readObjects(there)
    await there.script('DROP SUBSCRIPTION sub')
    await session.script(`CREATE SUBSCRIPTION sub CONNECTION 'host=nowhere' PUBLICATION pub WITH (connect = false, slot_name = NONE)`)
    expect(told(diffObjects(legacy, again))).toEqual([])
    await there.close()
    await other.drop()
  })

  test.each(sabotages.map(({ sql, named }) => [sql, named] as const))('names what changed after %s', async (sql, named) => {
    expect(told(await differencesAfter(sql))).toEqual([...named].sort())
  })

  test('any sabotages together are all named, and change the fingerprint', async () => {
    // A sabotage that drops or renames what another one alters cannot go with it.
    const alone = /DROP|RENAME|DETACH|NO INHERIT|OWNER|REPLACE VIEW|EXTENSION/
    const together = sabotages.filter(({ sql }) => !alone.test(sql))
    const fingerprint = await catalogFingerprint(session)
    await fc.assert(
      fc.asyncProperty(fc.shuffledSubarray(together, { minLength: 1 }), async (chosen) => {
        await having(chosen.map(({ sql }) => sql).join('; '), async () => {
          expect(told(diffObjects(legacy, await readObjects(session)))).toEqual([...new Set(chosen.flatMap(({ named }) => named))].sort())
          expect(await catalogFingerprint(session)).not.toBe(fingerprint)
        })
      }),
      { numRuns: 25 },
    )
    expect(await catalogFingerprint(session)).toBe(fingerprint)
  })

  test.each(sabotages.map(({ sql }) => [sql]))('the fingerprint changes with %s', async (sql) => {
    const fingerprint = await catalogFingerprint(session)
    expect(await having(sql, () => catalogFingerprint(session))).not.toBe(fingerprint)
  })

  test('the fingerprint stays where tables, functions and views are made again', async () => {
    const make = `CREATE TABLE app.again (id serial PRIMARY KEY, n int CHECK (n > 0)); CREATE VIEW app.seen AS SELECT * FROM app.again; COMMENT ON TABLE app.again IS 'x'; CREATE FUNCTION app.f() RETURNS int LANGUAGE sql AS 'SELECT 1'; GRANT SELECT ON app.again TO alice;`
    const [first, second] = await having(make, async () => {
      const one = await catalogFingerprint(session)
      await session.script(`DROP VIEW app.seen; DROP TABLE app.again; DROP FUNCTION app.f; ${make}`)
      return [one, await catalogFingerprint(session)]
    })
    expect(second).toBe(first)
  })

  test('a missing table is one difference, whatever belonged to it', async () => {
    expect(told(await differencesAfter('DROP TABLE app.parts'))).toEqual(['missing table app.parts'])
    expect(told(await differencesAfter('DROP TABLE app.events'))).toEqual([
      'missing partitioned-table app.events',
      'missing table app.events_2024',
    ])
  })

  test('a table that became a view is a missing table and an added view', async () => {
    expect(told(await differencesAfter('DROP TABLE app.base CASCADE; CREATE VIEW app.base AS SELECT 1 AS b'))).toEqual([
      'added view app.base',
      'missing table app.base',
      'missing table app.heir',
    ])
  })

  test('an added enum label is info, because PostgreSQL cannot remove it', async () => {
    expect(await differencesAfter(`ALTER TYPE app.mood ADD VALUE 'new' BEFORE 'ok'`)).toEqual([
      expect.objectContaining({ severity: 'info', property: 'labels', because: 'PostgreSQL cannot remove an enum label' }),
    ])
  })

  test('an attribute dropped and added again is told by its place alone, as info', async () => {
    expect(
      await differencesAfter(
        'ALTER TABLE app.items DROP COLUMN price CASCADE; ALTER TABLE app.items ADD price numeric(10, 2); ALTER TABLE app.items DROP doubled; ALTER TABLE app.items ADD doubled int GENERATED ALWAYS AS (1 + 1) STORED; CREATE INDEX items_price ON app.items (price) WHERE price > 0; CREATE VIEW app.cheap WITH (security_barrier) AS SELECT id, name FROM app.items WHERE price < 10; ALTER TABLE app.items DROP code CASCADE; ALTER TABLE app.items ADD code text CONSTRAINT items_code_key UNIQUE',
      ),
    ).toContainEqual(
      expect.objectContaining({
        severity: 'info',
        property: 'attribute-order',
        before: 'id, name, code, mood, price, doubled',
        after: 'id, name, mood, price, doubled, code',
      }),
    )
  })

  test('expressions that parse into the same are no difference, others stay one', async () => {
    const check = legacy.get('constraint app.items (items_name_check)')?.properties.expression
    const again = `ALTER TABLE app.items DROP CONSTRAINT items_name_check; ALTER TABLE app.items ADD CONSTRAINT items_name_check CHECK (${check}); ALTER POLICY visible ON app.parts USING (item > 1)`
    await having(again, async () => {
      const now = await readObjects(session)
      const differences = diffObjects(legacy, now)
      expect(told(differences)).toEqual([
        'changed constraint app.items (items_name_check) expression',
        'changed policy app.parts (visible) using',
      ])
      expect(told(await canonicalExpressions(session, differences, legacy, now))).toEqual(['changed policy app.parts (visible) using'])
      expect(await readObjects(session)).toEqual(now)
    })
  })

  test('expressions that parse into the same are no difference where attributes have another order', async () => {
    const check = legacy.get('constraint app.items (items_name_check)')?.properties.expression
    const again = `ALTER TABLE app.items DROP code CASCADE, DROP CONSTRAINT items_name_check; ALTER TABLE app.items ADD code text, ADD CONSTRAINT items_name_check CHECK (${check})`
    await having(again, async () => {
      const now = await readObjects(session)
      const differences = diffObjects(legacy, now)
      const changed = 'changed constraint app.items (items_name_check) expression'
      expect(told(differences)).toContain(changed)
      expect(told(await canonicalExpressions(session, differences, legacy, now))).not.toContain(changed)
    })
  })

  test('no secret is read', () => {
    expect(JSON.stringify([...legacy])).not.toContain('secret')
  })
})
