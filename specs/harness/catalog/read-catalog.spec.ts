import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Catalog, readCatalog } from '../../../harness/catalog/index.ts'
import { type Database, type Session, type StartedCluster, startCluster } from '../../../harness/postgres/index.ts'

const legacy = `
  CREATE SCHEMA "odd.one"; CREATE TYPE "odd.one"."Mood" AS ENUM ('b', 'a'); CREATE DOMAIN positive AS int NOT NULL CONSTRAINT p CHECK (VALUE > 0);
  CREATE TYPE pair AS (a positive, b "odd.one"."Mood"[]);
  CREATE TABLE "odd.one"."We""ird" (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, "user" pair, r int4multirange, u uuid DEFAULT gen_random_uuid(), g int GENERATED ALWAYS AS (1) STORED, dropped int);
  ALTER TABLE "odd.one"."We""ird" DROP COLUMN dropped;
  CREATE TABLE parent (at date, k int, PRIMARY KEY (at, k)) PARTITION BY RANGE (at);
  CREATE TABLE leaf PARTITION OF parent FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
  CREATE TABLE leaf2 PARTITION OF parent DEFAULT;
  CREATE TABLE child (d date, k int, name varchar(5) COLLATE "C", CONSTRAINT fk FOREIGN KEY (d, k) REFERENCES parent ON DELETE CASCADE, s serial);
  CREATE UNIQUE INDEX child_idx ON child (lower(name), k) NULLS NOT DISTINCT WHERE k > 0;
  CREATE TABLE none (); CREATE VIEW v AS SELECT k AS "K" FROM child; CREATE MATERIALIZED VIEW m AS SELECT 1 AS x WITH NO DATA;
  CREATE EXTENSION pg_stat_statements; COMMENT ON TABLE none IS 'nothing'`

describe.each([15, 18])('the catalog of PostgreSQL %i', (major) => {
  let cluster: StartedCluster
  let database: Database
  let session: Session
  let catalog: Catalog

  beforeAll(async () => {
    cluster = await startCluster({ kind: 'embedded', major })
    database = await cluster.createDatabase()
    session = await database.connect()
    await session.script(`BEGIN; ${legacy}; SET LOCAL search_path = "odd.one", pg_catalog`)
    catalog = await readCatalog(session)
  })
  afterAll(async () => {
    await session?.close()
    await cluster?.stop()
  })

  const relation = (path: string) => {
    const found = catalog.relations.get(path)
    if (!found) throw new Error(`no ${path} among ${[...catalog.relations.keys()].join(', ')}`)
    return found
  }

  test("holds the user's relations by path, uncommitted ones too, and none of an extension", () => {
    expect([...catalog.relations].map(([path, { kind }]) => `${kind} ${path}`)).toEqual([
      'table "odd.one"."We""ird"',
      'table public.child',
      'table public.leaf',
      'table public.leaf2',
      'materialized-view public.m',
      'table public.none',
      'partitioned-table public.parent',
      'view public.v',
    ])
    expect(catalog.schemas).toEqual(['odd.one', 'public'])
    expect([...catalog.extensions.keys()]).toEqual(['pg_stat_statements', 'plpgsql'])
    expect(catalog.version.major).toBe(major)
  })

  test('leaves the settings of the transaction as they were', async () => {
    const [path] = await session.script('SHOW search_path')
    expect(path?.rows).toEqual([['"odd.one", pg_catalog']])
  })

  test('gives attributes in order, dropped ones left out, with types qualified whatever the search_path', () => {
    expect(
      relation('"odd.one"."We""ird"').attributes.map(({ name, number, type, typePath, notNull, identity, generated }) =>
        [name, number, type, typePath, notNull, identity, generated].filter((part) => part !== undefined),
      ),
    ).toEqual([
      ['id', 1, 'bigint', 'pg_catalog.int8', true, 'always'],
      ['user', 2, 'public.pair', 'public.pair', false],
      ['r', 3, 'int4multirange', 'pg_catalog.int4multirange', false],
      ['u', 4, 'uuid', 'pg_catalog.uuid', false],
      ['g', 5, 'integer', 'pg_catalog.int4', false, 'stored'],
    ])
    expect(relation('public.child').attributes[2]).toMatchObject({ collation: '"pg_catalog"."C"', modifier: 9 })
    expect(relation('public.none')).toMatchObject({ attributes: [], comment: 'nothing' })
    expect(relation('public.m')).toMatchObject({ populated: false })
  })

  test('reads the types in use and what they are made of', () => {
    const { types } = catalog
    expect(types.get('public.positive')).toMatchObject({
      kind: 'domain',
      base: 'pg_catalog.int4',
      notNull: true,
      checks: [{ name: 'p', expression: '(VALUE > 0)', validated: true }],
    })
    expect(types.get('"odd.one".Mood')).toMatchObject({ kind: 'enum', labels: ['b', 'a'] })
    expect(types.get('"odd.one"._Mood')).toMatchObject({ kind: 'array', element: '"odd.one".Mood' })
    expect(types.get('public.pair')).toMatchObject({
      kind: 'composite',
      attributes: [
        { name: 'a', type: 'public.positive', modifier: -1 },
        { name: 'b', type: '"odd.one"._Mood', modifier: -1 },
      ],
    })
    expect(types.get('pg_catalog.int4multirange')).toMatchObject({ kind: 'multirange', subtype: 'pg_catalog.int4' })
    expect(types.has('pg_catalog.jsonb')).toBe(false)
  })

  test('a foreign key to a partitioned table is one constraint', () => {
    expect(relation('public.child').constraints.filter(({ kind }) => kind === 'foreign-key')).toEqual([
      expect.objectContaining({
        name: 'fk',
        attributes: ['d', 'k'],
        references: { relation: 'public.parent', attributes: ['at', 'k'] },
        onDelete: 'cascade',
        validated: true,
        enforced: true,
      }),
    ])
  })

  test('tells an expression of an index from an attribute', () => {
    expect(relation('public.child').indexes).toEqual([
      expect.objectContaining({
        name: 'child_idx',
        unique: true,
        nullsNotDistinct: true,
        attributes: [undefined, 'k'],
        expressions: ['lower((name)::text)', 'k'],
        predicate: '(k > 0)',
      }),
    ])
  })

  test('knows partitions and the owners of sequences', () => {
    expect(relation('public.parent').partitionKey).toBe('RANGE (at)')
    expect(relation('public.leaf').partitionOf).toEqual({
      parent: 'public.parent',
      bound: "FOR VALUES FROM ('2024-01-01') TO ('2025-01-01')",
    })
    expect(catalog.sequences.map(({ name, ownedBy }) => [name, ownedBy])).toEqual([
      ['We"ird_id_seq', { relation: '"odd.one"."We""ird"', attribute: 'id' }],
      ['child_s_seq', { relation: 'public.child', attribute: 's' }],
    ])
  })
})
