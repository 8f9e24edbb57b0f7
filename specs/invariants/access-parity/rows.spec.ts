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

const tables: Readonly<Record<string, InlineCase>> = {
  'row security switched off': {
    legacy,
    up: 'ALTER TABLE t DISABLE ROW LEVEL SECURITY',
    found: ['error gained: spec_member reaches rows of public.t by SELECT that it did not: row security is off on public.t'],
  },
  'a policy that shows more': {
    legacy,
    up: `ALTER POLICY own ON t USING (${mine} OR true)`,
    found: [
      'error gained: spec_member reaches rows of public.t by SELECT that it did not: a policy of the migration shows everybody rows that only their owners saw',
    ],
  },
  'a policy that shows some more': {
    legacy,
    up: `ALTER POLICY own ON t USING (${mine} OR id % 2 = 0)`,
    found: ['warning gained: spec_member reaches rows of public.t by SELECT that it did not: the migration changes its policies'],
  },
  'a policy that shows less': {
    legacy,
    up: `ALTER POLICY own ON t USING (${mine} AND false)`,
    found: [
      'warning lost: spec_member as an author does not reach a row of public.t by SELECT that it did: the migration changes its policies',
    ],
  },
  'a check that takes more': {
    legacy,
    up: 'ALTER POLICY own ON t WITH CHECK (true)',
    found: ['warning gained: spec_member reaches rows of public.t by INSERT that it did not: the migration changes its policies'],
  },
  'a check that takes less': {
    legacy,
    up: 'ALTER POLICY own ON t WITH CHECK (false)',
    found: [
      'warning lost: spec_member as an author does not reach a row of public.t by INSERT that it did: the migration changes its policies',
    ],
  },
  'a policy that says the same in other words': {
    legacy,
    up: `DROP POLICY own ON t; CREATE POLICY theirs ON t TO spec_member USING (current_setting('spec.author', true) = author)`,
    found: [],
  },
  'the only policy dropped': {
    legacy,
    up: 'DROP POLICY own ON t',
    found: ['warning lost: spec_member as an author does not reach a row of public.t by SELECT that it did: the migration says so'],
  },
  'a restrictive policy dropped': {
    legacy: `${secured}; CREATE POLICY every ON t USING (true); CREATE POLICY own ON t AS RESTRICTIVE USING (${mine})`,
    up: 'DROP POLICY own ON t',
    found: ['error gained: spec_member reaches rows of public.t by SELECT that it did not: a policy that kept them away is dropped'],
  },
  'a table made anew without row security': {
    legacy,
    up: rebuilt,
    found: ['error gained: spec_member reaches rows of public.t by SELECT that it did not: row security is off on public.t'],
  },
  'a table made anew without its policies': {
    legacy,
    up: `${rebuilt}; ALTER TABLE t ENABLE ROW LEVEL SECURITY`,
    found: [
      'error lost: spec_member as an author does not reach a row of public.t by SELECT that it did: no statement of the migration says so',
    ],
  },
  'a table made anew with both': { legacy, up: `${rebuilt}; ALTER TABLE t ENABLE ROW LEVEL SECURITY; ${policy}`, found: [] },
}

const views: Readonly<Record<string, InlineCase>> = {
  'a view in its place that reads as its owner': {
    legacy,
    up: 'ALTER TABLE t RENAME TO t_base; CREATE VIEW t AS SELECT id, author, shared FROM t_base; GRANT SELECT, INSERT, UPDATE, DELETE ON t TO spec_member',
    found: [
      'error gained: spec_member reaches rows of public.t by SELECT that it did not: the view public.t reads with the rights of its owner godwit_owner, past row security',
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
      'error gained: spec_member reaches rows of public.t through public.list_t by SELECT that it did not: the view public.list_t reads with the rights of its owner godwit_owner, past row security',
    ],
  },
  'a view beside it without its key': {
    legacy,
    up: 'CREATE VIEW list_t AS SELECT author, count(*) FROM t GROUP BY author; GRANT SELECT ON list_t TO spec_member',
    found: [
      'warning bypass: the view public.list_t shows spec_member rows of public.t past its row security: it reads with the rights of godwit_owner',
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
    found: ['error gained: spec_member reaches rows of public.t by SELECT that it did not: no statement of the migration says so'],
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

  test('default privileges give more than the table that is made anew had', async () => {
    expect(
      await found(
        `CREATE TABLE bill (id integer PRIMARY KEY, cents integer NOT NULL); REVOKE ALL ON bill FROM PUBLIC; GRANT SELECT ON bill TO spec_member;
         ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO spec_member`,
        `CREATE TABLE bill_new (id integer PRIMARY KEY, cents integer NOT NULL); INSERT INTO bill_new SELECT id, cents FROM bill;
         DROP TABLE bill; ALTER TABLE bill_new RENAME TO bill; CREATE TABLE other (id integer PRIMARY KEY)`,
      ),
    ).toEqual([
      'error gained: spec_member may INSERT, UPDATE, DELETE on public.bill: no statement of the migration says so',
      'info gained: spec_member may SELECT, INSERT, UPDATE, DELETE on public.other: it is new and default privileges give it; row security is off',
    ])
  })

  test('a role that becomes a member of another may do what that one may', async () => {
    expect(
      await found(
        `CREATE ROLE spec_boss; CREATE ROLE spec_clerk; CREATE TABLE bill (id integer PRIMARY KEY, cents integer NOT NULL);
         GRANT SELECT, DELETE ON bill TO spec_boss; GRANT SELECT ON bill TO spec_clerk`,
        'GRANT spec_boss TO spec_clerk',
      ),
    ).toEqual(['warning gained: spec_clerk may DELETE on public.bill: the migration changes what roles belong to'])
  })

  test('a new owner may do what an owner may', async () => {
    expect(
      await found(
        `CREATE ROLE spec_heir; CREATE SCHEMA books; GRANT USAGE, CREATE ON SCHEMA books TO spec_heir;
         CREATE TABLE books.bill (id integer PRIMARY KEY, cents integer NOT NULL); GRANT SELECT ON books.bill TO spec_heir`,
        'GRANT spec_heir TO CURRENT_USER; ALTER TABLE books.bill OWNER TO spec_heir',
      ),
    ).toEqual(['warning gained: spec_heir may INSERT, UPDATE, DELETE on books.bill: the migration changes the owner'])
  })
})

/** Which row stands for the others, and how many there are, is the seed's. */
function withoutRows(text: string): string {
  return text
    .replace(/, e\.g\..*?(?=:)/, '')
    .replace(/ with spec\.author = .*? (?=reaches|does)/, ' as an author ')
    .replace(/\d+ rows/, 'rows')
}
