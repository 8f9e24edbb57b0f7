import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { useCluster } from 'godwit/vitest'
import { expect, test } from 'vitest'
import { readSources, verifyOn } from '../../harness/history/index.ts'
import { parseCounterexample, renderCounterexample } from '../../harness/report/index.ts'
import { seedNumber } from '../../harness/run/seed.ts'
import { corpusIds, type Expected } from './measure-corpus.ts'
import { randomSource } from './saboteur-random.ts'

const seed = process.env.GODWIT_QUERIES_SEED ?? 'preflights'
/** Of the whole corpus, with `all`, or so many of it. */
const more = process.env.GODWIT_QUERIES
/** One migration for each way in which rows are told; the gate tries these. */
const known: Readonly<Record<string, string>> = {
  'b02-set-not-null-on-nulls': 'IS NULL',
  'b03-unique-on-duplicates': 'HAVING count(*) > 1',
  'b05-foreign-key-on-orphans': 'NOT EXISTS',
  'b08-varchar-narrowing': 'length(',
  'b09-text-to-integer': 'pg_input_is_valid',
}

function ids(): readonly string[] {
  if (more === undefined) return Object.keys(known)
  const isUnsound = (id: string) => {
    const expected: Expected = JSON.parse(readFileSync(join('fixtures/corpus', id, 'expected.json'), 'utf8'))
    return !expected.sound
  }
  const all = randomSource(seedNumber(seed, 'corpus')).shuffle(corpusIds().filter(isUnsound))
  return more === 'all' ? all : all.slice(0, Number(more))
}

test('the preflight of a finding counts rows of its counterexample, and none of an empty database', { timeout: 3_600_000 }, async () => {
  const cluster = await useCluster()
  const wrong: string[] = []
  const found: Record<string, string> = {}
  let [own, without] = [0, 0]
  for (const id of ids()) {
    const { result, counterexamples } = await verifyOn(
      cluster,
      await readSources([join('fixtures/corpus', id)], {}),
      { runs: more === undefined ? 4 : 20 },
      {},
    )
    for (const finding of result.migrations.flatMap((each) => each.findings)) {
      if (!['applies', 'zero-loss'].includes(finding.invariant) || finding.severity === 'info') continue
      if (finding.preflight === null) {
        without += 1
        if (more !== undefined)
          console.log(`without: ${id} ${finding.kind} ${finding.evidence.alteration ?? ''} ${finding.message.slice(0, 160)}`)
        continue
      }
      own += 1
      found[id] = `${found[id] ?? ''}${finding.preflight}`
      const example = counterexamples.get(finding.counterexample ?? '')
      if (example === undefined) continue
      const { rowsSql } = parseCounterexample(renderCounterexample(example))
      await using database = await cluster.createDatabase()
      await using session = await database.connect()
      await session.script(readFileSync(join('fixtures/corpus', id, 'legacy.sql'), 'utf8'))
      const count = async () => Number((await session.script(finding.preflight ?? ''))[0]?.rows[0]?.[0])
      const before = await count()
      await session.script(rowsSql)
      const after = await count()
      if (before !== 0 || after < 1)
        wrong.push(`${id}: ${before} of no rows, ${after} of its own: ${finding.message}: ${finding.preflight}`)
      else if (more !== undefined) console.log(`${id}: ${after}: ${finding.preflight}`)
    }
  }
  console.log(`seed ${seed}: ${own} findings with a preflight, ${without} without`)
  expect(wrong).toEqual([])
  if (more === undefined) for (const [id, part] of Object.entries(known)) expect(found[id], id).toContain(part)
  expect(own).toBeGreaterThan(0)
})
