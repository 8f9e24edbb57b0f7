import { useCluster } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { compareSeeds, type SeedsOfPair } from './compare-seeds.ts'
import { corpusIds } from './measure-corpus.ts'

const abreast = 3
const runs = 40
const seeds = ['one', 'two', 'three', 'four', 'five']

/**
 * Pairs of which seeds do not agree yet, with why: they are verified and printed, and left out of what must be equal.
 */
const unsettled: Readonly<Record<string, string>> = {
  'o21-gross-prices-to-net': 'down overflows only where the largest price meets a rate at which rounding goes up',
  'o40-readings-to-three-columns': 'down makes rows of its own, and which former row each of them resembles is a coincidence',
  'h28-partitioned-by-hash-remainder-missing': 'what is kept clear of depends on the smallest rows that fail, and there are several',
  'k48-delete-trigger-clears-attachments': 'which statement of a client shows the difference depends on the rows',
  'm43-equal-amounts-counted': 'two equal amounts of which one is written with other decimals are drawn with few seeds',
  'o26-iso-weeks-to-mondays': 'a week 53 beside the week 1 that begins on the same Monday is drawn with few seeds',
  'p04-depots-get-a-number': 'a code of no depot, beside one that differs from it in case, is drawn with most seeds',
  'r-archive-with-fewer-columns': 'which statement of a client shows the difference depends on the rows',
}

/** Pairs at equal distances over all batches: 30, or the few for which the gate has time. `GODWIT_SEEDS=all` takes the 30. */
function chosen(): { readonly ids: readonly string[]; readonly seeds: readonly string[] } {
  const all = process.env.GODWIT_SEEDS === 'all'
  const ids = corpusIds()
  const spread = Array.from({ length: 30 }, (_, at) => ids[Math.floor(((at + 0.5) * ids.length) / 30)] ?? '')
  return all ? { ids: spread, seeds } : { ids: spread.filter((id, at) => at % 10 === 0 && !(id in unsettled)), seeds: seeds.slice(0, 3) }
}

test('the same pair gets the same verdict and the same findings with every seed', { timeout: 2_400_000 }, async () => {
  const cluster = await useCluster()
  const plan = chosen()
  const queue = [...plan.ids]
  const compared: SeedsOfPair[] = []
  await Promise.all(
    Array.from({ length: abreast }, async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) compared.push(await compareSeeds(cluster, id, plan.seeds, runs))
    }),
  )
  const differing = compared.toSorted((left, right) => (left.id < right.id ? -1 : 1)).filter(({ differences }) => differences.length > 0)
  const lines = differing.flatMap(({ id, differences }) =>
    differences.flatMap(({ seed, texts }) => [`${id}: seed ${seed} beside seed ${plan.seeds[0]}`, ...texts.map((text) => `  ${text}`)]),
  )
  const unlike = differing.reduce((sum, { differences }) => sum + differences.length, 0)
  const total = plan.ids.length * plan.seeds.length
  console.log(`${total - unlike} of ${total} verifications like the first of their pair\n${lines.join('\n')}`)
  expect(differing.filter(({ id }) => !(id in unsettled))).toEqual([])
})
