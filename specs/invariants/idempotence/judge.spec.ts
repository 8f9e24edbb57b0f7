import { describe, expect, test } from 'vitest'
import { idempotence } from '../../../harness/invariants/index.ts'
import type { Failure } from '../../../harness/migration/index.ts'
import type { State } from '../../../harness/run/index.ts'
import type { SnapshotDifference } from '../../../harness/snapshot/index.ts'
import { knowing, run, state } from '../build.ts'

type Rows = readonly (readonly (string | null)[])[]

const item = (rows: Rows) => state({ 'public.item': { columns: { id: 'integer', qty: 'integer' }, rows } })
const rows: Rows = [
  ['1', '5'],
  ['2', null],
]
const failure: Failure = {
  sqlstate: '42701',
  message: 'column "qty" of relation "item" already exists',
  schema: 'public',
  table: 'item',
  column: 'qty',
  statement: undefined,
  index: 0,
  file: 'up.sql',
  line: 3,
}
const applied = (after: State, differences: readonly SnapshotDifference[] = []) => ({
  outcome: 'applied' as const,
  state: after,
  differences,
})
const judge = (repeated: Parameters<typeof run>[2]) => idempotence.judge(run(item(rows), item(rows), repeated), knowing([]))
const findings = (repeated: Parameters<typeof run>[2]) => {
  const verdict = judge(repeated)
  return verdict.outcome === 'violated' ? verdict.findings.map((each) => [each.severity, each.kind, each.message]) : verdict.outcome
}
const changed: SnapshotDifference = {
  kind: 'schema',
  object: 'index',
  path: 'public.item_qty_idx1',
  relation: 'public.item',
  attribute: undefined,
  change: 'added',
  property: undefined,
  before: undefined,
  after: 'CREATE INDEX …',
  severity: 'warning',
  because: '',
}

describe('idempotence', () => {
  test('holds where the second up leaves what the first left, in whatever order rows and attributes come', () => {
    expect(findings({ repeated: applied(item(rows.toReversed())) })).toBe('holds')
    const turned = state({ 'public.item': { columns: { qty: 'integer', id: 'integer' }, rows: rows.map((row) => row.toReversed()) } })
    expect(findings({ repeated: applied(turned) })).toBe('holds')
  })

  test('is unknown where up did not run twice, or not once', () => {
    expect(judge({})).toMatchObject({ outcome: 'unknown', because: 'up was not run twice', saw: { runs: 0 } })
    expect(judge({ failure })).toMatchObject({
      outcome: 'unknown',
      because: 'the migration fails on the data sets with which it could be checked',
      saw: { runs: 0 },
    })
    // Once more after a down is another question.
    expect(judge({ again: applied(item(rows)) }).outcome).toBe('unknown')
  })

  test('counts equal rows: one more of the same is a change', () => {
    expect(findings({ repeated: applied(item([...rows, ['1', '5']])) })).toEqual([
      ['error', 'data', 'Running up a second time adds 1 row to item, which had 2 rows'],
    ])
  })

  test('tells rows that go from rows that change', () => {
    expect(findings({ repeated: applied(item(rows.slice(1))) })).toEqual([
      ['error', 'data', 'Running up a second time removes 1 of 2 rows from item'],
    ])
    expect(
      findings({
        repeated: applied(
          item([
            ['1', '6'],
            ['2', null],
          ]),
        ),
      }),
    ).toEqual([['error', 'data', 'Running up a second time changes 1 of 2 rows of item']])
    expect(
      findings({
        repeated: applied(
          item([
            ['1', '5'],
            ['2', ''],
          ]),
        ),
      }),
    ).toMatchObject([['error', 'data', /changes 1 of 2/]])
  })

  test('is violated by a second up that fails; on magnitudes that nobody has it is a warning', () => {
    const message = 'The migration fails when it runs a second time: column "qty" of relation "item" already exists'
    expect(findings({ repeated: { outcome: 'failed', failure } })).toEqual([['error', 'fails', message]])
    expect(findings({ repeated: { outcome: 'failed', failure }, extreme: true })).toEqual([['warning', 'fails', message]])
  })

  test('takes the severity of what changes in the catalog, and warns of sequences', () => {
    expect(findings({ repeated: applied(item(rows), [changed]) })).toMatchObject([['warning', 'schema', /adds index item_qty_idx1/]])
    expect(findings({ repeated: applied(item(rows), [{ ...changed, kind: 'missing', severity: 'error' }]) })).toMatchObject([
      ['error', 'schema', expect.anything()],
    ])
    const sequence = { ...changed, kind: 'sequence', object: 'sequence', path: 'public.counter', severity: 'error' } as const
    expect(findings({ repeated: applied(item(rows), [sequence]) })).toMatchObject([['warning', 'sequence', expect.anything()]])
  })

  test('reports rows that only their digests tell of, and no digest of rows that were read', () => {
    const data = { ...changed, kind: 'data', object: 'table', path: 'public.item' } as const
    expect(findings({ repeated: applied(item(rows), [data]) })).toBe('holds')
    const far = { ...data, path: 'public.far', relation: 'public.far' }
    expect(findings({ repeated: applied(item(rows), [far]) })).toMatchObject([['warning', 'data', expect.stringContaining('rows of far')]])
  })
})
