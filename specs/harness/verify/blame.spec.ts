import { describe, expect, test } from 'vitest'
import type { FindingResult } from '../../../harness/result/index.ts'
import { verifyInline } from './verify-inline.ts'

const enumerated =
  "CREATE TYPE state AS ENUM ('open', 'shut', 'gone'); CREATE TABLE task (id int PRIMARY KEY, title text NOT NULL, state state NOT NULL"
const rebuilt = "CREATE TYPE state_new AS ENUM ('open', 'shut')"

/** The SQLSTATEs that up fails with, each with the cell to blame. */
async function failures(legacy: string, up: string): Promise<readonly string[]> {
  return blamed((await verifyInline(legacy, up, { runs: 20 })).findings)
}

function blamed(findings: readonly FindingResult[]): readonly string[] {
  return findings.flatMap((each) => (each.invariant === 'applies' ? [`${each.kind} ${each.relation}.${each.attribute}`] : [])).toSorted()
}

describe('an error of up that the server does not place', () => {
  test('is blamed on the attribute that holds the value, though no statement is known', async () => {
    const body = `${rebuilt}; ALTER TABLE task ALTER COLUMN state TYPE state_new USING state::text::state_new`
    expect(await failures(`${enumerated})`, `DO $$ BEGIN EXECUTE '${body.replaceAll("'", "''")}'; END $$`)).toEqual([
      '22P02 public.task.state',
    ])
  })

  test('is blamed on the array that holds it, where the plain attribute beside it is mapped', async () => {
    const up = `${rebuilt}; ALTER TABLE task
      ALTER COLUMN state TYPE state_new USING CASE state WHEN 'gone' THEN 'shut' ELSE state::text END::state_new,
      ALTER COLUMN former TYPE state_new[] USING former::text[]::state_new[]`
    const { findings, invariants } = await verifyInline(`${enumerated}, former state[] NOT NULL)`, up, { runs: 20 })
    expect(blamed(findings)).toEqual(['22P02 public.task.former'])
    expect(invariants.flatMap(({ under }) => under)).not.toContain('public.task is empty')
  })

  test('is blamed on nothing where two could be it', async () => {
    const up = `DO $$ BEGIN EXECUTE 'CREATE TYPE state_new AS ENUM (''open'', ''shut''); ALTER TABLE task ALTER COLUMN state TYPE state_new USING CASE WHEN state = former THEN state::text ELSE ''open'' END::state_new'; END $$`
    expect(await failures(`${enumerated}, former state NOT NULL)`, up)).toEqual(['22P02 public.task.null'])
  })
})

describe('a key that up makes anew under the name of an old one', () => {
  const legacy = 'CREATE TABLE queue (id bigint CONSTRAINT queue_pkey PRIMARY KEY, run int NOT NULL, part int NOT NULL)'

  test('is blamed on its own attribute, and rows that keep clear of it are migrated', async () => {
    const up = 'ALTER TABLE queue DROP CONSTRAINT queue_pkey, DROP COLUMN id; ALTER TABLE queue ADD CONSTRAINT queue_pkey PRIMARY KEY (run)'
    const { findings, invariants } = await verifyInline(legacy, up, { runs: 20 })
    expect(blamed(findings)).toEqual(['23505 public.queue.run'])
    expect(invariants.find(({ id }) => id === 'zero-loss')?.under).toEqual(['public.queue.run has no duplicate'])
  })

  test('is blamed on none of several', async () => {
    const up =
      'ALTER TABLE queue DROP CONSTRAINT queue_pkey, DROP COLUMN id; ALTER TABLE queue ADD CONSTRAINT queue_pkey PRIMARY KEY (run, part)'
    expect(await failures(legacy, up)).toEqual(['23505 public.queue.null'])
  })
})
