import { expect, test } from 'vitest'
import { verifyInline } from './verify-inline.ts'

const legacy = 'CREATE TABLE prices (id integer PRIMARY KEY, price numeric(10, 2));'

test('an error that a transaction can cause, and that a clone shows too, is the own one of a migration: runs stay in a transaction', async () => {
  const up = 'ALTER TABLE prices ADD COLUMN cents bigint;\nUPDATE prices SET cents = price * 100;'
  const { rung, findings } = await verifyInline(legacy, up, { runs: 20 })
  // "cannot convert NaN to bigint" is a feature that is not supported.
  expect([rung, findings.flatMap(({ invariant, kind }) => (invariant === 'applies' ? [kind] : []))]).toEqual(['transaction', ['0A000']])
})

test('an error that only a transaction causes moves all runs to clones', async () => {
  const alone = "IF pg_current_xact_id_if_assigned() IS NOT NULL THEN RAISE EXCEPTION 'not here' USING ERRCODE = '25001'; END IF;"
  const { rung, rungBecause, findings } = await verifyInline(legacy, `DO $$ BEGIN ${alone} END $$;\nUPDATE prices SET price = price;`)
  const failed = findings.filter(({ invariant }) => invariant === 'applies')
  expect([rung, rungBecause, failed]).toEqual(['clone', 'in one transaction the server says 25001: not here', []])
})
