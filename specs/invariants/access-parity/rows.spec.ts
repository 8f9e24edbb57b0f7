import { beforeAll, describe, expect, test } from 'vitest'
import { type InlineCase, told, verifyCases, verifyInline } from '../../harness/verify/verify-inline.ts'

const mine = `author = current_setting('spec.author', true)`
const secured = `CREATE TABLE t (id integer PRIMARY KEY, author text NOT NULL, shared boolean NOT NULL DEFAULT false);
  ALTER TABLE t ENABLE ROW LEVEL SECURITY; GRANT SELECT, INSERT, UPDATE, DELETE ON t TO spec_member`
const policy = `CREATE POLICY own ON t USING (${mine}) WITH CHECK (${mine})`
const legacy = `${secured}; ${policy}`
const rebuilt = `CREATE TABLE t_new (id integer PRIMARY KEY, author text NOT NULL, shared boolean NOT NULL DEFAULT false);
  INSERT INTO t_new SELECT id, author, shared FROM t; DROP TABLE t; ALTER TABLE t_new RENAME TO t;
  GRANT SELECT, INSERT, UPDATE, DELETE ON t TO spec_member`

const plain = 'CREATE TABLE t (id integer PRIMARY KEY, author text NOT NULL); GRANT SELECT, INSERT ON t TO spec_member'
const viewWith = (rights: string) => `ALTER TABLE t RENAME TO base; REVOKE INSERT ON base FROM spec_member;
  CREATE VIEW t AS SELECT id, author FROM base; GRANT SELECT, INSERT ON t TO spec_member;
  CREATE FUNCTION add_row() RETURNS trigger ${rights} LANGUAGE plpgsql AS $$ BEGIN INSERT INTO base VALUES (new.id, new.author); RETURN new; END $$;
  CREATE TRIGGER add_row INSTEAD OF INSERT ON t FOR EACH ROW EXECUTE FUNCTION add_row()`

const tables: Readonly<Record<string, InlineCase>> = {
  'row security switched off': {
    legacy,
    up: 'ALTER TABLE t DISABLE ROW LEVEL SECURITY',
    found: ['error gained: Role spec_member can read rows of t that it could not before: row security is off on t'],
  },
  'a policy that shows more': {
    legacy,
    up: `ALTER POLICY own ON t USING (${mine} OR true)`,
    found: [
      'error gained: Role spec_member can read rows of t that it could not before: a policy of the migration shows every row, where each user saw only some',
    ],
  },
  'a policy that shows some more': {
    legacy,
    up: `ALTER POLICY own ON t USING (${mine} OR id % 2 = 0)`,
    found: ['warning gained: Role spec_member can read rows of t that it could not before: the migration changes policies of this table'],
  },
  'a policy that shows less': {
    legacy,
    up: `ALTER POLICY own ON t USING (${mine} AND false)`,
    found: ['warning lost: Role spec_member as an author can no longer read 1 row of t: the migration changes policies of this table'],
  },
  'a check that takes more': {
    legacy,
    up: 'ALTER POLICY own ON t WITH CHECK (true)',
    found: ['warning gained: Role spec_member can insert rows of t that it could not before: the migration changes policies of this table'],
  },
  'a check that takes less': {
    legacy,
    up: 'ALTER POLICY own ON t WITH CHECK (false)',
    found: ['warning lost: Role spec_member as an author can no longer insert 1 row of t: the migration changes policies of this table'],
  },
  'a policy that says the same in other words': {
    legacy,
    up: `DROP POLICY own ON t; CREATE POLICY theirs ON t TO spec_member USING (current_setting('spec.author', true) = author)`,
    found: [],
  },
  'the only policy dropped': {
    legacy,
    up: 'DROP POLICY own ON t',
    found: ['warning lost: Role spec_member as an author can no longer read 1 row of t: a statement of the migration restricts it'],
  },
  'a restrictive policy dropped': {
    legacy: `${secured}; CREATE POLICY every ON t USING (true); CREATE POLICY own ON t AS RESTRICTIVE USING (${mine})`,
    up: 'DROP POLICY own ON t',
    found: ['error gained: Role spec_member can read rows of t that it could not before: the policy that hid them is dropped'],
  },
  'a table made anew without row security': {
    legacy,
    up: rebuilt,
    found: ['error gained: Role spec_member can read rows of t that it could not before: row security is off on t'],
  },
  'a table made anew without its policies': {
    legacy,
    up: `${rebuilt}; ALTER TABLE t ENABLE ROW LEVEL SECURITY`,
    found: ['error lost: Role spec_member as an author can no longer read 1 row of t: no statement of the migration forbids it'],
  },
  'a table made anew with both': { legacy, up: `${rebuilt}; ALTER TABLE t ENABLE ROW LEVEL SECURITY; ${policy}`, found: [] },
}

