import { useCluster } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { corpusIds, type Measured, measurePair, summarise } from './measure-corpus.ts'

/** So many pairs at once: the server and the judge each keep one core busy. */
const abreast = 3

/**
 * Every fortieth pair: the gate has 25 minutes for everything. `GODWIT_CORPUS=all` takes all of them, another text those that begin so
 * (`n` for the third held-out set; `a01,b` for several).
 */
function chosen(): readonly string[] {
  const wanted = process.env.GODWIT_CORPUS
  const ids = corpusIds()
  if (wanted === undefined || wanted === '') return ids.filter((_, at) => at % 40 === 0)
  return wanted === 'all' ? ids : ids.filter((id) => wanted.split(',').some((beginning) => id.startsWith(beginning)))
}

test('the labelled corpus is judged with few misses and fewer false alarms', { timeout: 2_400_000 }, async () => {
  const cluster = await useCluster()
  const queue = [...chosen()]
  const measured: Measured[] = []
  await Promise.all(
    Array.from({ length: abreast }, async () => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) measured.push(await measurePair(cluster, id, { runs: 40 }))
    }),
  )
  measured.sort((left, right) => (left.id < right.id ? -1 : 1))
  const { text, recall, precision } = summarise(measured)
  const disagreements = measured.flatMap((each) => each.result.disagreements.map((text) => `${each.id}: ${text}`))
  console.log(
    `${measured.length} of ${corpusIds().length} pairs\n${text}\ndisagreements of the harness with itself: ${disagreements.length}\n${disagreements.join('\n')}`,
  )
  expect({ recall: recall >= 0.8, precision: precision >= 0.95 }, `recall ${recall}, precision ${precision}`).toEqual({
    recall: true,
    precision: true,
  })
})
