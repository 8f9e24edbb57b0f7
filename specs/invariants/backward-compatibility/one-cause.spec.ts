import { describe, expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = 'CREATE TABLE item (id integer PRIMARY KEY, name text NOT NULL, price integer)'

async function linked(up: string): Promise<readonly string[]> {
  const { findings } = await verifyInline(legacy, up, { runs: 10 })
  return findings
    .filter((each) => each.severity !== 'info')
    .map(({ severity, invariant, cause }) => {
      const follows = findings.find((other) => other.id === cause)
      return `${severity} ${invariant}${follows === undefined ? '' : ` follows from ${follows.invariant}`}`
    })
    .toSorted()
}

describe('one cause', () => {
  test('a column that is lost: that clients name it follows', async () => {
    expect(await linked('ALTER TABLE item DROP COLUMN name')).toEqual([
      'error zero-loss',
      'warning backward-compatibility follows from zero-loss',
      'warning rollback-restores-state',
    ])
  })

  test('a table that is lost: that clients name it follows', async () => {
    expect(await linked('DROP TABLE item')).toEqual([
      'error zero-loss',
      'warning backward-compatibility follows from zero-loss',
      'warning rollback-restores-state',
    ])
  })

  test('a rule that legal rows do not pass: that it refuses clients’ rows follows', async () => {
    expect(await linked('ALTER TABLE item ADD CONSTRAINT item_price_check CHECK (price > 0)')).toEqual([
      'error applies',
      'warning backward-compatibility follows from applies',
      'warning rollback-restores-state',
    ])
  })

  test('a column that is declared as discarded is information for clients too', async () => {
    expect(await linked('-- godwit: discard public.item.name because nobody reads it\nALTER TABLE item DROP COLUMN name')).toEqual([
      'warning rollback-restores-state',
    ])
  })
})
