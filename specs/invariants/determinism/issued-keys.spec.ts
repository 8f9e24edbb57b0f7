import { describe, expect, test } from 'vitest'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

const legacy = 'CREATE TABLE item (id int PRIMARY KEY, name text)'

async function ofRowOrder(up: string): Promise<readonly (string | null)[]> {
  const { findings } = await verifyInline(legacy, up, { runs: 4, files: { 'down.sql': 'DROP TABLE unit;' } })
  return findings.flatMap(({ invariant, kind, relation }) => (invariant === 'determinism' && kind === 'row-order' ? [relation] : []))
}

describe('keys that the migration issues in the order of rows', () => {
  test.each([
    ['beside one attribute', 'CREATE TABLE unit (id bigserial PRIMARY KEY, item_id int); INSERT INTO unit (item_id) SELECT id FROM item'],
    [
      'beside a reference',
      'CREATE TABLE unit (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, item_id int REFERENCES item); INSERT INTO unit (item_id) SELECT id FROM item',
    ],
    [
      'beside several',
      'CREATE TABLE unit (id bigserial PRIMARY KEY, item_id int, name text); INSERT INTO unit (item_id, name) SELECT id, name FROM item',
    ],
  ])('%s are no dependence on it', async (_, up) => {
    expect(await ofRowOrder(up)).toEqual([])
  })

  test('hide none of what is computed in that order', async () => {
    const up = `CREATE TABLE unit (id bigserial PRIMARY KEY, item_id int, place int);
      INSERT INTO unit (item_id, place) SELECT id, row_number() OVER () FROM item`
    expect(await ofRowOrder(up)).toEqual(['public.unit'])
  })
})
