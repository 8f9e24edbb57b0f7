import { expect, test } from 'vitest'
import { datasetArbitrary, sampleDatasets, seedDataset } from '../../../harness/data/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'
import { enclose } from './zoo-plan.ts'

test.each(['octet_length(hash) = 32', 'length(hash) = 20', 'octet_length(hash) BETWEEN 16 AND 17'])(
  'bytes are made as long as a check wants them: %s',
  async (check) => {
    await using enclosure = await enclose(
      await useCluster(),
      `CREATE TABLE public.t (id int PRIMARY KEY, hash bytea NOT NULL UNIQUE CHECK (${check}))`,
    )
    const { session, plan } = enclosure
    const [dataset] = sampleDatasets(datasetArbitrary(plan, { rows: { min: 8, max: 8 } }), 1, 1)
    if (dataset === undefined) throw new Error('no data set')
    expect(await seedDataset(session, plan, dataset)).toMatchObject({ filled: [{ rows: 8 }], dropped: [], unfilled: [] })
  },
)
