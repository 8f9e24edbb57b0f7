import { resolve } from 'node:path'
import ts from 'typescript'
import { beforeAll, describe, expect, test } from 'vitest'
import { readCatalog } from '../../../harness/catalog/index.ts'
import { ColumnReader, writeTypes } from '../../../harness/operations/index.ts'
import { readText } from '../../stock-batches/passage.ts'
import { openStore } from './ready-support.ts'

/** As an application that was compiled for the legacy table uses it. */
const application = `
import type { Insertable, Kysely, Selectable } from 'kysely'
import type { DB } from './db'

export const lines = (db: Kysely<DB>, order: string) =>
  db.selectFrom('order_line_items').innerJoin('products', 'products.id', 'order_line_items.product_id')
    .select(['order_line_items.id', 'position', 'quantity', 'unit_price', 'discount', 'notes', 'sku']).where('order_id', '=', order).execute()

export const add = (db: Kysely<DB>, line: Insertable<DB['order_line_items']>) => db.insertInto('order_line_items').values(line).returning('id').executeTakeFirstOrThrow()

export const gift = (db: Kysely<DB>) => add(db, { order_id: 1, product_id: 2, position: 1, unit_price: '9.90', notes: 'gift' })

export const total = ({ quantity, unit_price, discount }: Selectable<DB['order_line_items']>): number =>
  quantity * Number(unit_price) * (1 - Number(discount) / 100)

export const note = (line: Selectable<DB['order_line_items']>): string => line.notes?.trim() ?? ''

export const change = (db: Kysely<DB>, id: number) => db.updateTable('order_line_items').set({ quantity: 2, notes: null }).where('id', '=', id).execute()
`

/** What the compiler says of the application with these types; both files are in no folder. */
function errorsWith(types: string): readonly string[] {
  const files = new Map([
    [resolve('specs/db.ts'), types],
    [resolve('specs/application.ts'), application],
  ])
  const options: ts.CompilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    module: ts.ModuleKind.ESNext,
    moduleResolution: ts.ModuleResolutionKind.Bundler,
    target: ts.ScriptTarget.ES2022,
    types: ['node'],
  }
  const host = ts.createCompilerHost(options)
  const [read, there] = [host.getSourceFile, host.fileExists]
  host.getSourceFile = (name, target) => {
    const text = files.get(resolve(name))
    return text === undefined ? read(name, target) : ts.createSourceFile(name, text, target)
  }
  host.fileExists = (name) => files.has(resolve(name)) || there(name)
  const program = ts.createProgram([...files.keys()], options, host)
  return ts.getPreEmitDiagnostics(program).map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, ' '))
}

describe('CV-6: types of a schema', { timeout: 120_000 }, () => {
  const script = (name: string) => readText(`migrations/order-line-items/${name}.sql`)
  const typesOf = async (sql: string) => {
    await using store = await openStore(sql)
    return await writeTypes(store.session, ['public'])
  }
  let [legacy, migrated] = ['', '']
  beforeAll(async () => {
    legacy = await typesOf(script('legacy'))
    migrated = await typesOf(`${script('legacy')};${script('up')}`)
  }, 60_000)

  test('let code that was compiled for the table compile against the view', () => {
    expect(errorsWith(legacy)).toEqual([])
    expect(migrated).toContain('order_line_items_v2')
    expect(errorsWith(migrated)).toEqual([])
  })

  test('are those of the table, column by column', () => {
    const part = (text: string) => /export interface OrderLineItems \{[^}]*\}/.exec(text)?.[0]
    expect(part(migrated)).toBe(part(legacy))
    expect(part(legacy)).toContain('quantity: Generated<number>;')
  })

  test.each([
    [
      'loses a column',
      'DROP VIEW order_line_items; ALTER TABLE order_line_items_v2 DROP COLUMN notes; CREATE VIEW order_line_items AS SELECT * FROM order_line_items_v2',
      'notes',
    ],
    [
      'loses a default',
      'ALTER VIEW order_line_items ALTER quantity DROP DEFAULT; ALTER TABLE order_line_items_v2 ALTER quantity DROP DEFAULT',
      'quantity',
    ],
    ['may give NULL', 'ALTER TABLE order_line_items_v2 ALTER quantity DROP NOT NULL', 'quantity'],
    [
      'has another type',
      `DROP VIEW order_line_items; ALTER TABLE order_line_items_v2 ALTER "position" TYPE text; CREATE VIEW order_line_items AS SELECT * FROM order_line_items_v2`,
      'string',
    ],
  ])('do not, where the view %s', async (_, change, named) => {
    const errors = errorsWith(await typesOf(`${script('legacy')};${script('up')};${change}`))
    expect(errors.length).toBeGreaterThan(0)
    expect(errors.join('\n')).toContain(named)
  })
})

const schema = `
CREATE DOMAIN code AS text NOT NULL DEFAULT 'x';
CREATE TABLE parents (id int PRIMARY KEY, name text NOT NULL DEFAULT 'p', note text, c code);
CREATE TABLE children (id int PRIMARY KEY, parent int REFERENCES parents, label text NOT NULL);
CREATE SCHEMA own; CREATE FUNCTION own.count(text) RETURNS int LANGUAGE sql AS 'SELECT NULL::int';
CREATE TYPE odd AS (f int); CREATE FUNCTION odd(int) RETURNS odd LANGUAGE sql AS 'SELECT NULL::odd'; CREATE CAST (int AS odd) WITH FUNCTION odd(int);
INSERT INTO parents VALUES (1, 'a', NULL, 'c'), (2, 'b', NULL, 'd');
INSERT INTO children VALUES (1, NULL, 'l'), (2, 1, 'm')`

