import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { readSources } from '../../../harness/history/index.ts'
import { modelDriftOn, renderModelDrift } from '../../../harness/operations/index.ts'
import { readDrizzleModel } from '../../../harness/operations/schema/drizzle-model.ts'
import { readPrismaModel } from '../../../harness/operations/schema/prisma-model.ts'
import { writtenFiles } from '../history/written-history.ts'

const migration = `CREATE SCHEMA sales; CREATE TYPE "role" AS ENUM ('USER', 'admin'); CREATE TYPE "Unused" AS ENUM ('one');
CREATE TABLE sales.users (id SERIAL PRIMARY KEY, email VARCHAR(100) NOT NULL UNIQUE, full_name TEXT, tags TEXT[], role "role" NOT NULL DEFAULT 'USER', price DECIMAL(10,2) NOT NULL,
  at TIMESTAMPTZ(6) NOT NULL DEFAULT now(), made TIMESTAMP(3) NOT NULL, rate DOUBLE PRECISION, data JSONB NOT NULL, raw BYTEA, big BIGINT NOT NULL, day DATE, "place" point);
CREATE TABLE "Post" (id UUID PRIMARY KEY, "authorId" INTEGER NOT NULL REFERENCES sales.users, total DECIMAL(65,30), on_off BOOLEAN NOT NULL);
CREATE TABLE "Tag" (id INTEGER PRIMARY KEY);
CREATE TABLE "_PostToTag" ("A" UUID NOT NULL, "B" INTEGER NOT NULL);
CREATE TABLE _prisma_migrations (id text PRIMARY KEY);`

const model = `generator client {
  provider = "prisma-client-js"
}
datasource db {
  provider = "postgresql"
  schemas  = ["public", "sales"]
}
/// Who writes.
model User { 
  id    Int      @id @default(autoincrement())
  email String   @unique @db.VarChar(100)
  name  String?  @map("full_name")
  tags  String[]
  role  Role     @default(USER)
  price Decimal  @db.Decimal(10, 2)
  at    DateTime @default(now()) @db.Timestamptz(6)
  made  DateTime
  rate  Float?
  data  Json
  raw   Bytes?
  big   BigInt
  day   DateTime? @db.Date
  place Unsupported("point")?
  posts Post[]
  @@map("users")
  @@schema("sales")
}
model Post {
  id       String @id @default(uuid()) @db.Uuid
  author   User   @relation(fields: [authorId], references: [id])
  authorId Int
  total    Decimal?
  onOff    Boolean @map("on_off")
  labels   Tag[]
}
model Tag {
  id    Int @id
  posts Post[]
}
enum Unused {
  one
}
enum Role {
  USER
  ADMIN @map("admin")
  @@map("role")
}
`

/** One edit of the model or of the migration, and what must be said of it. */
const edits: readonly (readonly [
  what: string,
  edit: { readonly model?: readonly [string, string]; readonly sql?: string },
  told: readonly string[],
])[] = [
  ['nothing', {}, []],
  [
    'an enum that no step makes',
    { model: ['enum Unused {', 'enum Missing {'] },
    ['enum public.Missing is in the model, and no step makes it'],
  ],
  [
    'a column that no step makes',
    { model: ['  rate  Float?', '  rate  Float?\n  more  Int?'] },
    ['attribute sales.users.more is in the model, and no step makes it'],
  ],
  [
    'a column that the model lacks',
    { model: ['  rate  Float?\n', ''] },
    ['attribute sales.users.rate is made by the steps, and is not in the model'],
  ],
  [
    'another length',
    { model: ['VarChar(100)', 'VarChar(50)'] },
    ['attribute sales.users.email is character varying(50) in the model, and character varying(100) by the steps'],
  ],
  [
    'another type',
    { model: ['  big   BigInt', '  big   Int'] },
    ['attribute sales.users.big is integer in the model, and bigint by the steps'],
  ],
  [
    'a column that takes NULL',
    { model: ['  made  DateTime', '  made  DateTime?'] },
    ['attribute sales.users.made is optional in the model, and NOT NULL by the steps'],
  ],
  [
    'a required column',
    { sql: 'ALTER TABLE sales.users ALTER data DROP NOT NULL' },
    ['attribute sales.users.data is required in the model, and takes NULL by the steps'],
  ],
  [
    'a table that the model lacks',
    { sql: 'CREATE TABLE sales.extra (id int)' },
    ['table sales.extra is made by the steps, and is not in the model'],
  ],
  ['a table that no step makes', { sql: 'DROP TABLE "Tag"' }, ['table public.Tag is in the model, and no step makes it']],
  [
    'another label',
    { sql: `ALTER TYPE "role" RENAME VALUE 'admin' TO 'chief'` },
    ['enum public.role has USER, admin in the model, and USER, chief by the steps'],
  ],
  [
    'another enum',
    { model: ['role  Role     @default(USER)', 'role  String'] },
    ['attribute sales.users.role is text in the model, and public.role by the steps'],
  ],
]

