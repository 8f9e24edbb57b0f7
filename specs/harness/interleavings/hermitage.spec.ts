import { exploreInterleavings, type Interleaving, type IsolationLevel } from 'godwit'
import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { hermitageTests, rows, schema, seenIn } from './hermitage.ts'

const levels: readonly IsolationLevel[] = ['read committed', 'repeatable read', 'serializable']
/** All of them are run where there are fewer, which is so for all tests but those of three sessions. */
const schedules = Number(process.env.GODWIT_SCHEDULES ?? 40)

describe("Hermitage's anomalies on PostgreSQL", () => {
  test.each(hermitageTests)('$name shows at the levels that allow it, and at no other', { timeout: 3_600_000 }, async (given) => {
    const cluster = await useCluster()
    const { sessions, shows, preventedBy, serializableAt } = given
    const found = []
    for (const isolation of levels) {
      const shared = { schema, rows, sessions, isolation, endState: 'SELECT id, value FROM test', schedules }
      let isSeen = false
      const watch = (interleaving: Interleaving) => {
        isSeen ||= shows(seenIn(interleaving))
        return undefined
      }
      const serial = await exploreInterleavings(cluster, { ...shared, judge: watch })
      // It ends at the first interleaving that no serial order explains, which need not show the anomaly.
      const judge = (interleaving: Interleaving) => (shows(seenIn(interleaving)) ? 'the anomaly is seen' : undefined)
      const anomaly = serial.outcome === 'holds' ? serial : await exploreInterleavings(cluster, { ...shared, judge, serialOrder: false })
      const prevented = anomaly.outcome === 'holds' && !(anomaly === serial && isSeen)
      found.push({ isolation, prevented, serializable: serial.outcome === 'holds' })
      if (prevented) expect(anomaly.exhaustive || anomaly.schedules === schedules).toBe(true)
    }
    expect(found).toEqual(
      levels.map((isolation) => ({
        isolation,
        prevented: preventedBy.includes(isolation),
        serializable: serializableAt.includes(isolation),
      })),
    )
  })
})
