import { describe, expect, test } from 'vitest'
import { readPair } from '../../../harness/formats/index.ts'
import { onPairBase } from '../../../harness/run/base.ts'
import { fullDepth } from '../../../harness/run/depth.ts'
import { inOrder } from '../../../harness/run/in-order.ts'
import { verifyMigration } from '../../../harness/verify/verify-migration.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

/** All that a verification says, apart from how long it took, with one run at a time or two. */
async function verified(folder: string, lanes: 1 | 2) {
  const cluster = await useCluster()
  return await onPairBase(cluster, await readPair(folder), {}, async (base, migration) => {
    const own = lanes === 1 ? { ...base, twin: undefined } : base
    const context = { options: {}, seed: 'lanes', hooks: {}, path: folder, depth: () => fullDepth(40) }
    const { result, counterexamples } = await verifyMigration(migration, own, context)
    return { ...result, timings: {}, counterexamples: [...counterexamples] }
  })
}

describe('several runs at a time', () => {
  test.each([
    'fixtures/corpus/g07-explicit-cast-truncates',
    'fixtures/corpus/f03-down-casts-default',
    'fixtures/corpus/a08-enum-value-removed',
    'fixtures/corpus/a05-truncate-cascade',
  ])(
    'tell of %s what one after the other tell',
    async (folder) => {
      const alone = await verified(folder, 1)
      expect(alone.findings.length).toBeGreaterThan(0)
      expect(await verified(folder, 2)).toEqual(alone)
    },
    60_000,
  )

  test('give their results in order, whichever is ready first, and no more of them are under way than was asked', async () => {
    const [resolvers, begun]: [(() => void)[], number[]] = [[], []]
    const results = inOrder([0, 1, 2, 3], 2, (each) => {
      begun.push(each)
      return new Promise<number>((resolve) => {
        resolvers[each] = () => resolve(each)
      })
    })
    const first = results.next()
    expect(begun).toEqual([0, 1])
    resolvers[1]?.()
    resolvers[0]?.()
    expect((await first).value).toBe(0)
    expect(begun).toEqual([0, 1, 2])
    expect((await results.next()).value).toBe(1)
    resolvers[3]?.()
    resolvers[2]?.()
    expect([(await results.next()).value, (await results.next()).value, (await results.next()).done]).toEqual([2, 3, true])
  })

  test('who stops early waits for what is under way; what fails there is nobody’s', async () => {
    const ended: number[] = []
    const work = async (each: number) => {
      for (let turn = 0; turn < each * 5; turn++) await new Promise((resolve) => setImmediate(resolve))
      ended.push(each)
      if (each === 1) throw new Error('dropped')
      return each
    }
    for await (const each of inOrder([0, 1, 2, 3], 2, work)) {
      expect(each).toBe(0)
      break
    }
    expect(ended).toEqual([0, 1, 2])
    await expect(async () => {
      for await (const _ of inOrder([0, 1], 1, work));
    }).rejects.toThrow('dropped')
  })
})