describe('drift of a Prisma schema', { timeout: 60_000 }, () => {
  test.each(edits)('names %s, and nothing else', async (_, { model: [from, to] = ['', ''], sql = '' }, told) => {
    await using written = await writtenFiles({
      'migrations/20260101000000_all/migration.sql': `${migration}\n${sql}`,
      'migrations/migration_lock.toml': 'provider = "postgresql"\n',
    })
    const [source] = await readSources([`${written.path}/migrations`], {})
    if (source === undefined) throw new Error('no history')
    const given = { model: 'schema.prisma', at: undefined, options: {}, hooks: {} }
    const found = await modelDriftOn(await useCluster(), source, readPrismaModel(model.replace(from, to), 'schema.prisma'), given)
    expect([found.differences.map(({ object, what }) => `${object} ${what}`), found.unknown]).toEqual([told, []])
    expect(renderModelDrift(found)).toContain(
      told.length === 0 ? '✓ The model is what the steps make.' : '✗ The model is not what the steps make: 1 difference.',
    )
  })

  test('refuses what is no Prisma schema, with the line', () => {
    expect(() => readPrismaModel('model A {\n  id Int @id\n', 'schema.prisma')).toThrow(/^schema\.prisma(:\d+)? is no Prisma schema$/)
  })
})

describe('drift of a snapshot of drizzle-kit', { timeout: 60_000 }, () => {
  const sql = `CREATE TYPE mood AS ENUM ('low'); CREATE SCHEMA sales;
CREATE TABLE a (id serial PRIMARY KEY, name varchar(20), at timestamp(3) with time zone, price numeric(10,2) NOT NULL, tags text[], mood mood); CREATE TABLE sales.b (id bigint PRIMARY KEY)`
  const typeOf = { id: 'serial', name: 'varchar(20)', at: 'timestamp (3) with time zone', price: 'numeric(10, 2)', mood: 'mood' }
  const notNull = (name: string) => name === 'id' || name === 'price'
  /** As drizzle-kit wrote snapshots until 1.0. */
  const nested = (types: Readonly<Record<string, string>>) => ({
    dialect: 'postgresql',
    tables: {
      'public.a': {
        name: 'a',
        schema: '',
        columns: Object.fromEntries(
          Object.entries({ ...types, tags: 'text[]' }).map(([name, type]) => [name, { name, type, notNull: notNull(name) }]),
        ),
      },
      'sales.b': { name: 'b', schema: 'sales', columns: { id: { name: 'id', type: 'bigserial', notNull: true } } },
    },
    enums: { 'public.mood': { name: 'mood', schema: 'public', values: ['low'] } },
  })
  /** As it writes them since. */
  const flat = (types: Readonly<Record<string, string>>) => ({
    dialect: 'postgres',
    ddl: [
      { entityType: 'tables', name: 'a', schema: 'public' },
      { entityType: 'tables', name: 'b', schema: 'sales' },
      { entityType: 'enums', name: 'mood', schema: 'public', values: ['low'] },
      ...Object.entries(types).map(([name, type]) => ({
        entityType: 'columns',
        table: 'a',
        schema: 'public',
        name,
        type,
        notNull: notNull(name),
        dimensions: 0,
      })),
      { entityType: 'columns', table: 'a', schema: 'public', name: 'tags', type: 'text', notNull: false, dimensions: 1 },
      { entityType: 'columns', table: 'b', schema: 'sales', name: 'id', type: 'bigint', notNull: true, dimensions: 0 },
      { entityType: 'pks', table: 'a', schema: 'public', name: 'a_pkey', columns: ['id'] },
    ],
  })

  test.each([
    ['an older', nested],
    ['a newer', flat],
  ])('of %s version is none where nothing differs, and names what does', async (_, snapshot) => {
    await using written = await writtenFiles({ '001.sql': sql })
    const [source] = await readSources([written.path], {})
    if (source === undefined) throw new Error('no history')
    const driftOf = async (types: Readonly<Record<string, string>>) => {
      const given = { model: 'snapshot.json', at: undefined, options: {}, hooks: {} }
      const found = await modelDriftOn(
        await useCluster(),
        source,
        readDrizzleModel(JSON.stringify(snapshot(types)), 'snapshot.json'),
        given,
      )
      return found.differences.map(({ object, what }) => `${object} ${what}`)
    }
    expect(await driftOf(typeOf)).toEqual([])
    const { at: _at, ...lacking } = typeOf
    expect(await driftOf({ ...lacking, name: 'varchar(21)', more: 'text' })).toEqual([
      'attribute public.a.name is character varying(21) in the model, and character varying(20) by the steps',
      'attribute public.a.more is in the model, and no step makes it',
      'attribute public.a.at is made by the steps, and is not in the model',
    ])
  })

  test.each([
    ['{"a": 1}', '"x.json" is no snapshot of drizzle-kit'],
    ['{', '"x.json" is no JSON'],
    ['{"dialect": "sqlite", "ddl": []}', '"x.json" is a snapshot for sqlite'],
  ])('refuses %s', (text, message) => {
    expect(() => readDrizzleModel(text, 'x.json')).toThrow(message)
  })
})
