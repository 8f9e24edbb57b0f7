import { describe, expect, test } from 'vitest'
import { verifyInline } from './verify-inline.ts'

/** The findings at error or warning of some invariants: `applies 23505 public.users`. */
async function found(legacy: string, up: string, invariants: readonly string[], down?: string): Promise<readonly string[]> {
  const { findings } = await verifyInline(legacy, up, { runs: 40, ...(down === undefined ? {} : { files: { 'down.sql': down } }) })
  const about = findings.filter(({ severity, invariant }) => severity !== 'info' && invariants.includes(invariant))
  return about.map(({ invariant, kind, relation, attribute }) => [invariant, kind, relation, attribute ?? ''].join(' ').trim()).toSorted()
}

describe('rows that meet only under a key that is already there', () => {
  test('values that are rewritten: texts that differ by case only, beside another column of the key', async () => {
    const legacy = 'CREATE TABLE users (id int PRIMARY KEY, tenant int NOT NULL, email text NOT NULL, UNIQUE (tenant, email))'
    expect(await found(legacy, 'UPDATE users SET email = lower(email)', ['applies'])).toEqual(['applies 23505 public.users email'])
  })

  test('a coarser type: times within a millisecond', async () => {
    const legacy = 'CREATE TABLE traces (id uuid NOT NULL, at timestamptz NOT NULL, label text, PRIMARY KEY (id, at))'
    expect(await found(legacy, 'ALTER TABLE traces ALTER at TYPE timestamptz(3)', ['applies'])).toEqual(['applies 23505 public.traces at'])
  })

  test('a zone whose clocks go back: times an hour apart', async () => {
    const legacy = 'CREATE TABLE departures (ferry int NOT NULL, at timestamptz NOT NULL, pier text, PRIMARY KEY (ferry, at))'
    const up = "ALTER TABLE departures ALTER at TYPE timestamp USING at AT TIME ZONE 'Europe/Athens'"
    expect(await found(legacy, up, ['applies'])).toEqual(['applies 23505 public.departures at'])
  })

  test('what keeps them apart is no failure', async () => {
    const legacy = 'CREATE TABLE users (id int PRIMARY KEY, tenant int NOT NULL, email text NOT NULL, UNIQUE (tenant, email))'
    expect(await found(legacy, "UPDATE users SET email = email || '!'", ['applies'])).toEqual([])
  })
})

test('which of two rows that tie under a function is numbered is found to depend on their order', async () => {
  const legacy = 'CREATE TABLE accounts (id uuid PRIMARY KEY, name text NOT NULL UNIQUE, made timestamptz NOT NULL)'
  const numbered = (order: string) => `UPDATE accounts a SET name = a.name || '-' || r.n
    FROM (SELECT id, row_number() OVER (PARTITION BY lower(name) ORDER BY ${order}) AS n FROM accounts) r
    WHERE r.id = a.id AND r.n > 1; CREATE UNIQUE INDEX ON accounts (lower(name))`
  expect(await found(legacy, numbered('made'), ['determinism'])).toEqual(['determinism row-order public.accounts name'])
  expect(await found(legacy, numbered('made, id'), ['determinism'])).toEqual([])
})

test('an older row is seen to be deleted, though rows that tie make the key fail', async () => {
  const legacy = 'CREATE TABLE bindings (id int PRIMARY KEY, channel text NOT NULL, chat text NOT NULL, account int, at timestamptz)'
  const up = `DELETE FROM bindings a USING bindings b WHERE a.channel = b.channel AND a.chat = b.chat AND a.at < b.at;
    ALTER TABLE bindings ADD UNIQUE (channel, chat)`
  expect(await found(legacy, up, ['applies', 'zero-loss'])).toEqual(['applies 23505 public.bindings', 'zero-loss row-lost public.bindings'])
})

test('a JSON value of another kind than a function takes is blamed, though it is the plainest object', async () => {
  const legacy = "CREATE TABLE jobs (id int PRIMARY KEY, tags jsonb DEFAULT '[]', made timestamptz NOT NULL DEFAULT now())"
  const up = 'ALTER TABLE jobs ADD first text; UPDATE jobs SET first = (SELECT min(t) FROM jsonb_array_elements_text(tags) t)'
  expect(await found(legacy, up, ['applies'])).toEqual(['applies 22023 public.jobs tags'])
})

describe('a reference that only the SQL knows', () => {
  const legacy = `CREATE TABLE orgs (uid uuid PRIMARY KEY, slug text NOT NULL UNIQUE);
    CREATE TABLE users (id int PRIMARY KEY, org text)`

  test('holds where rows name the same row by another of its keys', async () => {
    const up = `UPDATE users u SET org = o.uid::text FROM orgs o WHERE o.slug = u.org;
      ALTER TABLE users ALTER org TYPE uuid USING org::uuid`
    expect(await found(legacy, up, ['no-orphans'])).toEqual([])
  })

  test('is broken where the row that they name gets another key', async () => {
    const up = "UPDATE orgs SET slug = slug || '-old' WHERE slug IN (SELECT org FROM users)"
    expect(await found(legacy, up, ['no-orphans'])).toEqual(['no-orphans orphan public.users org'])
  })
})

describe('a text that lists something', () => {
  const legacy = 'CREATE TABLE portfolios (id int PRIMARY KEY, branches varchar NOT NULL)'

  test('is kept in an array, also where it lists nothing', async () => {
    const up = "ALTER TABLE portfolios ALTER branches TYPE varchar[] USING string_to_array(branches, ',')::varchar[]"
    expect(await found(legacy, up, ['zero-loss'])).toEqual([])
  })

  test('is lost where the array holds the first of it only', async () => {
    const up = "ALTER TABLE portfolios ALTER branches TYPE varchar[] USING ARRAY[split_part(branches, ',', 1)]"
    expect(await found(legacy, up, ['zero-loss'])).toEqual(['zero-loss cell-altered public.portfolios branches'])
  })
})
