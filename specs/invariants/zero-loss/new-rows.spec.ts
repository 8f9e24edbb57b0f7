import { describe, expect, test } from 'vitest'
import type { MigrationResult } from '../../../harness/result/index.ts'
import { verifyInline } from '../../harness/verify/verify-inline.ts'

function grave({ findings }: MigrationResult, ...ids: readonly string[]): readonly string[] {
  return findings.flatMap((each) =>
    each.severity !== 'info' && ids.includes(each.invariant) ? [`${each.severity} ${each.kind} ${each.relation}.${each.attribute}`] : [],
  )
}

describe('rows that up inserts beside legacy rows', () => {
  const legacy =
    'CREATE TABLE account (id int PRIMARY KEY, login text NOT NULL); CREATE TABLE space (id serial PRIMARY KEY, title text NOT NULL)'

  test('with ids of the sequence are no doubles of a row that looks like one', async () => {
    const result = await verifyInline(legacy, 'INSERT INTO space (title) SELECT login FROM account ORDER BY id', { runs: 40 })
    expect(grave(result, 'zero-loss', 'determinism')).toEqual([])
    expect(result.lineage.find(({ from }) => from === 'public.space.id')).toMatchObject({ fate: 'kept', transform: 'identical' })
  })

  test('a join that doubles a row is still found', async () => {
    const up = `CREATE TABLE both_of (id int, title text); INSERT INTO both_of SELECT s.id, s.title FROM space s LEFT JOIN account a ON a.login = s.title;
      DROP TABLE space`
    expect(grave(await verifyInline(legacy, up, { runs: 40 }), 'zero-loss')).toContain('error row-doubled public.space.null')
  })
})

describe('two tables that are united', () => {
  const legacy = `CREATE TABLE token (id int PRIMARY KEY, label text, revoked boolean NOT NULL);
    CREATE TABLE revoked (id int NOT NULL, label text)`

  test('a row that stood there before is no copy of one with its key, and no double of an equal one', async () => {
    const up =
      'INSERT INTO revoked SELECT id, label FROM token WHERE revoked; DELETE FROM token WHERE revoked; ALTER TABLE token DROP revoked'
    const found = grave(await verifyInline(legacy, up, { runs: 40 }), 'zero-loss')
    expect(found.filter((each) => !each.endsWith('token.revoked'))).toEqual([])
  })

  test('a copy that is made other is still found', async () => {
    const up = `INSERT INTO revoked SELECT id, left(label, 3) FROM token WHERE revoked; DELETE FROM token WHERE revoked`
    expect(grave(await verifyInline(legacy, up, { runs: 40 }), 'zero-loss')).toContain('error cell-altered public.token.label')
  })
})

describe('a generated column', () => {
  const legacy = 'CREATE TABLE bill (id int PRIMARY KEY, net numeric(12,4) NOT NULL, gross numeric GENERATED ALWAYS AS (net * 1.2) STORED)'
  const again = (expression: string) =>
    `ALTER TABLE bill DROP gross; ALTER TABLE bill ADD gross numeric GENERATED ALWAYS AS (${expression}) STORED`

  test('that is computed otherwise shows other values for old rows, whether or not down computes the old ones again', async () => {
    const down = { 'down.sql': again('net * 1.2') }
    expect(grave(await verifyInline(legacy, again('round(net * 1.2, 2)'), { runs: 20, files: down }), 'zero-loss')).toEqual([
      'warning cell-altered public.bill.gross',
    ])
  })

  test('that is made again as it was, or as a column with its values, shows what it showed', async () => {
    expect(grave(await verifyInline(legacy, again('1.2 * net'), { runs: 20 }), 'zero-loss')).toEqual([])
    expect(grave(await verifyInline(legacy, 'ALTER TABLE bill ALTER gross DROP EXPRESSION', { runs: 20 }), 'zero-loss')).toEqual([])
  })
})
