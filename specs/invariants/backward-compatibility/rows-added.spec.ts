import { expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = `CREATE TABLE role (id int PRIMARY KEY, name text NOT NULL);
  CREATE TABLE member (id int PRIMARY KEY, role_id int REFERENCES role ON DELETE CASCADE);`

/** What clients are told to see, infos aside. */
async function told(up: string, schema = legacy) {
  const { findings } = await verifyInline(schema, up)
  return findings.flatMap(({ invariant, severity, message }) =>
    invariant === 'backward-compatibility' && severity !== 'info' ? [message] : [],
  )
}

test('rows that a migration puts into a table are there for clients, and no fault', async () => {
  expect(await told("INSERT INTO role VALUES (-1000, 'auditor'), (-1001, 'guest'); INSERT INTO member VALUES (-1, -1000)")).toEqual([])
})

test('legacy rows that stand there a second time, under other keys, are told', async () => {
  const up = 'INSERT INTO role SELECT -1000000 - id, name FROM role;'
  expect(await told(up)).toContainEqual(expect.stringMatching(/^A SELECT from role returns \d+ rows instead of/))
})

test('rows beside a trigger that deletes other rows: that is told, and the rows are not', async () => {
  const up = `INSERT INTO role VALUES (-1000, 'auditor');
    CREATE FUNCTION sweep() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN DELETE FROM role WHERE id > 0; RETURN OLD; END $$;
    CREATE TRIGGER sweep AFTER DELETE ON role FOR EACH ROW WHEN (pg_trigger_depth() = 0) EXECUTE FUNCTION sweep();`
  expect(await told(up)).toEqual([expect.stringMatching(/^After a DELETE from role, /)])
})

test('a view that takes the place of a table and shows rows twice is told', async () => {
  const up = `ALTER TABLE role RENAME TO role_2; ALTER TABLE role_2 DROP CONSTRAINT role_pkey CASCADE;
    CREATE VIEW role AS SELECT * FROM role_2 UNION ALL SELECT * FROM role_2;`
  expect(await told(up)).toContainEqual(expect.stringMatching(/^A SELECT from role returns \d+ rows instead of/))
})

test('rows that stand there twice under their keys are told', async () => {
  const up = 'ALTER TABLE role DROP CONSTRAINT role_pkey CASCADE; INSERT INTO role SELECT * FROM role;'
  const counts = (await told(up)).flatMap(
    (each) => /^A SELECT from role returns (\d+) rows instead of (\d+)/.exec(each)?.slice(1).map(Number) ?? [],
  )
  const [now = 0, was = 0] = counts
  expect([was > 0, now]).toEqual([true, 2 * was])
})
