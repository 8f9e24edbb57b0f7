import { join } from 'node:path'
import type { Reporter, SerializedError, TestModule, TestRunEndReason, Vitest } from 'vitest/node'
import { claimLines, decisionOf, writeReports } from '../report/index.ts'
import type { ClaimResult, MigrationResult, SourceResult, VerifyResult } from '../result/index.ts'
import { keepMeasured, mergeResults, withClaims } from '../result/index.ts'
import { claimsOfRun } from './claims-of-run.ts'
import { reportBenchmarks, savedMigrations } from './report-benchmarks.ts'
import { outcomesOf } from './spec-outcomes.ts'
import type { BenchmarkRecord, SpecRecord } from './spec-record.ts'
import { unverifiedMigration, unverifiedRun } from './unverified.ts'

export interface GodwitReporterOptions {
  /** Where reports go. Default `reports`. */
  readonly directory?: string | undefined
}

/**
 * Vitest's reporter for specs with `describeMigration`: `reporters: ['default', 'godwit/reporter']`.
 *
 * At the end of the run it writes the reports that `godwit verify` writes, of all migrations together, with the claims that tests show or refute.
 * It reads nothing before the end, so that shards merged with `--merge-reports` give the same reports as one run. Without such specs it writes
 * nothing. After `vitest bench` (`benchmark.reporters`) it writes the reports of the migrations that `benchmarkClaims` measured.
 */
export default class GodwitReporter implements Reporter {
  readonly #directory: string
  #vitest: Vitest | undefined

  constructor({ directory = 'reports' }: GodwitReporterOptions = {}) {
    this.#directory = directory
  }

  onInit(vitest: Vitest): void {
    this.#vitest = vitest
  }

  async onTestRunEnd(modules: readonly TestModule[], _unhandled: readonly SerializedError[], reason: TestRunEndReason): Promise<void> {
    const benchmarks = modules.flatMap(benchmarksOf)
    if (benchmarks.length > 0) {
      const { result, written } = await reportBenchmarks(this.#directory, benchmarks)
      this.#log(result, written.index)
    }
    const files = modules.map((module) => ({ module, runs: recordsOf(module).map((record) => inDirectory(record, this.#directory)) }))
    const runs = files.flatMap((file) => file.runs)
    if (runs.length === 0) return
    const saved = await savedMigrations(this.#directory)
    const outcomes = files.map(({ module, runs: own }) => ({
      file: module.relativeModuleId,
      migrations: own.flatMap(({ result }) => result.migrations),
      outcomes: outcomesOf(module),
    }))
    const { claims, homeless } = claimsOfRun(outcomes)
    const whole = runs.map((run) => ({
      ...run,
      result: {
        ...run.result,
        migrations: run.result.migrations.map((migration) => withMeasured(migration, claims.get(migration), saved)),
      },
    }))
    const merged = mergeResults(whole.map((run) => run.result))
    const notes = [
      ...modules.flatMap(unloaded),
      ...homeless.map(({ file, id }) => noteOn(file, `the claim ${id} is of no migration: declare it in a contract`)),
      ...(reason === 'interrupted' ? [interrupted] : []),
    ]
    const result: VerifyResult = {
      ...merged,
      verdict: reason === 'interrupted' && merged.verdict === 'holds' ? 'unknown' : merged.verdict,
      sources: [...merged.sources, ...notes],
    }
    const runOf = new Map(whole.flatMap((run) => run.result.migrations.map((migration) => [migration, run.result] as const)))
    const { index } = await writeReports(result, {
      directory: this.#directory,
      counterexamples: new Map(runs.flatMap((run) => run.counterexamples)),
      runOf: (migration) => runOf.get(migration) ?? result,
    })
    this.#log(result, index)
  }

  #log(result: VerifyResult, index: string): void {
    const claims = result.migrations.flatMap((migration) => claimLines(migration).map((line) => `  ${migration.name}  ${line}`))
    const lines = [`godwit: ${decisionOf(result).sentence}`, ...claims, `  report  ${index}`]
    this.#vitest?.logger.log(lines.join('\n'))
  }
}

function recordsOf(module: TestModule): readonly SpecRecord[] {
  return [...module.children.allSuites()].flatMap((suite) => suite.meta().godwit ?? [])
}

function benchmarksOf(module: TestModule): readonly BenchmarkRecord[] {
  return [...module.children.allTests()].flatMap((each) => each.meta().godwitBenchmark ?? [])
}

/** A migration with its judged claims, and with what an earlier run of `vitest bench` measured on the same files. */
function withMeasured(
  migration: MigrationResult,
  claims: readonly ClaimResult[] | undefined,
  saved: readonly MigrationResult[],
): MigrationResult {
  if (claims === undefined) return migration
  const earlier = saved.find((each) => each.name === migration.name && each.path === migration.path && each.digest === migration.digest)
  return { ...migration, claims: keepMeasured(claims, earlier?.claims ?? []) }
}

interface RecordedRun {
  readonly result: VerifyResult
  readonly counterexamples: SpecRecord['counterexamples']
}

/** The paths of counterexamples as they will be: a spec does not know where the reporter writes. */
function inDirectory(record: SpecRecord, directory: string): RecordedRun {
  const result = record.result ?? unverified(record)
  const from = `${record.reportDirectory}/`
  const moved = (path: string) => (path.startsWith(from) ? join(directory, path.slice(from.length)) : path)
  return {
    result: {
      ...result,
      migrations: result.migrations.map((migration) =>
        withClaims({
          ...migration,
          findings: migration.findings.map((finding) => ({
            ...finding,
            counterexample: finding.counterexample === null ? null : moved(finding.counterexample),
          })),
        }),
      ),
    },
    counterexamples: record.counterexamples.map(([path, text]) => [moved(path), text]),
  }
}

/** What a spec could not verify is unknown, never left out. */
function unverified({ path, error }: SpecRecord): VerifyResult {
  return unverifiedRun([unverifiedMigration(path, `it could not be verified: ${error ?? 'no reason was given'}`)])
}

/** A spec file that cannot be loaded may have had migrations in it. */
function unloaded(module: TestModule): readonly SourceResult[] {
  return module.errors().map(({ message }) => noteOn(module.relativeModuleId, `the spec file could not be loaded: ${message}`))
}

const interrupted = noteOn('vitest', 'the run was interrupted: not every migration may have been verified')

function noteOn(path: string, note: string): SourceResult {
  return { path, format: 'spec', steps: 0, verified: 0, cached: 0, brokenAt: null, endToEnd: null, notes: [note] }
}
