import { describe, expect, test } from 'vitest'
import { readSources } from '../../../harness/history/index.ts'
import type { Session } from '../../../harness/postgres/index.ts'
import { AfterUp, UnfitTrial } from '../../../harness/run/after-up.ts'
import { type Stage, TransactionStages } from '../../../harness/run/index.ts'
import { prepareSubject } from '../../../harness/verify/prepare.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { temporaryPair } from '../temporary-pair.ts'

/** A state after `up` on two rows. */
async function afterUp<Result>(files: Readonly<Record<string, string>>, work: (lane: AfterUp) => Promise<Result>): Promise<Result> {
  await using pair = await temporaryPair(files)
  const [source] = await readSources([pair.path], {})
  const migration = source?.kind === 'pairs' ? source.migrations[0]?.migration : undefined
  if (migration === undefined) throw new Error('no pair')
  await using database = await (await useCluster()).createDatabase()
  await using session = await database.connect()
  await session.script(files['legacy.sql'] ?? '')
  const subject = await prepareSubject(session, migration)
  const stages = new TransactionStages(() => session, undefined, subject.legacy)
  return await stages.run(async (stage) => {
    const lane = await AfterUp.begin(subject, stage, {
      filling: { kind: 'sql', sql: 'INSERT INTO item VALUES (1), (2)' },
      questions: undefined,
      signal: undefined,
    })
    if (lane === undefined) throw new Error('up fails')
    return work(lane)
  })
}

const pair = {
  'legacy.sql': 'CREATE TABLE item (id int PRIMARY KEY)',
  'up.sql':
    'CREATE TABLE log (id serial PRIMARY KEY, item int); INSERT INTO log (item) SELECT id FROM item; ALTER TABLE item ADD size bigint',
  'down.sql': 'DROP TABLE log; ALTER TABLE item ALTER size TYPE integer; ALTER TABLE item DROP size',
}

const numbersOf = (stage: Stage) =>
  stage.look(async (session: Session) =>
    (await session.query<{ id: number }>('INSERT INTO log (item) VALUES (9), (9) RETURNING id')).map(({ id }) => id),
  )
const sized = (size: string) => (stage: Stage) =>
  stage.look(async (session) => void (await session.script(`UPDATE item SET size = ${size}`)))

describe('trials from one state after up', () => {
  test('each finds rows and sequences as up left them, whether the one before failed or not', async () => {
    const seen = await afterUp(pair, async (lane) => {
      const numbers: number[][] = []
      const write = async (stage: Stage, size: string) => {
        numbers.push(await numbersOf(stage))
        await sized(size)(stage)
      }
      const failures = []
      for (const size of ['7', '3000000000', '8']) failures.push(await lane.down((stage) => write(stage, size)))
      return { numbers, failures: failures.map((each) => [each?.sqlstate, each?.index]) }
    })
    const first = [3, 4]
    expect(seen).toEqual({
      numbers: [first, first, first],
      failures: [
        [undefined, undefined],
        ['22003', 1],
        [undefined, undefined],
      ],
    })
  })

  test('one at a time, whoever asks', async () => {
    const failures = await afterUp(pair, (lane) => Promise.all(['7', '3000000000', '8'].map((size) => lane.down(sized(size)))))
    expect(failures.map((each) => each?.sqlstate)).toEqual([undefined, '22003', undefined])
  })

  test('what the enclosing transaction may be to blame for is no answer', async () => {
    const down =
      "DROP TABLE log; ALTER TABLE item DROP size; COMMENT ON TABLE item IS NULL; SET CONSTRAINTS ALL IMMEDIATE; DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '55006'; END $$"
    await expect(afterUp({ ...pair, 'down.sql': down }, (lane) => lane.down(sized('1')))).rejects.toThrow(UnfitTrial)
  })
})
