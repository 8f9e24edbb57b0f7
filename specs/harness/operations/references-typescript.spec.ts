import { describe, expect, test } from 'vitest'
import { markedAgain, renamedIn } from './references-support.ts'

const cases = {
  'SQL in texts': [
    [],
    `const a = 'SELECT «old».id FROM «old»'
     const b = "SELECT * FROM «\\"old\\"» WHERE a = 'x'"
     const c = 'SELECT * ' + 'FROM «old» WHERE ' + condition + ' AND «old».id = 1'
     const d = 'SELECT * FROM \\u0061, «old»'
     client.query({ text: \`DELETE FROM «old»
       WHERE id = \${id} AND a IN (\${list}) RETURNING «old».*\` })`,
  ],
  'holes of templates': [
    [],
    `sql\`SELECT * FROM «old» \${where} ORDER BY \${order}\`
     sql\`INSERT INTO «old» \${sql(rows)}\`
     sql\`UPDATE «old» SET \${sql(row)} WHERE id = \${id}\`
     sql\`SELECT \${columns} FROM \${table}, «old» AS o\`
     sql\`SELECT * FROM «old» WHERE a = '\${a}' LIMIT $\${values.length}\`
     sql\`INSERT INTO «old» (\${columns}) VALUES (\${values}) ON CONFLICT (id) \${update ? a : b} RETURNING *\`
     sql\`DROP POLICY "\${name}_select" ON «old»\`
     sql\`SELECT * FROM \${schema}.‹old›\`
     sql\`SELECT * FROM old\${suffix} JOIN \${prefix}old ON true\``,
  ],
  'what is no table': [
    [],
    `import old from 'old'
     export * from 'old'
     const old = { old: 1, 'old': 2 }
     row['old'] = old.old
     const b = <Old old="old" />
     const c = 'gold and old_lines'
     const d = 'SELECT gold FROM old_lines WHERE old = 1'`,
  ],
  'texts that are the name are listed': [[], `const tables = ['‹old›', 'other', 'public.‹old›', 'audit.old']`],
  'another server is listed': [
    [],
    `async function clickhouseQuery() { return rawQuery('SELECT * FROM ‹old›') }
     const list = async () => { const query = 'SELECT * FROM ‹old›'; return queryClickhouse<Row>({ query }) }
     const a = clickhouse.query('SELECT * FROM ‹old›'); const b = rawQuery('SELECT * FROM «old»')`,
  ],
  'a part of SQL is listed': [
    [],
    `const from = ' FROM ‹old› WHERE '; const prose = 'an update from old times'; const more = 'UPDATE the age, which is old.'`,
  ],
  Knex: [
    ['knex'],
    `await knex('«old»').where('«old».id', 1).select('«old».*', '«old».a as b')
     await db('«old» as o').join('other as old', 'old.id', 'o.id')
     await trx.select('«old».id').from('«old»').leftJoin('b', function () { this.on('b.id', '=', '«old».id') }).where({ '«old».id': 1, old: 2 })
     await knex('b').whereExists(knex.select('*').from('«old»').whereRaw('«old».id = b.id'))
     await db.insert({ old: 1 }).into('«old»')
     await knex.schema.alterTable('«old»', (t) => t.integer('old').references('id').inTable('«old»'))
     await knex.withSchema('audit').select().from('old')
     query.where('‹old›.id', 1)
     function list(params) {
       const made = knex('«old»')
       if (params.a) made.leftJoin('b', '«old».b_id', 'b.id').orWhereRaw('«old».a = ?', [1])
       const other = knex('b as old')
       return other.where('old.id', 1)
     }
     describe('‹old›', () => {})
     cache.from('‹old›')`,
  ],
  Kysely: [
    ['kysely'],
    `interface Database { «old»: OldTable; other: { old: string } }
     const db = new Kysely<Database>()
     await db.selectFrom('«old»').innerJoin('other', 'other.old', '«old».id').select(['«old».id', 'other.old as x']).selectAll('«old»').execute()
     await db.selectFrom('«old» as o').selectAll('o').where('o.id', '=', 1).execute()
     await db.insertInto('«old»').values({ old: 1 }).execute()
     await db.selectFrom('b').where((eb) => eb.exists(eb.selectFrom('«old»').whereRef('«old».id', '=', 'b.id')))
     await db.with('old', (q) => q.selectFrom('«old»').selectAll()).selectFrom('old').select('old.id').execute()
     await db.withSchema('audit').selectFrom('old').select('old.id').execute()
     await db.selectFrom('«old»').where(sql\`«old».a = 1\`).execute()
     await db.deleteFrom('«old»').using(['b', '«old»']).where('«old».id', '=', 1).execute()`,
  ],
  Drizzle: [
    ['drizzle-orm'],
    `import { pgSchema, pgTable, pgTable as table, text } from 'drizzle-orm/pg-core'
     export const old = pgTable('«old»', { old: text('old') }, (t) => [index('old_idx').on(t.old)])
     export const again = table("«old»", {})
     const audit = pgSchema('audit')
     export const other = audit.table('old', {})
     const rows = await db.select({ old: old.old }).from(old).where(sql\`exists (select 1 from «old»)\`)`,
  ],
  Supabase: [
    ['@supabase/supabase-js'],
    `const { data } = await supabase.from('«old»').select('id, old, old_id').eq('old', 1)
     await supabase.from('other').select('id, «old»(name), x:«old»!fk(name, old), old_lines(a), ...«old»(b)')
     await supabase.schema('audit').from('old').select('*')
     await supabase.storage.from('old').upload('a', b)
     createClient(url).storage.from('old').download('select')
     createClient(url).storage.from('old').select()
     Array.from('old')
     supabase.channel('old').on('postgres_changes', { event: '*', schema: 'public', table: '«old»' }, handle)
     supabase.channel('a').on('postgres_changes', { event: '*', schema: 'audit', table: 'old' }, handle)
     type Database = { public: { Tables: { «old»: { Row: { old: string }; Relationships: [{ foreignKeyName: 'old_fkey', referencedRelation: '«old»' }] } } }; audit: { Tables: { old: {} } } }
     type Row = Database['public']['Tables']['«old»']['Row']
     type Other = Database['audit']['Tables']['old']['Row'] & Tables<'«old»'> & Enums<'‹old›'>
     type Table<T extends keyof Database['public']['Tables']> = Database['public']['Tables'][T]['Row']
     import type { Tables as TableType } from './types.ts'
     const rows: Table<'«old»'>[] | TableType<'«old»'> = []`,
  ],
  TypeORM: [
    ['typeorm'],
    `@Entity('«old»') class A {}
     @Entity({ name: '«old»' }) class B { @JoinTable({ name: '«old»' }) c: C[] }
     @Entity({ name: 'old', schema: 'audit' }) class C { @Column('old') old: string }
     @Entity() class ‹Old› {}
     @Entity() class OldLine {}
     new EntitySchema({ tableName: '«old»', name: '‹old›' })`,
  ],
  Objection: [
    ['objection', 'knex'],
    `class A extends Model { static tableName = '«old»' }\n class B extends Model { static get tableName() { return '«old»' } }`,
  ],
} as const

