import { describe, expect, test } from 'vitest'
import type { BandKind } from '../../../harness/data/index.ts'
import { zeroLoss } from '../../../harness/invariants/index.ts'
import { alterationOf } from '../../../harness/lineage/index.ts'
import { banded, id, knowing, run, type Sketch, state, twelve, word } from '../../invariants/build.ts'

type Rows = Sketch['rows']
type Tables = Readonly<Record<string, Sketch>>

/** Learn on twelve banded rows, then judge edge rows, migrated as they were and spoilt. */
function judging(
  columns: Readonly<Record<string, string>>,
  kinds: Readonly<Record<string, BandKind>>,
  bandedRows: Rows,
  migrate: (rows: Rows) => Tables,
  key: readonly string[] = ['id'],
) {
  const before = (rows: Rows) => state({ 'public.t': { oid: 1, columns, key, rows } })
  const knowledge = knowing([banded(before(bandedRows), state(migrate(bandedRows)), { 'public.t': kinds })], { hasDown: false })
  return (rows: Rows, spoil: (tables: Tables) => Tables = (tables) => tables) => {
    const verdict = zeroLoss.judge(run(before(rows), state(spoil(migrate(rows)))), knowledge)
    if (verdict.outcome !== 'violated') return []
    return verdict.findings.filter((each) => each.severity !== 'info').map((each) => `${each.kind} ${each.attribute ?? ''}`.trim())
  }
}

const cell = (tables: Tables, path: string, row: number, column: number, value: string | null): Tables => {
  const table = tables[path]
  if (table === undefined) throw new Error(`no ${path}`)
  return {
    ...tables,
    [path]: {
      ...table,
      rows: table.rows.map((cells, at) => (at === row ? cells.map((old, index) => (index === column ? value : old)) : cells)),
    },
  }
}

const text = (value: string | null | undefined) => value ?? ''

describe('attributes that became a row each', () => {
  const judge = judging(
    { id: 'integer', paid: 'text', sent: 'text' },
    { id: 'band', paid: 'band', sent: 'band' },
    twelve.map((row) => [id(row), word(row, 'p'), row % 4 === 1 ? null : word(row, 's')]),
    (rows) => ({
      'public.t': { oid: 1, columns: { id: 'integer' }, key: ['id'], rows: rows.map(([key]) => [text(key)]) },
      'public.event': {
        oid: 2,
        columns: { t: 'integer', step: 'text', at: 'text' },
        key: ['t', 'step'],
        references: { t: 'public.t.id' },
        rows: rows.flatMap(([key, paid, sent]) => [
          ...(text(paid) === '' ? [] : [[text(key), 'paid', text(paid)]]),
          ...(text(sent) === '' ? [] : [[text(key), 'sent', text(sent)]]),
        ]),
      },
    }),
  )
  const rows = [
    ['1', 'a', 'b'],
    ['2', 'c', 'c'],
  ]
  test('arrive', () => expect(judge(rows)).toEqual([]))
  test('may not trade places', () =>
    expect(judge(rows, (tables) => cell(cell(tables, 'public.event', 0, 2, 'b'), 'public.event', 1, 2, 'a'))).toEqual([
      'cell-altered paid',
      'cell-altered sent',
    ]))
  test('are not held by the row of another that is equal', () =>
    expect(
      judge(rows, (tables) => {
        const event = tables['public.event']
        return event === undefined ? tables : { ...tables, 'public.event': { ...event, rows: event.rows.slice(0, -1) } }
      }),
    ).toEqual(['cell-altered sent']))
})

describe('a cell that was split', () => {
  const split = (name: string) => {
    const at = name.indexOf(' ')
    return at < 0 ? [name, null] : [name.slice(0, at), name.slice(at + 1)]
  }
  const judge = judging(
    { id: 'integer', name: 'text' },
    { id: 'band', name: 'band' },
    twelve.map((row) => [id(row), word(row, 'n')]),
    (rows) => ({
      'public.t': {
        oid: 1,
        columns: { id: 'integer', 'first#3': 'text', 'last#4': 'text' },
        key: ['id'],
        rows: rows.map(([key, name]) => [text(key), ...split(text(name))]),
      },
    }),
  )
  const rows = [
    ['1', 'b a c'],
    ['2', ' '],
    ['3', '/ '],
    ['4', 'x'],
    ['5', ''],
  ]
  test('is whole in its parts', () => expect(judge(rows)).toEqual([]))
  test.each<[string, number, number, string | null]>([
    ['blanks', 1, 2, null],
    ['signs', 2, 1, ''],
    ['a blank more', 1, 2, ' '],
    ['a part doubled', 3, 2, 'x'],
  ])('is not without %s', (_, row, column, value) =>
    expect(judge(rows, (tables) => cell(tables, 'public.t', row, column, value))).toEqual(['cell-altered name']),
  )
  test('is not in another order', () =>
    expect(judge(rows, (tables) => cell(cell(tables, 'public.t', 0, 1, 'a c'), 'public.t', 0, 2, 'b'))).toEqual(['cell-altered name']))
})

