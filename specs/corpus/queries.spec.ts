import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { seedNumber } from '../../harness/run/seed.ts'
import { corpusIds, type Expected } from './measure-corpus.ts'
import { askOn } from './queries-asked.ts'
import { randomSource } from './saboteur-random.ts'
import { prepareForSabotage } from './saboteur-subject.ts'

const seed = process.env.GODWIT_QUERIES_SEED ?? 'queries'
/** How many sound migrations of the corpus are asked; `all` for every one. */
const chosen = process.env.GODWIT_QUERIES === 'all' ? Number.POSITIVE_INFINITY : Number(process.env.GODWIT_QUERIES ?? 12)
const abreast = 2
const sabotagesEach = 8

function soundIds(): readonly string[] {
  const sound = (id: string) => {
    const expected: Expected = JSON.parse(readFileSync(join('fixtures/corpus', id, 'expected.json'), 'utf8'))
    return expected.sound
  }
  return randomSource(seedNumber(seed, 'corpus')).shuffle(corpusIds().filter(sound))
}

test('verification queries report nothing of a good migration, and each sabotage of it', { timeout: 3_600_000 }, async () => {
  const cluster = await useCluster()
  const queue = soundIds()
  const wrong: string[] = []
  const missed: string[] = []
  const caught = new Map<string, number>()
  let [next, asked] = [0, 0]
  await Promise.all(
    Array.from({ length: abreast }, async () => {
      while (next < queue.length && asked < chosen) {
        const id = queue[next++] ?? ''
        const found = await prepareForSabotage(cluster, id, seed)
        if (found === undefined) continue
        asked += 1
        await using prepared = found
        const random = randomSource(seedNumber(seed, id))
        for (const baseline of prepared.baselines.slice(0, 2)) {
          const { good, sabotages } = await askOn(prepared, baseline, random, sabotagesEach / 2).catch((error: unknown) => {
            throw new Error(`${id}: ${error instanceof Error ? error.message : String(error)}`)
          })
          for (const each of good) wrong.push(`${id}: ${each}`)
          for (const { kind, spoils, sql, answers } of sabotages) {
            if (answers.length > good.length) caught.set(kind, (caught.get(kind) ?? 0) + 1)
            else missed.push(`${id}: ${kind} (${spoils}): ${sql}`)
          }
        }
      }
    }),
  )
  const total = [...caught.values()].reduce((sum, each) => sum + each, 0)
  console.log(
    `${asked} migrations, seed ${seed}: ${total} sabotages reported (${[...caught].map((each) => each.join(' ')).join(', ')}), ${missed.length} not`,
  )
  expect({ wrong, missed }).toEqual({ wrong: [], missed: [] })
})
