import { describe, expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { writtenFiles } from '../../harness/history/written-history.ts'

// In a history the rows are migrated again in transactions, and clones are made only where those differ.
const before = `CREATE TABLE visit (id int PRIMARY KEY, at timestamptz NOT NULL, place text NOT NULL);
  CREATE TABLE sight (place text PRIMARY KEY, note text);
  ALTER TABLE visit ADD COLUMN note text;`

async function toldOf(up: string): Promise<readonly string[]> {
  const steps = before.split('\n').map((sql, at) => [`000${at}_made.sql`, sql] as const)
  await using files = await writtenFiles({ ...Object.fromEntries(steps), '0009_step.sql': up })
  const { result } = await verifyOn(await useCluster(), await readSources([files.path], {}), {}, {})
  const { migrations } = result
  expect(migrations).toHaveLength(4)
  return (migrations.at(-1)?.findings ?? []).flatMap(({ invariant, kind, attribute, relation }) =>
    invariant === 'determinism' ? [`${kind} ${attribute ?? relation}`] : [],
  )
}

describe('the last step of a history', () => {
  test('whose values depend on the zone of the session', async () => {
    expect(await toldOf('ALTER TABLE visit ADD COLUMN day date; UPDATE visit SET day = at::date;')).toEqual(['session day'])
  })

  test('whose values depend on the order of rows', async () => {
    expect(await toldOf('ALTER TABLE visit ADD COLUMN nth serial;')).toEqual([])
    expect(
      await toldOf(
        'ALTER TABLE visit ADD COLUMN nth int; UPDATE visit SET nth = o.nth FROM (SELECT id, row_number() OVER () AS nth FROM visit) AS o WHERE o.id = visit.id;',
      ),
    ).toEqual(['row-order nth'])
  })

  test('whose values come from chance', async () => {
    expect(await toldOf('ALTER TABLE visit ADD COLUMN luck int; UPDATE visit SET luck = random() * 100000;')).toEqual(['random luck'])
  })

  test('whose values depend on none of these', async () => {
    expect(await toldOf(`ALTER TABLE visit ADD COLUMN day date; UPDATE visit SET day = (at AT TIME ZONE 'UTC')::date;`)).toEqual([])
  })
})