describe('a list that became rows', () => {
  const literal = (list: readonly string[]) => `{${list.map((each) => `"${each}"`).join(',')}}`
  const parse = (list: string) => [...list.matchAll(/"([^"]*)"/g)].map(([, each]) => text(each))
  const judging2 = (positions: boolean) =>
    judging(
      { id: 'integer', steps: 'text[]' },
      { id: 'band', steps: 'band' },
      twelve.map((row) => [id(row), literal([word(row, 'a'), word(row, 'b'), word(row, 'c')].slice(0, 2 + (row % 2)))]),
      (rows) => ({
        'public.t': { oid: 1, columns: { id: 'integer' }, key: ['id'], rows: rows.map(([key]) => [text(key)]) },
        'public.step': {
          oid: 2,
          columns: { t: 'integer', n: 'integer', what: 'text' },
          key: ['t', 'n'],
          references: { t: 'public.t.id' },
          rows: rows.flatMap(([key, steps]) =>
            parse(text(steps)).map((what, at) => [
              text(key),
              String(positions ? at + 1 : ((at * 7 + Number(key)) % 5) + 10 * ((at + 1) % 3)),
              what,
            ]),
          ),
        },
      }),
    )
  const rows = [
    ['1', literal(['a', 'b', ' ', ''])],
    ['2', literal(['b', 'b'])],
  ]
  test('arrives with every element', () => expect(judging2(true)(rows)).toEqual([]))
  test('keeps its order where a column gives it', () => {
    const swap = (tables: Tables) => cell(cell(tables, 'public.step', 0, 2, 'b'), 'public.step', 1, 2, 'a')
    expect(judging2(true)(rows, swap)).toEqual(['cell-altered steps'])
    expect(judging2(false)(rows, swap)).toEqual([])
  })
  test('keeps blank and empty elements apart', () =>
    expect(judging2(true)(rows, (tables) => cell(tables, 'public.step', 2, 2, ''))).toEqual(['cell-altered steps']))
})

describe('cells that were put together', () => {
  const judge = judging(
    { id: 'integer', street: 'text', zip: 'text', city: 'text' },
    { id: 'band', street: 'band', zip: 'band', city: 'band' },
    [0, 1].flatMap((lap) =>
      twelve.map((row) => [
        id(row + lap * 12),
        word(row + lap * 12, 's'),
        row % 3 === 0 ? null : word(row + lap * 12, 'z'),
        word(row + lap * 12, 'c'),
      ]),
    ),
    (rows) => ({
      'public.t': {
        oid: 1,
        columns: { id: 'integer', 'address#5': 'jsonb' },
        key: ['id'],
        rows: rows.map(([key, street, zip, city]) => [text(key), JSON.stringify([street, zip, city])]),
      },
    }),
  )
  const rows = [
    ['1', 'a', 'array', 'ar'],
    ['2', 'say "x"\n', null, 'b'],
  ]
  test('stand where they stood on banded rows', () => expect(judge(rows)).toEqual([]))
  test('are not found elsewhere in the whole', () =>
    expect(judge(rows, (tables) => cell(tables, 'public.t', 0, 1, JSON.stringify(['array', 'a', 'ar'])))).toEqual([
      'cell-altered street',
      'cell-altered zip',
      'cell-altered city',
    ]))
  test('are blamed for what is not there', () =>
    expect(judge(rows, (tables) => cell(tables, 'public.t', 1, 1, JSON.stringify(['say "x"\n', null, 'c'])))).toEqual([
      'cell-altered city',
    ]))
})

