import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fireInputs } from '../../scripts/under-fire/inputs.ts'

// A sample; `npm run fire` does the same as often as it is told.
const seed = fc.readConfigureGlobal().seed ?? 0

describe('under fire', () => {
  test(`hostile inputs, from seed ${seed}`, async () => {
    expect(await fireInputs({ times: 60, seed })).toEqual([])
  })
})
