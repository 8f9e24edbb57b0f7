import { verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import type { VerifyOptions } from '../../../harness/verify/index.ts'
import { writtenFiles } from '../../harness/history/written-history.ts'

const legacy = 'CREATE TABLE readings (id int PRIMARY KEY, value int NOT NULL);'
const down = 'DROP TABLE archive;'

/** In three commits that can each be run again; PostgreSQL empties an unlogged table when it comes back from a crash. */
const inSteps = (staging: string) => `-- godwit: no-transaction
CREATE TABLE IF NOT EXISTS archive (id int PRIMARY KEY, value int NOT NULL);
CREATE ${staging} TABLE IF NOT EXISTS staging (id int PRIMARY KEY, value int NOT NULL);
WITH moved AS (DELETE FROM readings RETURNING *) INSERT INTO staging SELECT * FROM moved;
INSERT INTO archive SELECT * FROM staging ON CONFLICT DO NOTHING;
DROP TABLE staging;`

async function atomicityOf(up: string, options: VerifyOptions) {
  await using folder = await writtenFiles({ 'legacy.sql': legacy, 'up.sql': up, 'down.sql': down })
  const { result } = await verifyShared(folder.path, { runs: 4, ...options })
  const [migration] = result.migrations
  const invariant = migration?.invariants.find(({ id }) => id === 'atomicity')
  const findings = migration?.findings.filter((each) => each.invariant === 'atomicity') ?? []
  return {
    verdict: invariant?.verdict,
    because: invariant?.because,
    runs: invariant?.saw?.runs ?? 0,
    messages: findings.map(({ message }) => message),
  }
}

describe('a server that is killed in the middle of up', () => {
  test('loses what lies in an unlogged table, which no error shows', async () => {
    const up = inSteps('UNLOGGED')
    expect(await atomicityOf(up, {})).toMatchObject({ verdict: 'holds', messages: [] })
    const { verdict, messages } = await atomicityOf(up, { crash: { kills: 10 } })
    expect(verdict).toBe('violated')
    expect(messages).toEqual([
      expect.stringMatching(
        /^a crash of the server before statement 4 leaves a state .*; running up again ends in another state than an undisturbed run \(rows of public\.archive differ\)$/,
      ),
    ])
  })

  test('loses nothing of a table that is logged', async () => {
    expect(await atomicityOf(inSteps(''), { crash: { kills: 4 } })).toMatchObject({ verdict: 'holds', messages: [] })
  })

  test("leaves temporary tables, which are nobody's afterwards", async () => {
    const up = inSteps('').replace('CREATE TABLE IF NOT EXISTS archive', 'CREATE TEMPORARY TABLE seen AS SELECT 1 AS one;\n$&')
    expect(await atomicityOf(up, { crash: { kills: 4 } })).toMatchObject({ verdict: 'holds', messages: [] })
  })

  test('is tried where PostgreSQL undoes the whole, too, and so often as it was asked for', async () => {
    const up = 'CREATE TABLE archive AS SELECT * FROM readings;\nALTER TABLE archive ADD PRIMARY KEY (id);'
    const [without, once, often] = [
      await atomicityOf(up, {}),
      await atomicityOf(up, { crash: { kills: 1 } }),
      await atomicityOf(up, { crash: { kills: 3 } }),
    ]
    expect([without, once, often].map(({ verdict, messages }) => [verdict, messages.length])).toEqual([
      ['holds', 0],
      ['holds', 0],
      ['holds', 0],
    ])
    expect([once.runs - without.runs, often.runs - without.runs]).toEqual([1, 3])
  })
})