describe('a number that became a length of time', () => {
  const span = (minutes: number) =>
    `${minutes < 0 ? '-' : ''}${String(Math.floor(Math.abs(minutes) / 60)).padStart(2, '0')}:${String(Math.abs(minutes) % 60).padStart(2, '0')}:00`
  const judge = judging(
    { id: 'integer', minutes: 'integer' },
    { id: 'band', minutes: 'band' },
    twelve.map((row) => [id(row), String(2_340_011 + row * 30_103)]),
    (rows) => ({
      'public.t': {
        oid: 1,
        columns: { id: 'integer', 'length#3': 'interval' },
        key: ['id'],
        rows: rows.map(([key, minutes]) => [text(key), minutes === null ? null : span(Number(minutes))]),
      },
    }),
  )
  const rows = [
    ['1', '2'],
    ['2', '896'],
    ['3', '-1'],
    ['4', null],
  ]
  test('is had back', () => expect(judge(rows)).toEqual([]))
  test('may not trade places with one that no banded row had', () =>
    expect(judge(rows, (tables) => cell(cell(tables, 'public.t', 0, 1, span(896)), 'public.t', 1, 1, span(2)))).toEqual([
      'cell-altered minutes',
    ]))
})

describe('a recoding', () => {
  const recode = new Map([
    ['1', '1'],
    ['2', '3'],
    ['3', '4'],
  ])
  const judge = judging(
    { id: 'integer', level: 'smallint' },
    { id: 'band', level: 'vector' },
    twelve.map((row) => [id(row), String(((row * 5) % 3) + 1)]),
    (rows) => ({
      'public.t': {
        oid: 1,
        columns: { id: 'integer', level: 'smallint' },
        key: ['id'],
        rows: rows.map(([key, level]) => [text(key), recode.get(text(level)) ?? text(level)]),
      },
    }),
  )
  test('one to one holds, also of a value that no banded row had', () =>
    expect(
      judge([
        ['1', '1'],
        ['2', '3'],
        ['3', '9'],
      ]),
    ).toEqual([]))
  test('of a value that banded rows had does not end in one that none had', () =>
    expect(judge([['1', '1']], (tables) => cell(tables, 'public.t', 0, 1, '2'))).toEqual(['cell-altered level']))
})

describe('rows that were summed up', () => {
  const columns = { id: 'integer', cart: 'integer', note: 'text' }
  const whole = (rows: Rows): Tables => {
    const carts = [...new Set(rows.map(([, cart]) => text(cart)))]
    const highest = (cart: string) =>
      rows
        .filter((row) => row[1] === cart)
        .flatMap((row) => row[2] ?? [])
        .sort()
        .at(-1) ?? null
    return {
      'public.cart': {
        oid: 2,
        columns: { cart: 'integer', 'note#2': 'text' },
        key: ['cart'],
        rows: carts.map((cart) => [cart, highest(cart)]),
      },
    }
  }
  const judge = judging(
    columns,
    { id: 'band', cart: 'band', note: 'band' },
    twelve.map((row) => [id(row), String(7_100_017 + row * 20_300), word(row, 'n')]),
    whole,
  )
  test('are lost but for one', () =>
    expect(
      judge([
        ['1', '7', 'a'],
        ['2', '7', 'b'],
      ]),
    ).toContain('row-lost'))
})

describe('a row that the migration adds under a random key', () => {
  const uuid = (row: number, group: string) =>
    `${(0x1a2b3c4d + row * 7919).toString(16)}-${group}-4${String(100 + row)}-8abc-${String(100_000_000_000 + row)}`
  const judge = judging(
    { id: 'uuid', name: 'text' },
    { id: 'band', name: 'band' },
    twelve.map((row) => [uuid(row, `c0f${row % 10}`), word(row, 'n')]),
    (rows) => ({
      'public.t': {
        oid: 1,
        columns: { id: 'uuid', name: 'text' },
        key: ['id'],
        rows: [...rows, [uuid(77, 'c0f3'), 'Archive']],
      },
    }),
  )
  test('is no second copy of one whose key has a group of digits in common', () =>
    expect(judge([[uuid(40, 'dddd'), 'Archive']])).toEqual([]))
})

describe('a number that became another', () => {
  const numbers = { legacy: 'numeric(12,4)', migrated: 'bigint' }

  test.for([
    ['619993.3711', '61999337'],
    ['306094.1964', '30609420'],
    ['-12.3456', '-1235'],
    ['1.9951', '200'],
    ['12345678', '12345.68'],
  ])('%s to %s is rounded, in another unit', ([legacy, migrated]) => {
    expect(alterationOf(legacy ?? '', migrated ?? '', numbers)).toBe('rounded')
  })

  test.for([
    ['619993.3711', '61999437'],
    ['0.0012', '12'],
    ['12.3456', '-1235'],
    ['5', '500'],
    ['12.34', '1299'],
  ])('%s to %s is not', ([legacy, migrated]) => {
    expect(alterationOf(legacy ?? '', migrated ?? '', numbers)).toBe('overwritten')
  })
})
