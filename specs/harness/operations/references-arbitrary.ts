import fc from 'fast-check'
import { quotedIfNeeded } from '../../../harness/operations/references/table-name.ts'

/** A text with one table's uses, and everything that only looks like one; the same for any name. */
export interface Renamable {
  readonly file: string
  readonly packages: readonly string[]
  /** @param table  What its uses name. @param other  What looks like it: columns, aliases, keys, tables elsewhere. */
  readonly write: (table: string, other: string) => string
}

type Fragment = (table: string, other: string) => string

/** One statement each: `t` is the table, `o` the name of something else. */
const statements: readonly Fragment[] = [
  (t) => `SELECT ${t}.id, ${t}.* FROM ${t} WHERE ${t}.aa = 1;`,
  (t) => `SELECT o1.id FROM public.${t} AS o1, other;`,
  (t) => `WITH w1 AS (SELECT * FROM ${t}) SELECT * FROM w1 JOIN ${t} ON ${t}.id = w1.id;`,
  (t, o) => `INSERT INTO ${t} (${o}, bb) VALUES (1, 2) ON CONFLICT (id) DO UPDATE SET bb = ${t}.bb RETURNING ${t}.id;`,
  (t, o) => `UPDATE ${t} SET ${o} = 1 WHERE ${t}.${o} IS NULL AND EXISTS (SELECT FROM other WHERE other.id = ${t}.id);`,
  (t) => `DELETE FROM ONLY ${t} USING other WHERE other.id = ${t}.id;`,
  (t, o) => `ALTER TABLE ${t} ADD COLUMN ${o} int; DROP TABLE IF EXISTS public.${t}; COMMENT ON COLUMN ${t}.${o} IS 'x';`,
  (t) => `CREATE VIEW v1 AS SELECT NULL::${t}, count(*) FROM ${t} GROUP BY ${t}.id;`,
  (t, o) => `CREATE POLICY ${o} ON ${t} USING (${t}.${o} = 1);`,
  (t) =>
    `CREATE FUNCTION f1() RETURNS SETOF ${t} LANGUAGE plpgsql AS $f$ DECLARE r1 ${t}%ROWTYPE; BEGIN RETURN QUERY SELECT * FROM ${t} WHERE ${t}.id > 1; END $f$;`,
  (_, o) => `SELECT ${o}.id FROM audit.${o} WHERE ${o}.id = 1;`,
  (_, o) => `SELECT aa AS ${o}, x1.${o} FROM other AS x1 ORDER BY ${o};`,
  (_, o) => `WITH ${o} AS (SELECT 1 AS id) SELECT ${o}.id FROM ${o};`,
  (_, o) => `SELECT ${o}.id FROM other AS ${o}; -- FROM ${o}`,
  (_, o) => `SELECT /* FROM ${o} */ ${longer(o)}.id FROM ${longer(o)};`,
  (_, o) => `CREATE INDEX ${o} ON other (${o}); CREATE TABLE third (${o} int CHECK (${o} > 0));`,
]

function longer(name: string): string {
  return name.endsWith('"') ? `${name.slice(0, -1)}_x"` : `${name}_x`
}

