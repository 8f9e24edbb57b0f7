import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fireInputs } from '../../scripts/under-fire/inputs.ts'
import { fireKills } from '../../scripts/under-fire/kills.ts'
import { fireNeighbours } from '../../scripts/under-fire/neighbours.ts'
import { fireParallel } from '../../scripts/under-fire/parallel.ts'

// A sample; `npm run fire` does the same as often as it is told.
const seed = fc.readConfigureGlobal().seed ?? 0

describe(`under fire, from seed ${seed}`, () => {
  test('hostile inputs get a documented exit code, one message, and stay text in what is written', async () => {
    expect(await fireInputs({ times: 30, seed })).toEqual([])
  })

  // /proc tells what is left.
  test.skipIf(process.platform !== 'linux')('commands that are killed leave nothing after the next start', async () => {
    expect(await fireKills({ times: 2, seed })).toEqual([])
  })

  test.skipIf(process.platform !== 'linux')('other databases of a server stay as they are', async () => {
    expect(await fireNeighbours({ times: 1, seed })).toEqual([])
  })

  test.skipIf(process.platform !== 'linux')('runs beside each other at low limits end with their verdicts', async () => {
    expect(await fireParallel({ times: 3, seed }, 3)).toEqual([])
  })
})
