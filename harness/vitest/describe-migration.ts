import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { invariantIds } from '../invariant/index.ts'
import { readSources, type Verified, type VerifyOptions, verifyOn } from '../verify/index.ts'
import { useCluster } from './cluster.ts'

/**
 * Verify the migrations at a path on the cluster that all specs of this run share.
 *
 * @throws {InputError} For bad input, as `verify` does.
 */
export async function verifyShared(path: string, options: VerifyOptions = {}): Promise<Verified> {
  const read = await readSources([path], options)
  return verifyOn(await useCluster(), read, options, {})
}

/**
 * A suite for one migration: a test for each invariant, which fails with the findings when it is violated and with the reason when it
 * cannot be judged; an invariant that does not apply is skipped with why.
 *
 * @param path  Folder of the migration, from the working directory.
 */
export function describeMigration(path: string, options: VerifyOptions = {}): void {
  describe(path, () => {
    let verified: Verified | undefined
    beforeAll(async () => {
      verified = await verifyShared(path, options)
    }, 120_000)
    afterAll(() => {
      verified = undefined
    })
    for (const id of invariantIds) {
      test(`${id} holds`, ({ skip }) => {
        const migration = verified?.result.migrations[0]
        const found = migration?.invariants.find((each) => each.id === id)
        if (found?.verdict === 'not-applicable') skip(found.because)
        const findings = migration?.findings
          .filter((each) => each.invariant === id && each.severity === 'error' && each.waived === null)
          .map((each) => `${each.kind}: ${each.message}`)
        expect(
          { verdict: found?.verdict, because: found?.because, findings },
          `seed ${verified?.result.seed}: npx godwit verify ${path} --seed ${verified?.result.seed}`,
        ).toEqual({ verdict: 'holds', because: '', findings: [] })
      })
    }
  })
}