describe('uses of a table in TypeScript', () => {
  test.each(Object.entries(cases))('%s', (_, [packages, marked]) => {
    expect(markedAgain(marked, { file: 'src/a.tsx', packages })).toBe(marked)
  })

  test('an embedded table of Supabase keeps its key in the answer, there and back', () => {
    const finding = { file: 'a.ts', packages: ['@supabase/supabase-js'] }
    const before = "supabase.from('b').select('id, old(a), x:old!fk(a), ...old(b)')"
    const after = "supabase.from('b').select('id, old:fresh(a), x:fresh!fk(a), ...fresh(b)')"
    expect(renamedIn(before, finding)).toBe(after)
    expect(renamedIn(after, { ...finding, old: 'fresh', renamed: 'old' })).toBe(before)
  })

  test.each([
    ['const a = "SELECT * FROM old"', 'Fresh', 'const a = "SELECT * FROM \\"Fresh\\""'],
    [`const a = 'SELECT * FROM old'`, `it's`, `const a = 'SELECT * FROM "it\\'s"'`],
    ['const a = `SELECT * FROM old`', 'a`b', 'const a = `SELECT * FROM "a\\`b"`'],
    [`const a = "SELECT 'old'::regclass"`, 'Fresh', `const a = "SELECT '\\"Fresh\\"'::regclass"`],
  ])('the new name is escaped as its text needs it: %s, %s', (text, renamed, expected) => {
    expect(renamedIn(text, { file: 'a.ts', renamed })).toBe(expected)
  })

  test('a step of a tool that runs programs is a migration', () => {
    const step = `exports.up = (knex) => knex.schema.createTable('old', () => {})\nexports.down = (knex) => knex.schema.dropTable('old')`
    expect(markedAgain(step, { file: 'db/1_old.js', packages: ['knex'] })).toBe(step)
    const typed = `export class A1 implements MigrationInterface {
      async up(runner: QueryRunner) { await runner.query('DROP TABLE old') }
      async down() {} }`
    expect(markedAgain(typed, { file: 'a.ts' })).toBe(typed)
    const none = `const up = 1\nconst down = 2\nexport const query = 'SELECT * FROM «old»'`
    expect(markedAgain(none, { file: 'a.ts' })).toBe(none)
  })
})