const views: Readonly<Record<string, InlineCase>> = {
  'a view in its place that reads as its owner': {
    legacy,
    up: 'ALTER TABLE t RENAME TO t_base; CREATE VIEW t AS SELECT id, author, shared FROM t_base; GRANT SELECT, INSERT, UPDATE, DELETE ON t TO spec_member',
    found: [
      'error gained: Role spec_member can read rows of t that it could not before: the view t reads with the rights of its owner godwit_owner, for whom row security does not hold',
    ],
  },
  'a view in its place that reads as who asks': {
    legacy,
    up: 'ALTER TABLE t RENAME TO t_base; CREATE VIEW t WITH (security_invoker) AS SELECT id, author, shared FROM t_base; GRANT SELECT, INSERT, UPDATE, DELETE ON t TO spec_member',
    found: [],
  },
  'a view beside it that reads as its owner': {
    legacy,
    up: 'CREATE VIEW list_t AS SELECT id, author FROM t; GRANT SELECT ON list_t TO spec_member',
    found: [
      'error gained: Role spec_member can read rows of t through list_t that it could not before: the view list_t reads with the rights of its owner godwit_owner, for whom row security does not hold',
    ],
  },
  'a view beside it without its key': {
    legacy,
    up: 'CREATE VIEW list_t AS SELECT author, count(*) FROM t GROUP BY author; GRANT SELECT ON list_t TO spec_member',
    found: [
      'warning bypass: The view list_t shows role spec_member rows of t that row security hides: the view reads with the rights of its owner godwit_owner',
    ],
  },
  'a view beside it that nobody may read': { legacy, up: 'CREATE VIEW list_t AS SELECT id, author FROM t', found: [] },
  'a view in its place of rows that are everybody’s as long as nobody is named': {
    legacy: `${secured}; CREATE POLICY own ON t USING (current_setting('spec.author', true) IS NULL OR ${mine})`,
    up: 'ALTER TABLE t RENAME TO t_base; CREATE VIEW t WITH (security_invoker) AS SELECT id, author, shared FROM t_base; GRANT SELECT, INSERT, UPDATE, DELETE ON t TO spec_member',
    found: [],
  },
  'a column renamed that the policy names': { legacy, up: 'ALTER TABLE t RENAME COLUMN author TO writer', found: [] },
  'a function that the policy calls, rewritten to say yes': {
    legacy: `${secured}; CREATE FUNCTION may_t(a text) RETURNS boolean LANGUAGE sql STABLE AS $$SELECT a = current_setting('spec.author', true)$$;
      CREATE POLICY own ON t USING (may_t(author))`,
    up: 'CREATE OR REPLACE FUNCTION may_t(a text) RETURNS boolean LANGUAGE sql STABLE AS $$SELECT true$$',
    found: ['error gained: Role spec_member can read rows of t that it could not before: no statement of the migration allows it'],
  },
}

describe.each([
  ['tables under row security', tables],
  ['views over them', views],
])('%s', (_, cases) => {
  let found: ReadonlyMap<string, readonly string[]>
  let disagreements: readonly string[]
  beforeAll(async () => {
    const verified = await verifyCases('access-parity', cases)
    found = verified.found
    disagreements = verified.result.disagreements
  })
  test.each(Object.entries(cases))('%s', (title, { found: expected }) => {
    expect(found.get(title)?.map(withoutRows)).toEqual(expected)
  })
  test('nothing is seen on one rung alone', () => expect(disagreements).toEqual([]))
})

describe('what is not a matter of one table', () => {
  const found = async (legacySql: string, up: string) =>
    (await verifyInline(legacySql, up)).findings
      .filter((each) => each.invariant === 'access-parity')
      .map(told)
      .toSorted()

  test('a view whose trigger does what its role may not do', async () => {
    expect((await found(plain, viewWith(''))).map(withoutRows)).toEqual([
      'error lost: Role spec_member can no longer insert rows of t: no statement of the migration forbids it',
    ])
    expect(await found(plain, viewWith('SECURITY DEFINER SET search_path = public'))).toEqual([])
  })

  test('default privileges give more than the table that is made anew had', async () => {
    expect(
      await found(
        `CREATE TABLE bill (id integer PRIMARY KEY, cents integer NOT NULL); REVOKE ALL ON bill FROM PUBLIC; GRANT SELECT ON bill TO spec_member;
         ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO spec_member`,
        `CREATE TABLE bill_new (id integer PRIMARY KEY, cents integer NOT NULL); INSERT INTO bill_new SELECT id, cents FROM bill;
         DROP TABLE bill; ALTER TABLE bill_new RENAME TO bill; CREATE TABLE other (id integer PRIMARY KEY)`,
      ),
    ).toEqual([
      'error gained: Role spec_member gains INSERT, UPDATE, DELETE on bill: no statement of the migration grants it',
      'info gained: Role spec_member gains SELECT, INSERT, UPDATE, DELETE on other: default privileges give it on the new table, and row security is off',
    ])
  })

  test('a role that becomes a member of another may do what that one may', async () => {
    expect(
      await found(
        `CREATE ROLE spec_boss; CREATE ROLE spec_clerk; CREATE TABLE bill (id integer PRIMARY KEY, cents integer NOT NULL);
         GRANT SELECT, DELETE ON bill TO spec_boss; GRANT SELECT ON bill TO spec_clerk`,
        'GRANT spec_boss TO spec_clerk',
      ),
    ).toEqual(['warning gained: Role spec_clerk gains DELETE on bill: the migration changes role memberships'])
  })

  test('a new owner may do what an owner may', async () => {
    expect(
      await found(
        `CREATE ROLE spec_heir; CREATE SCHEMA books; GRANT USAGE, CREATE ON SCHEMA books TO spec_heir;
         CREATE TABLE books.bill (id integer PRIMARY KEY, cents integer NOT NULL); GRANT SELECT ON books.bill TO spec_heir`,
        'GRANT spec_heir TO CURRENT_USER; ALTER TABLE books.bill OWNER TO spec_heir',
      ),
    ).toEqual(['warning gained: Role spec_heir gains INSERT, UPDATE, DELETE on books.bill: the migration changes the owner'])
  })
})

/** Which row stands for the others, and how many there are, is the seed's. */
function withoutRows(text: string): string {
  return text
    .replace(/ \(for example .*?\)(?=:)/, '')
    .replace(/ \(with spec\.author = .*?\)(?= can)/, ' as an author')
    .replace(/\d+ rows/, 'rows')
}