const escapes: Readonly<Record<string, (sql: string) => string>> = {
  "'": (sql) => sql.replaceAll(/['\\]/g, '\\$&'),
  '"': (sql) => sql.replaceAll(/["\\]/g, '\\$&'),
  '`': (sql) => sql.replaceAll(/[`\\]/g, '\\$&'),
}

/** A statement in a program; comments of a line would swallow what comes after them. */
const inProgram = fc.tuple(fc.constantFrom(...statements), fc.constantFrom("'", '"', '`')).map(
  ([statement, quote]): Fragment =>
    (t, o) =>
      `query(${quote}${escapes[quote]?.(statement(t, o))}${quote})`,
)

const program: readonly Fragment[] = [
  (t) => `sql\`SELECT \${list} FROM ${t} WHERE ${t}.id = \${id} \${more}\``,
  (t) => `db.selectFrom('${t}').innerJoin('other', 'other.id', '${t}.id').select(['${t}.id', '${t}.aa as bb']).execute()`,
  (t, o) => `db.selectFrom('${t} as o1').select('o1.${o}').where('${o}', '=', 1).execute()`,
  (t) => `supabase.from('${t}').select('id, bb').eq('id', 1)`,
  (t, o) => `import { pgTable } from 'drizzle-orm/pg-core'; export const ${o}1 = pgTable('${t}', { ${o}: text('${o}') })`,
  (_, o) => `const x1 = { ${o}: 1, '${o}': row['${o}'], ${o}_x: '${o}_x' }`,
  (_, o) => `supabase.storage.from('${o}').upload(a, b)`,
  (_, o) => `supabase.schema('audit').from('${o}').select('${o}')`,
  (_, o) => `db.selectFrom('other as ${o}').select('${o}.id').execute()`,
  (_, o) => `export * from './${o}'`,
  (_, o) => `// SELECT * FROM ${o}`,
  (_, o) => `const t1 = 'a text with ${o} in it'`,
]

const word = fc.constantFrom('orders', 'line_items', 'customer2', 'zettel', 'accounts$', 'müller')

/** Names for SQL; some need quotes. */
export const sqlNames = names(fc.oneof(word, fc.constantFrom('Order', 'user', 'Two Words', 'select', '2nd')))
/** Names that are a word everywhere. */
export const plainNames = names(fc.constantFrom('orders', 'line_items', 'customer2', 'zettel', 'accounts'))

function names(of: fc.Arbitrary<string>): fc.Arbitrary<{ readonly old: string; readonly renamed: string }> {
  return fc
    .tuple(of, of)
    .filter(([old, renamed]) => old !== renamed)
    .map(([old, renamed]) => ({ old, renamed }))
}

const lineEnds = fc.constantFrom('\n', '\r\n')

function lines(fragment: fc.Arbitrary<Fragment>): fc.Arbitrary<Fragment> {
  return fc.record({ parts: fc.array(fragment, { minLength: 1, maxLength: 6 }), end: lineEnds, mark: fc.boolean() }).map(
    ({ parts, end, mark }): Fragment =>
      (t, o) =>
        (mark ? '\uFEFF' : '') + parts.map((part) => part(t, o) + end).join(''),
  )
}

const sqlFile = lines(fc.constantFrom(...statements)).map(
  (write): Renamable => ({ file: 'a.sql', packages: [], write: (t, o) => write(quotedIfNeeded(t), quotedIfNeeded(o)) }),
)

const programFile = lines(fc.oneof(inProgram, fc.constantFrom(...program))).map(
  (write): Renamable => ({ file: 'a.ts', packages: ['kysely', '@supabase/supabase-js', 'drizzle-orm'], write }),
)

const blocks: fc.Arbitrary<Fragment> = fc.oneof(
  fc.constantFrom<Fragment>(
    (_, o) => `Rows of ${o} are in \`${o}\`, and {"${o}": 1} is JSON.`,
    (_, o) => `# ${o}`,
    (_, o) => `\`\`\`json\n{ "${o}": "SELECT * FROM ${o}" }\n\`\`\``,
    (t) => `A query is \`SELECT * FROM ${t}\`.`,
  ),
  fc.constantFrom(...statements).map(
    (statement): Fragment =>
      (t, o) =>
        `\`\`\`sql\n${statement(t, o)}\n\`\`\``,
  ),
  fc.constantFrom(...statements).map(
    (statement): Fragment =>
      (t, o) =>
        `- item\n\n  ~~~sql\n  ${statement(t, o)}\n  ~~~`,
  ),
  fc.constantFrom(...program).map(
    (part): Fragment =>
      (t, o) =>
        `> \`\`\`ts\n> ${part(t, o)}\n> \`\`\``,
  ),
)

const pageFile = lines(
  blocks.map(
    (block): Fragment =>
      (t, o) =>
        `${block(t, o)}\n`,
  ),
).map((write): Renamable => ({ file: 'a.md', packages: ['kysely', '@supabase/supabase-js', 'drizzle-orm'], write }))

/** A file with the names that it can have. */
export const renamableFile = fc.oneof(
  fc.record({ renamable: sqlFile, names: sqlNames }),
  fc.record({ renamable: programFile, names: plainNames }),
  fc.record({ renamable: pageFile, names: plainNames }),
)