/** Of each view, the columns that are never NULL, and those that an INSERT may leave out. */
const views: Readonly<Record<string, readonly [query: string, notNull: string, defaults: string]>> = {
  plain: ['SELECT id, name, note, c FROM parents', 'id name c', 'name c'],
  renamed: ['SELECT p.id AS key, p.name AS title, p.note FROM parents AS p WHERE id > 0', 'key title', 'title'],
  cast: ['SELECT id::bigint AS id, note::varchar AS note FROM parents', 'id', ''],
  inner: ['SELECT c.id, c.parent, p.name FROM children c JOIN parents p ON p.id = c.parent', 'id name', ''],
  left: ['SELECT c.id, p.id AS parent, p.name FROM children c LEFT JOIN parents p ON p.id = c.parent', 'id', ''],
  right: ['SELECT c.label, p.name FROM children c RIGHT JOIN parents p ON p.id = c.parent', 'name', ''],
  full: ['SELECT c.label, p.name FROM children c FULL JOIN parents p ON p.id = c.parent', '', ''],
  nested: [
    'SELECT c.label, p.name, g.id FROM parents p LEFT JOIN (children c JOIN parents g ON g.id = c.parent) ON c.parent = p.id',
    'name',
    '',
  ],
  coalesced: [`SELECT coalesce(note, 'none') AS note, coalesce(note, note) AS other, note IS NULL AS lacks FROM parents`, 'note lacks', ''],
  counted: ['SELECT count(*) AS n, max(id) AS most, count(note) AS notes FROM parents WHERE id > 100', 'n notes', ''],
  grouped: ['SELECT parent, label, count(*) AS n FROM children GROUP BY ROLLUP (parent, label)', '', ''],
  united: ['SELECT id, name FROM parents UNION ALL SELECT id, note FROM parents', 'id', ''],
  common: ['WITH x AS (SELECT id AS k, note AS v FROM parents) SELECT k, v FROM x', 'k', ''],
  inside: ['SELECT s.k, s.v FROM (SELECT id AS k, note AS v FROM parents) AS s', 'k', ''],
  constants: [`SELECT 1 AS one, NULL::int AS none, 'a'::text AS a, length(note) AS l`, 'one a', ''],
  scalar: ['SELECT id, (SELECT label FROM children WHERE id > 100) AS label FROM parents', 'id', ''],
  over: ['SELECT id, name FROM plain', 'id name', 'name'],
  aliased: ['SELECT x.id, x.k FROM children AS x(k, id, n)', 'k', ''],
  'common aliased': ['WITH t(id, k) AS (SELECT parent, id FROM children) SELECT id, k FROM t', 'k', ''],
  'sub aliased': ['SELECT t.id, t.k FROM (SELECT id, parent FROM children) AS t(k, id)', 'k', ''],
  'own count': ['SELECT own.count(name) AS n FROM parents', '', ''],
  'own cast': ['SELECT id::odd AS o FROM parents', '', ''],
  'outer domain': ['SELECT c.id, p.c FROM children AS c LEFT JOIN parents AS p ON p.id = c.parent', 'id', 'c'],
  'scalar domain': ['SELECT (SELECT c FROM parents WHERE false) AS c', '', 'c'],
  'over outer domain': ['SELECT c FROM "outer domain"', '', 'c'],
  nulled: [`SELECT id, CASE WHEN id > 1 THEN name END AS name, nullif(name, 'a') AS other FROM parents`, 'id', ''],
}

test('a column of a view is never NULL where its table says so, and nothing else is said', async () => {
  const { constants, ...others } = views
  const all: typeof views = { ...others, constants: [`${constants?.[0]} FROM parents`, 'one a', ''] }
  const made = Object.entries(all).map(([name, [query]]) => `CREATE VIEW ${quoted(name)} AS ${query}`)
  await using store = await openStore(`${schema};${made.join(';')}`)
  const catalog = await readCatalog(store.session)
  const reader = new ColumnReader(catalog)
  for (const [name, [, notNull, defaults]] of Object.entries(all)) {
    const facts = [...reader.columnsOf(`public.${name}`)]
    const having = (what: 'notNull' | 'hasDefault') => facts.filter(([, each]) => each[what]).map(([column]) => column)
    expect([name, having('notNull').join(' '), having('hasDefault').join(' ')]).toEqual([name, notNull, defaults])
    for (const column of having('notNull')) {
      const { nulls } = await store.session.one<{ nulls: number }>(
        `SELECT count(*)::int AS nulls FROM ${quoted(name)} WHERE ${quoted(column)} IS NULL`,
      )
      expect([name, column, nulls]).toEqual([name, column, 0])
    }
  }
})

test('types are those of the first schema without a prefix, with enums, arrays and domains', async () => {
  await using store = await openStore(
    `CREATE TYPE mood AS ENUM ('low', 'high'); CREATE SCHEMA sales; CREATE DOMAIN short AS varchar(10); CREATE TABLE a (m mood, ms mood[], s short NOT NULL, n int[] NOT NULL); CREATE TABLE sales.b (id bigint GENERATED ALWAYS AS IDENTITY)`,
  )
  const text = await writeTypes(store.session, ['public', 'sales'])
  expect(text).toContain(`export type Mood = "high" | "low";`)
  expect(text).toMatch(/interface A \{\s+m: Mood \| null;\s+ms: .*Mood.*;\s+n: number\[\];\s+s: string;/)
  expect(text).toContain('"sales.b": SalesB;')
  expect(await writeTypes(store.session, ['sales'])).toMatch(/interface DB \{\s+b: B;\s+\}/)
})

const quoted = (name: string) => `"${name}"`
