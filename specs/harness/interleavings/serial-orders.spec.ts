import { expect, test } from 'vitest'
import type { UnitOutcome } from '../../../harness/interleavings/index.ts'
import { serialOrders } from '../../../harness/interleavings/serial-orders.ts'

const unit = (session: string, number: number, from: number, to: number): UnitOutcome => ({
  session,
  unit: `${session} ${number}`,
  outcome: 'done',
  told: '',
  from,
  to,
})
const orders = (units: readonly UnitOutcome[]) =>
  [...serialOrders(units, new Set())].map((order) => order.map((each) => each.unit).join(', '))

test('units at the same time are put in every order, the one in which they ended first', () => {
  expect(orders([unit('a', 1, 0, 9), unit('b', 1, 1, 8)])).toEqual(['b 1, a 1', 'a 1, b 1'])
})

test('a unit that ended before another began comes before it', () => {
  expect(orders([unit('b', 1, 4, 8), unit('a', 1, 0, 4)])).toEqual(['a 1, b 1'])
})

test('units of a session keep their order, also where they sent nothing', () => {
  expect(orders([unit('a', 2, 3, 3), unit('a', 1, 3, 3), unit('b', 1, 2, 5)])).toEqual(['a 1, a 2, b 1', 'a 1, b 1, a 2', 'b 1, a 1, a 2'])
})
