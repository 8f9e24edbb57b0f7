import { verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { judgeReadings, metricsKept } from '../../../harness/invariants/index.ts'
import { compareNumbers } from '../../../harness/lineage/index.ts'
import type { Metric } from '../../../harness/migration/index.ts'
import type { MetricReading } from '../../../harness/run/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { knowing, run, state } from '../build.ts'

type Values = Readonly<Record<string, string | null>>

/** Of a metric whose one label is `state`; without labels of `''`. */
function reading(rules: Omit<Metric, 'name' | 'sql'>, before: Values | undefined, after: Values): MetricReading {
  const rows = (values: Values) => ({
    labels: '' in values ? [] : ['state'],
    values: new Map(Object.entries(values).map(([key, value]) => [key === '' ? '[]' : JSON.stringify([key]), value])),
  })
  return { metric: { name: 'open', sql: '', ...rules }, before: before === undefined ? undefined : rows(before), after: rows(after) }
}

const one = (value: string | null) => ({ '': value })

describe('the rules of a metric', () => {
  test.each([
    ['a least is kept by itself', reading({ min: 3 }, undefined, one('3')), []],
    ['a least is not kept by less, however little', reading({ min: 0.1 }, undefined, one('0.0999999999999999999999')), ['below-minimum']],
    ['a most is kept by itself, in another notation', reading({ max: 0 }, undefined, one('0.00')), []],
    ['a most is not kept by more', reading({ max: 0 }, undefined, one('1')), ['above-maximum']],
    ['what is no number at all is more than any', reading({ min: 1, max: 9 }, undefined, one('NaN')), ['above-maximum']],
    ['a least and a most', reading({ min: 1, max: 9 }, undefined, one('-1e3')), ['below-minimum']],
    ['unchanged is kept by the same number in another scale', reading({ unchanged: true }, one('1.50'), one('1.5')), []],
    [
      'unchanged is not kept by a digit that a double does not have',
      reading({ unchanged: true }, one('9007199254740993'), one('9007199254740992')),
      ['changed'],
    ],
    ['a number that disappears breaks unchanged', reading({ unchanged: true }, one('1'), one(null)), ['changed']],
    ['a number that appears breaks unchanged', reading({ unchanged: true }, one(null), one('1')), ['changed']],
    ['not less than before is kept by more', reading({ min: 'before' }, one('1'), one('2')), []],
    ['not less than before', reading({ min: 'before' }, one('2'), one('1')), ['below-minimum']],
    ['not more than before is kept by less', reading({ max: 'before' }, one('2'), one('1')), []],
    ['not more than before', reading({ max: 'before' }, one('1'), one('2')), ['above-maximum']],
    ['each row by its labels', reading({ unchanged: true }, { a: '1', b: '2' }, { b: '2', a: '1' }), []],
    ['labels that change places', reading({ unchanged: true }, { a: '1', b: '2' }, { a: '2', b: '1' }), ['changed']],
    ['a row that is new is more than before', reading({ max: 'before' }, { a: '1' }, { a: '1', b: '0' }), ['above-maximum']],
    ['a row that is gone is less than before', reading({ min: 'before' }, { a: '1', b: '0' }, { a: '1' }), ['below-minimum']],
    ['a row that is gone is not below a number', reading({ min: 1, unchanged: true }, { a: '1', b: '1' }, { a: '1' }), ['changed']],
  ] as const)('%s', (_, each, kinds) => {
    expect(judgeReadings([each]).broken.map(({ kind }) => kind)).toEqual(kinds)
  })

  test('a finding names the metric, its row, both numbers and the rule', () => {
    const { broken } = judgeReadings([
      reading({ max: 'before' }, { a: '1', b: '2', c: '3' }, { a: '1', b: '3', c: '4' }),
      reading({ min: 2 }, undefined, one('1')),
    ])
    expect(broken.map(({ message }) => message)).toEqual([
      'the metric "open" for state=b is 3 after the migration, 2 before it; it must not be more than before (2 of 3 rows of the metric)',
      'the metric "open" is 1 after the migration; it must be at least 2',
    ])
  })

  test('numbers are ordered as PostgreSQL orders them', async () => {
    const texts = [
      '-Infinity',
      '-1e30',
      '-12.5',
      '-12.49',
      '-0.001',
      '0',
      '-0.0',
      '1e-9',
      '0.5',
      '.50',
      '7',
      '12.5',
      '125',
      '1e3',
      '1000.0',
      '1e30',
      'Infinity',
      'NaN',
    ]
    const pairs = texts.flatMap((left) => texts.map((right) => [left, right] as const))
    await using database = await (await useCluster()).createDatabase()
    await using session = await database.connect()
    const ordered = await session.query<{ sign: number }>(
      `SELECT CASE WHEN l::numeric < r::numeric THEN -1 WHEN l::numeric > r::numeric THEN 1 ELSE 0 END AS sign
       FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS p(l, r, n) ORDER BY n`,
      [pairs.map(([left]) => left), pairs.map(([, right]) => right)],
    )
    expect(pairs.map(([left, right]) => Math.sign(compareNumbers(left, right) ?? Number.NaN))).toEqual(ordered.map(({ sign }) => sign))
    expect(compareNumbers('1', 'one')).toBeUndefined()
  })
})

describe('a metric without a number is no pass', () => {
  const filled = state({ 'public.task': { columns: { id: 'integer' }, key: ['id'], rows: [['1']] } })
  const empty = state({ 'public.task': { columns: { id: 'integer' }, key: ['id'], rows: [] } })
  const judge = (legacy: typeof filled, ...metrics: MetricReading[]) => metricsKept.judge(run(legacy, legacy, { metrics }), knowing([]))
  const none = { labels: [], values: new Map() }
  const noLabels = { labels: ['state'], values: new Map() }
  const metric = { name: 'open', sql: '', max: 3 }
  const fine = reading({ max: 3 }, undefined, one('1'))

  test.each([
    ['NULL', reading({ max: 3 }, undefined, one(null)), 'the metric "open" gives NULL after the migration', true],
    [
      'NULL in one of its rows',
      reading({ max: 3 }, undefined, { a: '1', b: null }),
      'the metric "open" gives NULL after the migration',
      true,
    ],
    ['NULL on both sides', reading({ unchanged: true }, one(null), one(null)), 'the metric "open" gives NULL before the migration', true],
    ['no row', { metric, before: undefined, after: none }, 'the metric "open" gives no row after the migration', true],
    ['no row, with labels', { metric, before: undefined, after: noLabels }, 'the metric "open" gives no row after the migration', false],
  ] as const)('%s', (_, each, because, lasting) => {
    const unknown = { outcome: 'unknown', because: `${because}: write coalesce(…, 0) where no value counts as none` }
    expect(judge(filled, fine, each)).toMatchObject({ ...unknown, lasting })
    // On a database without rows that is no wonder: other rows may make up for it.
    expect(judge(empty, each)).toMatchObject({ ...unknown, lasting: false })
  })

  test('all of them with numbers hold', () => {
    expect(judge(filled, fine, fine)).toEqual({ outcome: 'holds', saw: { relations: 1, rows: 1, cells: 2, runs: 1 } })
  })

  test('where up fails nothing is known', () => {
    expect(metricsKept.judge(run(filled, filled, { migrated: undefined }), knowing([])).outcome).toBe('unknown')
  })

  test('a contract without metrics has nothing to keep', async () => {
    const { result } = await verifyShared('fixtures/specimens/idempotence/sound', { runs: 1 })
    expect(result.migrations[0]?.invariants.find(({ id }) => id === 'metrics-kept')).toMatchObject({
      verdict: 'not-applicable',
      because: 'the contract declares no metric',
    })
  })
})
