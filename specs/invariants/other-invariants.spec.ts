import { describe, expect, test } from 'vitest'
import {
  applies,
  atomicity,
  determinism,
  noOrphans,
  quantityParity,
  rollbackRestoresState,
  roundTrip,
} from '../../harness/invariants/index.ts'
import type { Failure } from '../../harness/migration/index.ts'
import type { Verdict } from '../../harness/result/index.ts'
import { banded, id, knowing, run, state, twelve, word } from './build.ts'

const failure: Failure = {
  sqlstate: '23502',
  message: 'column "status" contains null values',
  schema: 'public',
  table: 'item',
  column: 'status',
  statement: undefined,
  index: 0,
  file: 'up.sql',
  line: 3,
}
const item = { oid: 1, columns: { id: 'integer', status: 'text', qty: 'integer' }, key: ['id'] }
const itemBands = { 'public.item': { id: 'band', status: 'band', qty: 'band' } } as const
const itemRows = twelve.map((row) => [id(row), word(row, 's'), String(5_000_013 + row * 70_100)])
const copyOf = (rows: readonly (readonly (string | null)[])[]) => ({
  oid: 2,
  columns: { item_id: 'integer', qty: 'integer' },
  key: ['item_id'],
  rows: rows.map(([key, , qty]) => [key ?? null, qty ?? null]),
})

const findings = (verdict: Verdict) =>
  verdict.outcome === 'violated'
    ? verdict.findings.map((each) => [each.kind, each.severity, each.relation, each.attribute ?? each.object])
    : verdict.outcome

describe('applies', () => {
  const legacy = state({ 'public.item': { ...item, rows: [['1', null, '2']] } })
  test('names the SQLSTATE, the legacy relation and the attribute', () => {
    const seen = run(legacy, legacy, { migrated: undefined, failure })
    expect(findings(applies.judge(seen, knowing([])))).toEqual([['23502', 'error', 'public.item', 'status']])
  })
  test('is a warning on rows with magnitudes that nobody has', () => {
    const seen = run(legacy, legacy, { migrated: undefined, failure, extreme: true })
    expect(findings(applies.judge(seen, knowing([])))).toEqual([['23502', 'warning', 'public.item', 'status']])
  })
  test('goes back along the lineage from a relation that up made', () => {
    const learned = banded(
      state({ 'public.item': { ...item, rows: itemRows } }),
      state({ 'public.item': { ...item, rows: itemRows }, 'public.copy': copyOf(itemRows) }),
      itemBands,
    )
    const seen = run(legacy, legacy, { migrated: undefined, failure: { ...failure, table: 'copy', column: 'qty' } })
    expect(findings(applies.judge(seen, knowing([learned])))).toEqual([['23502', 'error', 'public.item', 'qty']])
  })
  test('does not hold on runs without rows', () => {
    const empty = state({ 'public.item': { ...item, rows: [] } })
    expect(applies.judge(run(empty, empty), knowing([])).outcome).toBe('unknown')
  })
})

describe('quantity parity', () => {
  const learned = banded(
    state({ 'public.item': { ...item, rows: itemRows } }),
    state({ 'public.item': { ...item, rows: itemRows }, 'public.copy': copyOf(itemRows) }),
    itemBands,
  )
  const edge = [
    ['1', 'a', '-5'],
    ['2', 'b', '0'],
    ['3', null, null],
  ]
  const judge = (copied: readonly (readonly (string | null)[])[]) =>
    quantityParity.judge(
      run(
        state({ 'public.item': { ...item, rows: edge } }),
        state({ 'public.item': { ...item, rows: edge }, 'public.copy': copyOf(copied) }),
      ),
      knowing([learned]),
    )
  test('a whole copy holds, and a row of nothing may be left out', () => {
    expect([findings(judge(edge)), findings(judge(edge.slice(0, 1)))]).toEqual(['holds', 'holds'])
  })
  test('names a quantity that the copy skips', () => {
    expect(findings(judge(edge.slice(1)))).toEqual([['difference', 'error', 'public.item', 'qty']])
  })
  test('any declared measure is compared exactly, beyond what a double holds', () => {
    const measures = [
      {
        name: 'total',
        relation: 'public.item',
        attribute: 'qty',
        before: new Map([['', '9007199254740993']]),
        after: new Map([['', '9007199254740992']]),
      },
    ]
    const same = state({ 'public.item': { ...item, rows: edge } })
    expect(findings(quantityParity.judge(run(same, same, { measures }), knowing([])))).toEqual([
      ['difference', 'error', 'public.item', 'qty'],
    ])
    const equal = [
      {
        ...measures[0],
        name: 'total',
        relation: undefined,
        attribute: undefined,
        before: new Map([['', '1.50']]),
        after: new Map([['', '1.5']]),
      },
    ]
    expect(quantityParity.judge(run(same, same, { measures: equal }), knowing([])).outcome).toBe('holds')
  })
})

