import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readSources, verifyOn } from '../../../harness/history/index.ts'
import { readSavedRows, renderCounterexample, writeReports } from '../../../harness/report/index.ts'
import type { VerifyOptions } from '../../../harness/verify/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'
import { temporaryPair } from '../temporary-pair.ts'

/** NaN has no place in a bigint, and hardly any price is NaN. */
const pair = {
  'legacy.sql': 'CREATE TABLE prices (id serial PRIMARY KEY, price numeric(10, 2))',
  'up.sql': 'ALTER TABLE prices ADD COLUMN cents bigint;\nUPDATE prices SET cents = price * 100;\nALTER TABLE prices DROP COLUMN price;\n',
}

test('what saved rows show is as grave in the next run as in the one that saved them', async () => {
  await using folder = await temporaryPair(pair)
  const reports = join(folder.path, 'reports')
  const verified = async (saved?: VerifyOptions['saved']) => {
    const { result, counterexamples } = await verifyOn(
      await useCluster(),
      await readSources([folder.path], {}),
      { runs: 20, saved, reportDirectory: reports },
      {},
    )
    const files = new Map([...counterexamples].map(([path, example]) => [path, renderCounterexample(example)]))
    await writeReports(result, { directory: reports, counterexamples: files })
    const found = result.migrations.flatMap(({ findings }) => findings.map(({ id, severity }) => `${id} ${severity}`))
    return { verdict: result.migrations.map(({ verdict }) => verdict), found: found.toSorted() }
  }
  const first = await verified()
  const saved = await readSavedRows(reports)
  expect([...saved.values()].flat().filter(({ extreme }) => extreme)).not.toEqual([])
  expect(await verified(saved)).toEqual(first)
})
