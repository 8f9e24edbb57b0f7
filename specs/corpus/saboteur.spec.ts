import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { seedNumber } from '../../harness/run/seed.ts'
import { corpusIds, type Expected } from './measure-corpus.ts'
import { type Attempt, sabotageCatalog, sabotageData } from './saboteur-attempt.ts'
import { randomSource } from './saboteur-random.ts'
import { type Prepared, prepareForSabotage } from './saboteur-subject.ts'

const seed = process.env.GODWIT_SABOTAGE_SEED ?? 'saboteur'
const total = Number(process.env.GODWIT_SABOTAGES ?? 300)
/** So many migrations are sabotaged, of those that are sound. */
const chosen = Math.ceil(total / 25)
const abreast = 2

function soundIds(): readonly string[] {
  const sound = (id: string) => {
    const expected: Expected = JSON.parse(readFileSync(join('fixtures/corpus', id, 'expected.json'), 'utf8'))
    return expected.sound
  }
  const ids = randomSource(seedNumber(seed, 'corpus')).shuffle(corpusIds().filter(sound))
  // Only where a table has no key a row can be doubled whole, and few tables have none.
  const keyless = ids.filter(hasKeylessTable).slice(0, 10)
  return [...keyless, ...ids.filter((id) => !keyless.includes(id))]
}

function hasKeylessTable(id: string): boolean {
  const sql = readFileSync(join('fixtures/corpus', id, 'legacy.sql'), 'utf8')
  return [...sql.matchAll(/CREATE TABLE[^;]*;/gi)].some(
    ([text]) => !/PRIMARY KEY|UNIQUE|PARTITION OF|INHERITS/i.test(text) && !/ADD CONSTRAINT/i.test(sql),
  )
}

test('a saboteur of migrated databases is caught every time', { timeout: 600_000 }, async () => {
  const cluster = await useCluster()
  const queue = soundIds()
  let next = 0
  // Some migrations leave little to spoil.
  const share = Math.ceil((total / chosen) * 1.05)
  const spoilt = new Map<number, readonly Attempt[]>()
  const started = performance.now()
  let preparing = 0
  const spoil = async (prepared: Prepared) => {
    const random = randomSource(seedNumber(seed, prepared.id))
    const done = [...(await sabotageCatalog(prepared, random, Math.floor(share * 0.3), cluster.owner))]
    done.push(...(await sabotageData(prepared, random, share - done.length)))
    return done
  }
  await Promise.all(
    Array.from({ length: abreast }, async () => {
      for (let at = next++; at < queue.length && spoilt.size < chosen; at = next++) {
        const id = queue[at] ?? ''
        const since = performance.now()
        const found = await prepareForSabotage(cluster, id, seed)
        preparing += performance.now() - since
        if (found === undefined) continue
        await using prepared = found
        spoilt.set(at, await spoil(prepared))
      }
    }),
  )
  // Abreast more may have been done: always the first ones count.
  const sabotaged = [...spoilt].sort(([left], [right]) => left - right).slice(0, chosen)
  const attempts = sabotaged.flatMap(([, each]) => each)
  const missed = attempts.filter((each) => !each.caught)
  const kinds = [...new Set(attempts.map((each) => each.kind))].sort()
  const lines = kinds.map((kind) => {
    const those = attempts.filter((each) => each.kind === kind)
    return `${kind.padEnd(22)} ${those.filter((each) => each.caught).length} of ${those.length} caught`
  })
  const names = missed.map((each) => `miss  ${each.id} data set ${each.dataset}: ${each.kind} (${each.spoils}): ${each.sql}`)
  const seconds = ((performance.now() - started) / 1000).toFixed(0)
  console.log(
    [
      `${attempts.length} sabotages of ${sabotaged.length} migrations in ${seconds} s (prepared in ${(preparing / 1000 / abreast).toFixed(0)} s), seed ${seed}`,
      ...lines,
      ...missed.map((each, at) => `${names[at]}\n${each.rows}`),
    ].join('\n'),
  )
  expect({ made: attempts.length >= total, missed: names }).toEqual({ made: true, missed: [] })
})