describe('no orphans', () => {
  const line = { oid: 3, columns: { id: 'integer', item_id: 'integer' }, key: ['id'], references: { item_id: 'public.item.id' } }
  const lines = twelve.map((row) => [id(row + 50), id((row * 5) % 12)])
  const bands = { ...itemBands, 'public.line': { id: 'band', item_id: 'alias' } } as const
  const before = state({ 'public.item': { ...item, rows: itemRows }, 'public.line': { ...line, rows: lines } })
  test('references that resolve hold', () => {
    expect(noOrphans.judge(banded(before, before, bands), knowing([banded(before, before, bands)])).outcome).toBe('holds')
  })
  test('names the references that a lost row leaves behind', () => {
    const after = state({ 'public.item': { ...item, rows: itemRows.slice(1) }, 'public.line': { ...line, references: {}, rows: lines } })
    const seen = banded(before, after, bands)
    expect(findings(noOrphans.judge(seen, knowing([seen])))).toEqual([['orphan', 'error', 'public.line', 'item_id']])
  })
  test('a key and its references issued anew together hold', () => {
    const fresh = (key: string | null | undefined) => (key === null || key === undefined ? null : `key-${key}`)
    const shape = { ...item, columns: { 'id#4': 'text', 'status#2': 'text', 'qty#3': 'integer' } }
    const after = state({
      'public.item': { ...shape, rows: itemRows.map(([key, ...rest]) => [fresh(key), ...rest]) },
      'public.line': {
        ...line,
        columns: { id: 'integer', 'item_id#3': 'text' },
        rows: lines.map(([key, reference]) => [key ?? null, fresh(reference)]),
      },
    })
    const seen = banded(before, after, bands)
    expect(noOrphans.judge(seen, knowing([seen])).outcome).toBe('holds')
  })
})

describe('rollback restores state', () => {
  const legacy = state({
    'public.item': {
      ...item,
      rows: [
        ['1', 'a', '2'],
        ['2', null, '3'],
      ],
    },
  })
  const judge = (after: readonly (readonly (string | null)[])[]) =>
    findings(
      rollbackRestoresState.judge(
        run(legacy, legacy, {
          reverted: { outcome: 'applied', state: state({ 'public.item': { ...item, rows: after } }), differences: [] },
        }),
        knowing([]),
      ),
    )
  test('holds when every cell is back', () => {
    expect(
      judge([
        ['1', 'a', '2'],
        ['2', null, '3'],
      ]),
    ).toBe('holds')
  })
  test('names the attribute whose cells are not', () => {
    expect(
      judge([
        ['1', 'a', '2'],
        ['2', '', '3'],
      ]),
    ).toEqual([['data', 'error', 'public.item', 'status']])
  })
  test('names the relation whose rows are not', () => {
    expect([
      judge([['1', 'a', '2']]),
      judge([
        ['1', 'a', '2'],
        ['2', null, '3'],
        ['9', 'x', '1'],
      ]),
    ]).toEqual([[['data', 'error', 'public.item', undefined]], [['data', 'error', 'public.item', undefined]]])
  })
  test('a missing down is a warning, and a failing one an error', () => {
    const seen = run(legacy, legacy, { reverted: { outcome: 'failed', failure } })
    expect(findings(rollbackRestoresState.judge(seen, knowing([])))).toEqual([['fails', 'error', 'public.item', 'status']])
    expect(findings(rollbackRestoresState.judge(seen, knowing([], { hasDown: false })))).toEqual([
      ['missing', 'warning', undefined, undefined],
    ])
  })
})

