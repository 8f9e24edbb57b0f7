import { describe, expect, test } from 'vitest'
import { coverageLine } from '../../../harness/report/index.ts'
import { acceptFindings, judgeMigration, type MigrationResult } from '../../../harness/result/index.ts'
import { exampleResult } from '../result/result-arbitrary.ts'
import { verifyInline } from './verify-inline.ts'

const legacy = 'CREATE TABLE t (id int PRIMARY KEY, a int NOT NULL CHECK (a > 0), b text)'
const up = "UPDATE t SET b = 'x' WHERE a < 0 OR b IS NULL OR md5(b) = 'x';\nALTER TABLE t ALTER COLUMN b SET NOT NULL"

const states = ({ coverage }: MigrationResult) =>
  (coverage?.targets ?? []).map(({ line, text, outcome, state }) => `${line} ${text} ${outcome}: ${state}`)

describe('the result', () => {
  test('has every target, and what is left among what was not checked', async () => {
    const result = await verifyInline(legacy, up, { runs: 20 })
    expect(states(result)).toEqual([
      '1 a < 0 true: infeasible',
      '1 a < 0 false: reached',
      '1 b IS NULL true: reached',
      '1 b IS NULL false: reached',
      "1 md5(b) = 'x' true: left",
      "1 md5(b) = 'x' false: reached",
      "1 md5(b) = 'x' NULL: left",
      '1 a < 0 NULL: infeasible',
      '2 b SET NOT NULL satisfied: reached',
      '2 b SET NOT NULL violated: reached',
    ])
    expect(result.coverage).toMatchObject({ reached: 6, feasible: 8, infeasible: 2, unmeasured: 0, wanted: null })
    expect(result.notChecked.find((text) => text.includes('md5'))).toMatch(
      /^no generated row reached .*up\.sql:1: "md5\(b\) = 'x'": true, NULL$/,
    )
    expect(coverageLine(result)).toBe(
      `generated rows reached 6 of 8 outcomes of conditions (2 cannot occur; not reached: up.sql:1 "md5(b) = 'x'" true)`,
    )
  })

  test('is the same under the same seed', async () => {
    const [one, other] = [await verifyInline(legacy, up, { runs: 20, seed: 'a' }), await verifyInline(legacy, up, { runs: 20, seed: 'a' })]
    const plain = ({ coverage }: MigrationResult) => coverage?.targets.map(({ file: _, ...target }) => target)
    expect(plain(one)).toEqual(plain(other))
  })
})

describe('less than was asked for', () => {
  const with80 = (reached: number): MigrationResult | undefined => {
    const [migration] = exampleResult([{ verdict: 'holds', findings: [] }]).migrations
    const coverage = { reached, feasible: 10, infeasible: 3, unmeasured: 5, wanted: 80, targets: [] }
    return migration === undefined ? undefined : judgeMigration({ ...migration, coverage }, [], undefined)
  }

  test('makes the verdict unknown, and enough does not', () => {
    expect([with80(7)?.verdict, with80(8)?.verdict, with80(10)?.verdict]).toEqual(['unknown', 'holds', 'holds'])
  })

  test('stays unknown when waivers are laid over the result', () => {
    const result = exampleResult([{ verdict: 'holds', findings: [] }])
    const migrations = [with80(7)].flatMap((each) => each ?? [])
    const accepted = acceptFindings({ ...result, verdict: 'unknown', migrations }, { waivers: [], today: '2026-01-01' })
    expect(accepted.result.migrations[0]?.verdict).toBe('unknown')
  })

  test('is asked for by an option', async () => {
    const few = await verifyInline(legacy, up, { runs: 20, minCoverage: 100 })
    expect([few.verdict, few.coverage?.wanted]).not.toEqual(['holds', null])
    expect(few.coverage?.wanted).toBe(100)
  })
})
