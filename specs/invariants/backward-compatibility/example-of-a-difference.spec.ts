import { describe, expect, test } from 'vitest'
import { divergenceOf } from '../../../harness/invariants/backward-compatibility/diverge.ts'
import type { Replayed } from '../../../harness/invariants/backward-compatibility/model.ts'

type Cells = readonly (string | null)[]

function read(columns: readonly string[], before: readonly Cells[], after: readonly Cells[]): Replayed {
  const answered = (rows: readonly Cells[]) => ({
    outcome: 'answered' as const,
    count: rows.length,
    columns: columns.map((name) => ({ name, typeOid: 25 })),
    rows,
  })
  return {
    operation: 'read',
    given: false,
    sql: 'SELECT',
    name: 'a read',
    relation: 'public.market_data',
    attributes: [],
    before: answered(before),
    after: answered(after),
    readBack: undefined,
    unsteady: new Set(),
  }
}

describe('the example of a read that differs', () => {
  test('is a value that came, where the other rows hold that value already', () => {
    const rows = (first: string) => [
      ['a', 'YAHOO'],
      ['b', first],
      ['c', 'MANUAL'],
    ]
    expect(divergenceOf(read(['id', 'source'], rows('GHOSTFOLIO'), rows('MANUAL')))?.text).toBe(
      "source is 'MANUAL' instead of 'GHOSTFOLIO'",
    )
  })

  test('is a value that came, where both values are in other rows', () => {
    const rows = (first: string | null) => [
      ['a', null],
      ['b', first],
      ['c', 't'],
    ]
    expect(divergenceOf(read(['id', 'kept'], rows(null), rows('t')))?.text).toBe("kept is 't' instead of NULL")
  })

  test('is of one row, where two rows exchange their values', () => {
    const before = [
      ['a', 'x'],
      ['b', 'y'],
    ]
    const after = [
      ['a', 'y'],
      ['b', 'x'],
    ]
    expect(divergenceOf(read(['id', 'value'], before, after))?.text).toBe("value is 'y' instead of 'x'")
  })
})