describe('round trip', () => {
  const migrated = state({ 'public.item': { ...item, rows: [['1', 'a', '2']] }, 'public.copy': copyOf([['1', 'a', '2']]) })
  test('the same rows in any order hold; a doubled one does not', () => {
    const judge = (rows: readonly (readonly (string | null)[])[]) =>
      roundTrip.judge(
        run(migrated, migrated, {
          again: { outcome: 'applied', state: state({ 'public.item': { ...item, rows } }), differences: [] },
        }),
        knowing([]),
      )
    expect([
      judge([['1', 'a', '2']]).outcome,
      findings(
        judge([
          ['1', 'a', '2'],
          ['1', 'a', '2'],
        ]),
      ),
    ]).toEqual(['holds', [['data', 'error', 'public.item', undefined]]])
  })
  test('a row that up adds may draw its default anew; a legacy row may not', () => {
    const drawn = (rows: readonly (readonly (string | null)[])[]) => {
      const made = state({ 'public.seed': { oid: 7, columns: { id: 'uuid', name: 'text' }, key: ['id'], rows } })
      const relations = new Map(
        [...made.catalog.relations].map(([path, relation]) => [
          path,
          {
            ...relation,
            attributes: relation.attributes.map((each) => (each.name === 'id' ? { ...each, default: 'gen_random_uuid()' } : each)),
          },
        ]),
      )
      return { ...made, catalog: { ...made.catalog, relations } }
    }
    const legacy = drawn([['a1', 'old']])
    const first = drawn([
      ['a1', 'old'],
      ['b1', 'added'],
    ])
    const judge = (rows: readonly (readonly (string | null)[])[]) =>
      roundTrip.judge(run(legacy, first, { again: { outcome: 'applied', state: drawn(rows), differences: [] } }), knowing([])).outcome
    expect([
      judge([
        ['a1', 'old'],
        ['b2', 'added'],
      ]),
      judge([
        ['a2', 'old'],
        ['b1', 'added'],
      ]),
    ]).toEqual(['holds', 'violated'])
  })
})

describe('determinism', () => {
  const legacy = state({
    'public.item': {
      ...item,
      rows: [
        ['1', 'a', '2'],
        ['2', 'b', '3'],
      ],
    },
  })
  const knowledge = knowing([])
  const shape = { oid: 5, columns: { id: 'text', qty: 'integer' } }
  const endsIn = (rows: readonly (readonly string[])[]) => state({ 'public.batch': { ...shape, rows } })
  test('random values in a new attribute are named as info', () => {
    const verdict = determinism.judge(
      {
        legacy,
        first: endsIn([
          ['x', '2'],
          ['y', '3'],
        ]),
        second: endsIn([
          ['z', '2'],
          ['w', '3'],
        ]),
        reordered: undefined,
      },
      knowledge,
    )
    expect(verdict).toMatchObject({ outcome: 'holds', notes: [{ kind: 'random', severity: 'info', attribute: 'id' }] })
  })
  test('values that change rows with the physical order are an error', () => {
    const first = endsIn([
      ['x', '1'],
      ['y', '2'],
    ])
    expect(
      findings(
        determinism.judge(
          {
            legacy,
            first,
            second: first,
            reordered: endsIn([
              ['x', '2'],
              ['y', '1'],
            ]),
          },
          knowledge,
        ),
      ),
    ).toEqual([['row-order', 'error', 'public.batch', expect.any(String)]])
  })
})

describe('atomicity', () => {
  const fault = {
    fault: 'error',
    before: 1,
    place: 'statement 2',
    relation: undefined,
    statement: undefined,
    difference: undefined,
    rerun: undefined,
  } as const
  test('the legacy state, the migrated one, and one that a second run mends hold', () => {
    expect(
      atomicity.judge(
        {
          faults: [
            { ...fault, left: 'legacy' },
            { ...fault, left: 'migrated' },
            { ...fault, left: 'other', rerun: 'migrated' },
          ],
          rows: 3,
        },
        knowing([]),
      ).outcome,
    ).toBe('holds')
  })
  test('a state in between is named', () => {
    expect(
      findings(
        atomicity.judge(
          { faults: [{ ...fault, left: 'other', difference: 'the schema differs', rerun: { fails: 'relation exists' } }], rows: 3 },
          knowing([]),
        ),
      ),
    ).toEqual([['partial', 'error', undefined, undefined]])
  })
  test('nothing tried is unknown', () => {
    expect(atomicity.judge({ faults: [], rows: 3 }, knowing([])).outcome).toBe('unknown')
  })
})
