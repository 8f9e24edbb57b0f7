import { expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

// langfuse: prices that stand there are deleted, and inserted again with other units.
const many = Array.from({ length: 43 }, (_, at) => at)
const rows = many.map(
  (at) => `('m${at}', '${at < 7 ? 'CHARACTERS' : 'TOKENS'}', ${at < 30 ? at * 3 : 'NULL'}, '2024-01-0${1 + (at % 2)} 10:00')`,
)
const legacy = `CREATE TABLE model (id text PRIMARY KEY, unit text, price int, made timestamp(3) NOT NULL DEFAULT CURRENT_TIMESTAMP);
  INSERT INTO model (id, unit, price, made) VALUES ${rows.join(', ')};`

test('rows that are deleted and inserted again are altered where they differ, and no column is swapped with the time of it', async () => {
  const keys = many.slice(0, 7)
  const up = `DELETE FROM model WHERE id IN (${keys.map((at) => `'m${at}'`).join(', ')});
    INSERT INTO model (id, unit, price) VALUES ${keys.map((at) => `('m${at}', 'TOKENS', ${at * 3})`).join(', ')};`
  const { findings } = await verifyInline(legacy, up, { runs: 10 })
  const told = findings.filter(({ invariant, severity }) => invariant === 'zero-loss' && severity !== 'info')
  expect(told.find(({ attribute }) => attribute === 'unit')?.message).toMatch(/^model\.unit is overwritten: 'CHARACTERS' became 'TOKENS'/)
  expect(told.map(({ message }) => message).filter((message) => /swapped/.test(message))).toEqual([])
})
