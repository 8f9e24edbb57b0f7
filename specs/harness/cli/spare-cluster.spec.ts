import { existsSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { SpareCluster } from '../../../harness/cli/spare-cluster.ts'

describe('a spare cluster', { timeout: 60_000 }, () => {
  test('is the one that is taken, and another is started for the next; both have ended when the command ends', async () => {
    const request = { kind: 'embedded' } as const
    const hosts: string[] = []
    {
      await using spare = new SpareCluster()
      spare.prepare(request)
      spare.prepare(request)
      for (let at = 0; at < 2; at += 1) {
        await using cluster = await spare.take(request)
        hosts.push(cluster.address.host)
        expect(existsSync(cluster.address.host)).toBe(true)
      }
    }
    expect(new Set(hosts).size).toBe(2)
    expect(hosts.filter((host) => existsSync(host))).toEqual([])
  })

  test('of another kind ends before the one that was asked for starts', async () => {
    await using spare = new SpareCluster()
    spare.prepare({ kind: 'embedded', major: 16 })
    await using cluster = await spare.take({ kind: 'embedded', major: 17 })
    expect(cluster.version.major).toBe(17)
  })
})
