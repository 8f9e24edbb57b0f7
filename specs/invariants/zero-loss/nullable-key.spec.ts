import { describe, expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

// Nothing but a key that may be NULL tells the rows apart: hatchet's table of schedules.
const legacy = 'CREATE TABLE schedule (cron text NOT NULL, name text, input jsonb, enabled boolean NOT NULL, UNIQUE (cron, name))'

async function told(up: string): Promise<readonly string[]> {
  const { findings } = await verifyInline(legacy, up, { runs: 20 })
  return findings.flatMap((each) =>
    each.invariant === 'zero-loss' && each.severity !== 'info' ? [`${each.severity} ${each.kind} ${each.attribute ?? ''}`.trim()] : [],
  )
}

describe('rows with NULL in the only key', () => {
  test('that are given a name are altered in it, and not lost', async () => {
    expect(await told(`UPDATE schedule SET name = '' WHERE name IS NULL`)).toEqual(['warning cell-altered name'])
  })

  test('that are deleted are lost', async () => {
    expect(await told('DELETE FROM schedule WHERE name IS NULL')).toEqual(['error row-lost'])
  })

  test('that are given a name, and deleted where one has it, are both', async () => {
    const up = `DELETE FROM schedule AS s WHERE name IS NULL AND EXISTS (SELECT FROM schedule AS o WHERE o.cron = s.cron AND o.ctid <> s.ctid);
      UPDATE schedule SET name = 'none' WHERE name IS NULL`
    expect((await told(up)).toSorted()).toEqual(['error row-lost', 'warning cell-altered name'])
  })
})
