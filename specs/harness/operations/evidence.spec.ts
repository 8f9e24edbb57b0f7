import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { checkEvidence, type EvidenceDocument } from '../../../harness/operations/index.ts'
import type { StartedCluster } from '../../../harness/postgres/index.ts'
import { everyType } from '../snapshot/every-type.ts'
import { major, migrationOf, openShop, scratchFolder, skipped, startProduction, take } from './production.ts'

const { signal } = new AbortController()

describe.skipIf(major === undefined)(`evidence${skipped}`, () => {
  let production: StartedCluster
  beforeAll(async () => {
    production = await startProduction()
  })
  afterAll(async () => {
    await production?.stop()
  })

  test('holds the dump, a CSV file of each table that is written and totals, and is proven', async () => {
    await using shop = await openShop(
      production,
      `CREATE TABLE items (id int PRIMARY KEY, note text, price numeric(10,2), weight float8);
       CREATE TABLE other (id int);
       CREATE VIEW dear AS SELECT id, price FROM items WHERE price > 1;
       INSERT INTO items VALUES (1, NULL, 1.50, 0.1), (2, '', 2.25, 0.2), (3, E'a "quote",\\n', NULL, NULL);
       INSERT INTO other VALUES (7)`,
    )
    await using scratch = await scratchFolder()
    const folder = join(scratch.path, 'taken')
    const lines: string[] = []
    const measures = [{ name: 'price', before: 'SELECT id AS key, price AS value FROM dear;', after: '' }]
    const { document } = await take(shop.url, migrationOf('UPDATE items SET note = NULL', measures), folder, {
      say: (line) => lines.push(line),
    })
    expect(readdirSync(folder, { recursive: true }).toSorted()).toEqual([
      'TOTALS.md',
      'csv',
      'csv/public.items.csv',
      'dump.pgdump',
      'totals.json',
    ])
    expect(readFileSync(join(folder, 'csv/public.items.csv'), 'utf8')).toBe(
      'id,note,price,weight\n"1",,"1.50","0.1"\n"2","","2.25","0.2"\n"3","a ""quote"",\n",,\n',
    )
    expect(document).toMatchObject({
      tables: [
        { table: 'public.items', rows: 3, sums: { id: '6', price: '3.75', weight: '0.3' }, csv: 'csv/public.items.csv' },
        { table: 'public.other', rows: 1, sums: { id: '7' }, csv: null },
      ],
      measures: [{ name: 'price', keys: 2, total: '3.75' }],
      proof: { outcome: 'proven' },
    } satisfies DeepPartial<EvidenceDocument>)
    expect(JSON.parse(readFileSync(join(folder, 'totals.json'), 'utf8'))).toEqual(document)
    expect(readFileSync(join(folder, 'TOTALS.md'), 'utf8')).toContain('**Proven.**')
    expect(lines.join('\n')).toMatch(/it only reads[\s\S]*CSV {7}1 table: public\.items \([\s\S]*nothing is masked/)
    expect((await checkEvidence(folder, { signal })).problems).toEqual([])
  })

  test('is for its owner alone', async () => {
    await using shop = await openShop(production, 'CREATE TABLE items (id int); INSERT INTO items VALUES (1)')
    await using scratch = await scratchFolder()
    const folder = join(scratch.path, 'taken')
    await take(shop.url, migrationOf('DELETE FROM items'), folder, { proof: false, signed: true })
    const modes = ['', ...readdirSync(folder, { recursive: true, encoding: 'utf8' })].map((name) => {
      const stat = statSync(join(folder, name))
      return `${stat.isDirectory() ? 'folder' : 'file'} ${(stat.mode & 0o777).toString(8)}`
    })
    expect(new Set(modes)).toEqual(new Set(['folder 700', 'file 600']))
    expect(modes).toHaveLength(8)
  })

  test('brings back a value of every type, by the dump and by the CSV file alone', async () => {
    const types = everyType()
    const columns = types.map(([type], at) => `c${at} ${type}`).join(', ')
    await using shop = await openShop(production, `CREATE TABLE items (${columns})`)
    await shop.session.script(`INSERT INTO items VALUES (${types.map(([, value]) => value).join(', ')}); INSERT INTO items DEFAULT VALUES`)
    await using scratch = await scratchFolder()
    const { document } = await take(shop.url, migrationOf('DELETE FROM items'), join(scratch.path, 'taken'))
    expect(document.proof.outcome).toBe('proven')
  })

  test('brings back partitions, children, generated columns, odd names, a single column of NULLs and mutual foreign keys', async () => {
    await using shop = await openShop(
      production,
      `CREATE SCHEMA "a.b"; CREATE TABLE "a.b"."x/y""z" (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, twice int GENERATED ALWAYS AS (7 * 2) STORED);
       INSERT INTO "a.b"."x/y""z" DEFAULT VALUES;
       CREATE TABLE "Items" (one text); CREATE TABLE items (one text);
       INSERT INTO "Items" VALUES (NULL), (''), ('\\.'), ('NULL'); INSERT INTO items VALUES ('x');
       CREATE TABLE parts (id int, at date) PARTITION BY RANGE (at);
       CREATE TABLE parts_1 PARTITION OF parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
       CREATE TABLE parts_rest PARTITION OF parts DEFAULT;
       INSERT INTO parts VALUES (1, '2024-02-02'), (2, NULL);
       CREATE TABLE parent (id int); CREATE TABLE child (more text) INHERITS (parent);
       INSERT INTO parent VALUES (1); INSERT INTO child VALUES (2, 'more');
       CREATE TABLE a (id int PRIMARY KEY, b int); CREATE TABLE b (id int PRIMARY KEY, a int REFERENCES a);
       ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b DEFERRABLE;
       BEGIN; SET CONSTRAINTS ALL DEFERRED; INSERT INTO a VALUES (1, 1); INSERT INTO b VALUES (1, 1); COMMIT;
       CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RAISE EXCEPTION ''no''; END';
       CREATE TRIGGER refuse BEFORE INSERT ON items FOR EACH ROW EXECUTE FUNCTION refuse();
       CREATE MATERIALIZED VIEW stale AS SELECT * FROM parent; INSERT INTO parent VALUES (3);
       CREATE ROLE reader_of_${production.address.run}; GRANT SELECT ON items TO reader_of_${production.address.run}`,
    )
    await using scratch = await scratchFolder()
    const { document } = await take(shop.url, migrationOf('SELECT 1'), join(scratch.path, 'taken'), { all: true })
    expect(document.proof).toMatchObject({
      outcome: 'proven',
      restored: ['dump.pgdump: 9 tables and 0 measures', 'the CSV files: 9 tables and 0 measures'],
    })
    const files = document.tables.map(({ csv }) => csv?.toLowerCase())
    expect(new Set(files).size).toBe(9)
    expect(document.tables.map(({ table, rows }) => [table, rows])).toEqual(
      expect.arrayContaining([
        ['"a.b"."x/y""z"', 1],
        ['public.Items', 4],
        ['public.parts_1', 1],
        ['public.parts_rest', 1],
        ['public.parent', 2],
      ]),
    )
  })

  test('without a dump is restored into the legacy schema of the pair, and says that it is no backup', async () => {
    await using shop = await openShop(production, 'CREATE TABLE items (id int PRIMARY KEY, note text); INSERT INTO items VALUES (1, NULL)')
    await using scratch = await scratchFolder()
    const folder = join(scratch.path, 'taken')
    const step = migrationOf('DELETE FROM items')
    const bare = await take(shop.url, step, folder, { dump: false })
    expect(bare.document.proof).toEqual({
      outcome: 'not-proven',
      because: 'Without a dump there is no schema to restore the CSV files into.',
    })
    const legacy = migrationOf("CREATE TABLE items (id int PRIMARY KEY, note text); INSERT INTO items VALUES (1, 'of the schema')").scripts
    const { document } = await take(shop.url, { ...step, legacy }, `${folder}-pair`, { dump: false })
    expect(document).toMatchObject({
      dump: null,
      schema: 'schema.sql',
      proof: { outcome: 'proven', restored: ['the CSV files: 1 table and 0 measures'] },
    })
    expect(readFileSync(join(`${folder}-pair`, 'TOTALS.md'), 'utf8')).toContain('no backup')
  })

  test('that is signed is what sha256sum checks', async () => {
    await using shop = await openShop(production, 'CREATE TABLE items (id int)')
    await using scratch = await scratchFolder()
    const folder = join(scratch.path, 'taken')
    const { digest } = await take(shop.url, migrationOf('DELETE FROM items'), folder, { proof: false, signed: true })
    for (const file of ['SHA256SUMS', 'SHA256SUMS.sha256'])
      execFileSync('sha256sum', ['--check', '--strict', '--quiet', file], { cwd: folder })
    expect(readFileSync(join(folder, 'SHA256SUMS.sha256'), 'utf8')).toBe(`${digest}  SHA256SUMS\n`)
    expect((await checkEvidence(folder, { digest, signal })).problems).toEqual([])
  })
})

type DeepPartial<Value> = Value extends object ? { readonly [Key in keyof Value]?: DeepPartial<Value[Key]> } : Value
