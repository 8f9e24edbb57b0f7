import { describe, expect, test } from 'vitest'
import { partitionFor, withoutPartitions } from '../../../harness/environment/partitions.ts'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { parseScript } from '../../../harness/migration/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { writtenFiles } from '../history/written-history.ts'
import { verifyInline } from '../verify/verify-inline.ts'

const table = 'CREATE TABLE app."Event" (id int, at date, kind text) PARTITION BY RANGE (at);'
const script = (text: string) => parseScript('1.sql', text)

describe('partitioned tables without a partition', () => {
  test.each([
    ['', ['Event']],
    ['CREATE TABLE app.event_1 PARTITION OF app."Event" DEFAULT', []],
    ['CREATE TABLE other (id int) PARTITION BY LIST (id); CREATE TABLE other_1 PARTITION OF other DEFAULT', ['Event']],
    ["ALTER TABLE app.\"Event\" ATTACH PARTITION e FOR VALUES FROM ('2020-01-01') TO ('2021-01-01')", []],
    ['ALTER TABLE ONLY app."Event" ADD PRIMARY KEY (id, at)', []],
    ['CREATE INDEX ON ONLY app."Event" (id)', []],
    ["DO $$ BEGIN EXECUTE format('CREATE TABLE %I PARTITION OF app.%I DEFAULT', 'a', 'Event'); END $$", []],
    ['ALTER TABLE app."Event" ADD COLUMN note text; CREATE INDEX ON app."Event" (id)', ['Event']],
  ])('%s', (more, names) => {
    expect([...withoutPartitions([script(table), script(more)])]).toEqual(names)
  })

  test('get one of their kind', () => {
    const [range] = script(table).statements
    const [hash] = script('CREATE TABLE h (id int) PARTITION BY HASH (id)').statements
    const wanted = new Set(['Event', 'h'])
    expect(range && partitionFor(range, wanted)).toBe(
      'CREATE TABLE IF NOT EXISTS "app"."godwit_rows_of_Event" PARTITION OF "app"."Event" DEFAULT',
    )
    expect(hash && partitionFor(hash, wanted)).toMatch(/PARTITION OF "h" FOR VALUES WITH \(MODULUS 1, REMAINDER 0\)$/)
    expect(hash && partitionFor(hash, new Set())).toBe(undefined)
  })
})

test('steps of a history are judged on rows of a table whose partitions the application makes, and that is said', {
  timeout: 60_000,
}, async () => {
  await using written = await writtenFiles({
    '1.up.sql': 'CREATE TABLE event (id int, at date NOT NULL, kind text, PRIMARY KEY (id, at))\n  PARTITION BY RANGE (at);\n',
    '1.down.sql': 'DROP TABLE event;',
    '2.up.sql': 'ALTER TABLE event ADD COLUMN note text;',
    '2.down.sql': 'ALTER TABLE event DROP COLUMN note;',
    '3.up.sql': 'ALTER TABLE event DROP COLUMN kind;',
    '3.down.sql': 'ALTER TABLE event ADD COLUMN kind text;',
  })
  const { result } = await verifyOn(await useCluster(), await readSources([written.path], {}), { runs: 4 }, {})
  expect(result.migrations.map(({ verdict }) => verdict)).toEqual(['holds', 'holds', 'violated'])
  expect(result.migrations[2]?.findings.filter(({ severity }) => severity === 'error').map(({ invariant }) => invariant)).toContain(
    'zero-loss',
  )
  expect(result.sources[0]?.notes.join()).toContain('No step makes a partition of event: so that rows can be stored there, each got one')
})

test('a pair whose legacy schema has none says why no row could be made', async () => {
  const { notChecked } = await verifyInline('CREATE TABLE event (id int) PARTITION BY HASH (id)', 'ALTER TABLE event ADD COLUMN note text')
  expect(notChecked.join()).toContain('it is partitioned and has no partition in which a row could be stored')
})
