import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readSources, type Verified, verifyOn } from '../history/index.ts'
import { withOwn } from '../invariants/index.ts'
import { renderCounterexample, shortfallSentence } from '../report/index.ts'
import { acceptFindings, type FindingWaiver, fallsShort, type MigrationResult, todayUtc } from '../result/index.ts'
import type { VerifyOptions } from '../verify/index.ts'
import { useCluster } from './cluster.ts'
import { plainJson, type SpecRecord } from './spec-record.ts'

/**
 * Verify the migrations at a path on the cluster that all specs of this run share.
 *
 * @throws {InputError} For bad input, as `verify` does.
 */
export async function verifyShared(path: string, options: VerifyOptions = {}): Promise<Verified> {
  const read = await readSources([path], options)
  return verifyOn(await useCluster(), read, options, {})
}

export interface SuiteOptions extends VerifyOptions {
  /** Findings that are accepted, by whom, why and until when; those of a contract need not be named again. */
  readonly waivers?: readonly FindingWaiver[] | undefined
}

/**
 * A suite for one migration: a test for each invariant, ours and those in `invariants`, which fails with the findings when it is violated and with the reason when it
 * cannot be judged; an invariant that does not apply is skipped with why. Of a history each test speaks for all steps.
 *
 * `godwit/reporter` writes the reports of all such suites of a run.
 *
 * @param path  Folder of the migration, from the working directory.
 * @throws {InputError} Where an invariant of the caller's own is not what `defineInvariant` takes.
 */
export function describeMigration(path: string, { waivers = [], ...options }: SuiteOptions = {}): void {
  describe(path, () => {
    let verified: Verified | undefined
    // biome-ignore lint/correctness/noEmptyPattern: Vitest reads from the pattern which fixtures to make, and refuses a plain name.
    beforeAll(async ({}, suite) => {
      const nothing = { path, result: null, error: null, reportDirectory: options.reportDirectory ?? 'reports', counterexamples: [] }
      try {
        const found = await verifyShared(path, options)
        verified = {
          ...found,
          result: acceptFindings(found.result, { waivers: [...waivers, ...found.waivers], failOn: options.failOn, today: todayUtc() })
            .result,
        }
        suite.meta.godwit = recordOf(nothing, verified)
      } catch (error) {
        suite.meta.godwit = { ...nothing, error: error instanceof Error ? error.message : String(error) }
        throw error
      }
    }, 120_000)
    afterAll(() => {
      verified = undefined
    })
    for (const { id } of withOwn(options.invariants)) {
      test(`${id} holds`, ({ skip }) => {
        const judged = (verified?.result.migrations ?? []).flatMap(({ name, findings, invariants }) =>
          invariants.filter((each) => each.id === id).map((each) => ({ name, findings, ...each })),
        )
        const [first] = judged
        if (first !== undefined && judged.every((each) => each.verdict === 'not-applicable')) skip(first.because)
        const wrong = judged
          .filter((each) => each.verdict !== 'holds' && each.verdict !== 'not-applicable')
          .map(({ name, verdict, because, findings }) => ({
            migration: name,
            verdict,
            because,
            findings: findings
              .filter((each) => each.invariant === id && each.severity !== 'info' && each.waived === null)
              .map((each) => `${each.severity}, ${each.kind}: ${each.message}`),
          }))
        const replay = `seed ${verified?.result.seed}: npx godwit verify ${path} --seed ${verified?.result.seed}`
        expect({ judged: judged.length > 0, wrong }, replay).toEqual({ judged: true, wrong: [] })
      })
    }
    if (options.minCoverage !== undefined)
      test(`generated rows reach ${options.minCoverage} % of the targets`, () => {
        const short = (verified?.result.migrations ?? []).filter(({ coverage }) => fallsShort(coverage)).map(verdictShortfall)
        expect(short).toEqual([])
      })
  })
}

function verdictShortfall({ name, coverage }: MigrationResult): string {
  return coverage === undefined ? name : `${name}: ${shortfallSentence(coverage)}`
}

function recordOf(nothing: SpecRecord, { result, counterexamples }: Verified): SpecRecord {
  const files = [...counterexamples].map(([file, example]) => [file, renderCounterexample(example)] as const)
  return plainJson({ ...nothing, result, counterexamples: files })
}
