import { describe, expect, test } from 'vitest'
import { markedAgain, renamedIn } from './references-support.ts'

/** «…» is changed, ‹…› is ambiguous. */
describe('uses of a table in SQL', () => {
  test.each([
    ['a table, its columns and its schema', 'SELECT «old».id, o.old FROM public.«old» JOIN b AS o ON o.x = «old».x'],
    ['an alias hides the name', 'SELECT old.id FROM «old» AS o, other AS old WHERE o.id = old.id'],
    ['a query of WITH hides it, but not from itself', 'WITH old AS (SELECT * FROM «old») SELECT old.id FROM old'],
    ['a recursive one does', 'WITH RECURSIVE old AS (SELECT * FROM old) SELECT * FROM old'],
    ['a table of another schema', 'SELECT old.id FROM audit.old WHERE old.id = 1'],
    ['a column, an output name and a longer name', 'SELECT a.old, b AS old, old_id FROM old_lines AS a'],
    ['a name from an outer query', 'SELECT 1 FROM «old» WHERE EXISTS (SELECT FROM b WHERE b.id = «old».id)'],
    ['the innermost alias counts', 'SELECT 1 FROM «old» WHERE EXISTS (SELECT FROM b AS old WHERE old.id = 1)'],
    ['writes', 'INSERT INTO «old» (old) VALUES (1) ON CONFLICT (id) DO UPDATE SET a = excluded.a WHERE «old».a IS NULL RETURNING «old».*'],
    ['MERGE', 'MERGE INTO «old» USING s ON s.id = «old».id WHEN MATCHED THEN UPDATE SET a = «old».b'],
    ['a lock', 'SELECT 1 FROM «old», a AS b FOR UPDATE OF «old»'],
    ['a lock of an alias', 'SELECT 1 FROM «old» AS a, b AS old FOR UPDATE OF old'],
    ['capitals', 'SELECT * FROM «OLD» JOIN «Old» AS b ON true'],
    ['quotes', 'SELECT * FROM «"old"» JOIN "OLD" ON true'],
    ['the whole row is ambiguous', 'SELECT count(‹old›) FROM «old»'],
    [
      'a policy, an index and rights',
      'CREATE POLICY old ON «old» USING («old».a = 1); CREATE INDEX old_i ON «old» ((«old».a)); GRANT SELECT ON b, «old» TO c',
    ],
    [
      'names without a place',
      'DROP TABLE a, public.«old»; DROP TRIGGER old ON «old»; COMMENT ON COLUMN «old».a IS $$old$$; ALTER SEQUENCE s OWNED BY «old».id',
    ],
    ['types', 'CREATE FUNCTION f() RETURNS SETOF «old» LANGUAGE sql AS $$ SELECT NULL::«old» $$'],
    ['a regclass', `SELECT '«old»'::regclass, to_regclass('public.«old»'), nextval('old_id_seq')`],
    ['a text', `SELECT * FROM information_schema.tables WHERE table_name = '‹old›'`],
    ['a body of SQL, quotes doubled', `CREATE FUNCTION f() RETURNS int LANGUAGE sql AS 'SELECT 1 FROM «old» WHERE a = ''b'''`],
    [
      'a body of PL/pgSQL',
      `CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $f$
       DECLARE r «old»%ROWTYPE; c «old».id%TYPE; d «old»;
       BEGIN SELECT id INTO c FROM «old» WHERE «old».id = NEW.id; -- old
         IF EXISTS (SELECT FROM «old») THEN c := (SELECT 1 FROM «old»); END IF;
         PERFORM count(*) FROM «old» WHERE «old».id = 1;
         EXECUTE 'DELETE FROM «old»';
         RAISE NOTICE 'SELECT * FROM old';
         RETURN OLD;
       END $f$`,
    ],
    ['a temporary table of the name', 'CREATE TEMP TABLE old (id int); SELECT * FROM ‹old›'],
    ['the new name has a meaning already', 'SELECT * FROM ‹old› JOIN other AS fresh ON true'],
    ['another table gets the name', 'ALTER TABLE other RENAME TO ‹old›; ALTER TABLE other RENAME COLUMN a TO old'],
    ['parameters of drivers', 'SELECT * FROM «old» WHERE a = :a AND b = ? AND c = @c'],
    ['one statement that no parser reads', 'SELECT * FROM «old»; SELECT FROM FROM ‹old› WHERE; DELETE FROM «old»'],
    ['psql', '\\set x 1\nSELECT * FROM «old»;\nCOPY «old» FROM stdin;\n1\told\n\\.\n'],
    ['a job of cron', `SELECT cron.schedule('a', '* * * * *', $$DELETE FROM «old»$$)`],
  ])('%s', (_, marked) => {
    expect(markedAgain(marked)).toBe(marked)
  })

  test.each([
    ['SELECT * FROM "old"', 'fresh', 'SELECT * FROM "fresh"'],
    ['SELECT * FROM OLD, old', 'fresh', 'SELECT * FROM FRESH, fresh'],
    ['SELECT * FROM Old', 'fresh_line', 'SELECT * FROM Fresh_Line'],
    ['SELECT * FROM old', 'Fresh', 'SELECT * FROM "Fresh"'],
    ['SELECT * FROM old', 'order', 'SELECT * FROM "order"'],
    ['SELECT * FROM old', '"a ""b"""', 'SELECT * FROM "a ""b"""'],
    [`SELECT 'old'::regclass`, `it's`, `SELECT '"it''s"'::regclass`],
  ])('the new name is written as the old one was: %s, %s', (text, renamed, expected) => {
    expect(renamedIn(text, { renamed })).toBe(expected)
  })

  test('a table that gets into another schema gets it written, but not before columns', () => {
    const text = 'SELECT old.id FROM old JOIN public.old AS o ON o.id = old.id'
    expect(renamedIn(text, { renamed: 'archive.fresh' })).toBe(
      'SELECT fresh.id FROM archive.fresh JOIN archive.fresh AS o ON o.id = fresh.id',
    )
  })

  test('a table of another schema than public is certain only with its schema', () => {
    const marked = 'SELECT * FROM sales.«old» JOIN ‹old› AS b ON true JOIN public.old AS c ON true'
    expect(markedAgain(marked, { old: 'sales.old', renamed: 'sales.fresh' })).toBe(marked)
  })
})
