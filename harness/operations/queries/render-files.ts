import type { CompiledQueries } from './compile-queries.ts'
import { literal, type Query, savedSchema } from './query.ts'

/** What the files say about themselves. */
export interface FileSubject {
  readonly migration: string
  /** Of the migration's files. */
  readonly digest: string
  /** For each finding that has one: its message, and SQL that counts the rows which it concerns. */
  readonly preflights: readonly { readonly message: string; readonly sql: string }[]
}

/** Values are saved as texts: what a text looks like must not depend on the session. */
const settings = `\\set ON_ERROR_STOP on
\\set QUIET on
\\set SHOW_CONTEXT never
\\pset pager off
SET TimeZone = 'UTC';
SET DateStyle = 'ISO, YMD';
SET IntervalStyle = 'postgres';
SET extra_float_digits = 1;
SET bytea_output = 'hex';
SET row_security = off;
SET client_min_messages = 'warning';
BEGIN ISOLATION LEVEL REPEATABLE READ;`

/** The file to run with psql before the migration: it saves, in a schema of its own, what after.sql compares with. */
export function renderBefore({ saved, queries }: CompiledQueries, { migration, digest, preflights }: FileSubject): string {
  const exists = `DO $$
BEGIN
  IF to_regnamespace('${savedSchema}') IS NOT NULL THEN
    RAISE EXCEPTION 'the schema ${savedSchema} is there already'
      USING HINT = 'It holds what an earlier run saved. Once nobody needs it: DROP SCHEMA ${savedSchema} CASCADE';
  END IF;
END $$;`
  const saves = queries.flatMap((query) => query.saves.map((sql) => `-- For: ${oneLine(query.title)}\n${sql};`))
  return file([
    comment([
      `Run this before the migration ${migration}:`,
      '  psql -d DATABASE -f before.sql',
      `It saves the rows of ${saved.length} tables in the schema ${savedSchema}, and changes nothing else. It needs the right to create a schema,`,
      'to read all rows of the tables, and as much room as they take. Values are saved as texts, so that types may change.',
      'No one may write between this file and the migration: after.sql reports such writes as differences.',
    ]),
    settings,
    exists,
    `CREATE SCHEMA ${savedSchema};`,
    `CREATE TABLE ${savedSchema}.saved_for AS SELECT ${literal(migration)} AS migration, ${literal(digest)} AS digest, now() AS at;`,
    ...saved.map((each) => `-- The rows of ${each.relation}.\n${each.sql};\nANALYZE ${each.table};`),
    ...saves,
    totals(saved),
    'COMMIT;',
    ...(preflights.length === 0
      ? []
      : [`-- What verification found, and how many rows of this database it concerns.\n\\set ON_ERROR_STOP off`]),
    ...preflights.map(({ message, sql }) => `-- ${oneLine(message)}\n\\echo ${psqlText(message)}\n${sql};`),
    `\\echo 'Saved in the schema ${savedSchema}. Run the migration now, then after.sql.'`,
  ])
}

/** The file to run with psql after the migration: it answers `ok` or names the items that differ, and fails where something does. */
export function renderAfter({ presence, queries, notChecked }: CompiledQueries, { migration, digest }: FileSubject): string {
  const isSaved = `DO $$
BEGIN
  IF to_regclass('${savedSchema}.saved_for') IS NULL THEN
    RAISE EXCEPTION 'the schema ${savedSchema} is not there' USING HINT = 'Run before.sql before the migration.';
  END IF;
  IF NOT EXISTS (SELECT FROM ${savedSchema}.saved_for WHERE digest = ${literal(digest)}) THEN
    RAISE EXCEPTION 'the schema ${savedSchema} was saved for another migration, or for other files of this one'
      USING HINT = 'Write both files again with godwit queries, and run before.sql before the migration.';
  END IF;
END $$;`
  return file([
    comment([
      `Run this after the migration ${migration}:`,
      '  psql -d DATABASE -f after.sql',
      `It compares the database with what before.sql saved, changes nothing, and ends with exit code 3 where something differs.`,
      'Each query stands for itself: its SELECT can be run alone, and gives no row where all is well.',
      ...(notChecked.length === 0 ? [] : ['']),
      ...notChecked.map((each) => `not checked: ${oneLine(each)}`),
    ]),
    settings,
    isSaved,
    `CREATE TEMPORARY TABLE godwit_answers (number integer, title text) ON COMMIT DROP;
CREATE TEMPORARY TABLE godwit_differences (number integer, item text, before text, after text, difference text) ON COMMIT DROP;`,
    ask(presence, 1),
    refuse,
    ...queries.map((query, at) => ask(query, at + 2)),
    `\\echo 'What was asked, and the answers:'
SELECT number, title, CASE WHEN found = 0 THEN 'ok' ELSE 'differs: ' || found END AS answer
  FROM (SELECT a.*, (SELECT count(*) FROM pg_temp.godwit_differences AS d WHERE d.number = a.number) AS found
    FROM pg_temp.godwit_answers AS a) AS a
  ORDER BY number;`,
    `SELECT count(*) > 0 AS differs FROM pg_temp.godwit_differences \\gset
\\if :differs
\\echo 'What differs (at most 100 items of each query):'
SELECT number, item, before, after, difference
  FROM (SELECT d.*, row_number() OVER (PARTITION BY number ORDER BY item) AS place FROM pg_temp.godwit_differences AS d) AS d
  WHERE place <= 100 ORDER BY number, item;
\\endif`,
    refuse,
    'COMMIT;',
    `\\echo 'ok: nothing differs. What was saved can go: DROP SCHEMA ${savedSchema} CASCADE;'`,
  ])
}

/** Ends psql with an error that names the first items. */
const refuse = `DO $$
DECLARE
  differing text := (SELECT string_agg(format('%s: %s is %s, was %s', title, item, coalesce(after, 'NULL'), coalesce(before, 'NULL')), chr(10) ORDER BY number, item)
    FROM (SELECT title, d.* FROM pg_temp.godwit_differences AS d JOIN pg_temp.godwit_answers USING (number) ORDER BY number, item LIMIT 10) AS d);
BEGIN
  IF differing IS NOT NULL THEN
    RAISE EXCEPTION 'the migration is not complete' USING DETAIL = differing;
  END IF;
END $$;`

function ask({ title, comments, finds }: Query, number: number): string {
  return `${comment([`${number}. ${oneLine(title)}`, ...comments.map(oneLine)])}
INSERT INTO pg_temp.godwit_answers VALUES (${number}, ${literal(title)});
INSERT INTO pg_temp.godwit_differences
SELECT ${number}, q.* FROM (
${finds}
) AS q;`
}

function totals(saved: CompiledQueries['saved']): string {
  if (saved.length === 0) return `\\echo 'The migration writes no table.'`
  const counts = saved.map((each) => `SELECT ${literal(each.relation)} AS "table", count(*) AS rows FROM ${each.table}`)
  return `-- How many rows were saved.\n${counts.join('\nUNION ALL ')}\nORDER BY 1;`
}

/** Nothing of a name or message may leave its comment. */
function oneLine(text: string): string {
  return text.replaceAll(/[\r\n\u2028\u2029\0]+/g, ' ')
}

function psqlText(text: string): string {
  return `'${oneLine(text).replaceAll('\\', '/').replaceAll("'", "''")}'`
}

function comment(lines: readonly string[]): string {
  return lines.map((line) => (line === '' ? '--' : `-- ${line}`)).join('\n')
}

function file(parts: readonly string[]): string {
  return `${parts.join('\n\n')}\n`
}
