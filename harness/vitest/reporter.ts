import { basename, join } from 'node:path'
import type { Reporter, SerializedError, TestModule, TestRunEndReason, Vitest } from 'vitest/node'
import { decisionOf, writeReports } from '../report/index.ts'
import type { MigrationResult, SourceResult, VerifyResult } from '../result/index.ts'
import { mergeResults } from '../result/index.ts'
import type { SpecRecord } from './spec-record.ts'

export interface GodwitReporterOptions {
  /** Where reports go. Default `reports`. */
  readonly directory?: string | undefined
}

/**
 * Vitest's reporter for specs with `describeMigration`: `reporters: ['default', 'godwit/reporter']`.
 *
 * At the end of the run it writes the reports that `godwit verify` writes, of all migrations together. It reads nothing before the end, so
 * that shards merged with `--merge-reports` give the same reports as one run. Without such specs it writes nothing.
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
    const records = modules.flatMap((module) => [...module.children.allSuites()].flatMap((suite) => suite.meta().godwit ?? []))
    if (records.length === 0) return
    const runs = records.map((record) => inDirectory(record, this.#directory))
    const merged = mergeResults(runs.map((run) => run.result))
    const notes = [...modules.flatMap(unloaded), ...(reason === 'interrupted' ? [interrupted] : [])]
    const result: VerifyResult = {
      ...merged,
      verdict: reason === 'interrupted' && merged.verdict === 'holds' ? 'unknown' : merged.verdict,
      sources: [...merged.sources, ...notes],
    }
    const runOf = new Map(runs.flatMap((run) => run.result.migrations.map((migration) => [migration, run.result] as const)))
    const { index } = await writeReports(result, {
      directory: this.#directory,
      counterexamples: new Map(runs.flatMap((run) => run.counterexamples)),
      runOf: (migration) => runOf.get(migration) ?? result,
    })
    this.#vitest?.logger.log(`godwit: ${decisionOf(result).sentence}\n  report  ${index}`)
  }
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
      migrations: result.migrations.map((migration) => ({
        ...migration,
        findings: migration.findings.map((finding) => ({
          ...finding,
          counterexample: finding.counterexample === null ? null : moved(finding.counterexample),
        })),
      })),
    },
    counterexamples: record.counterexamples.map(([path, text]) => [moved(path), text]),
  }
}

/** What a spec could not verify is unknown, never left out. */
function unverified({ path, error }: SpecRecord): VerifyResult {
  const migration: MigrationResult = {
    name: basename(path),
    path,
    digest: '',
    cached: false,
    verdict: 'unknown',
    runs: 0,
    rung: 'transaction',
    rungBecause: '',
    runAs: '',
    invariants: [],
    findings: [],
    lineage: [],
    notChecked: [`it could not be verified: ${error ?? 'no reason was given'}`],
    disagreements: [],
    timings: {},
  }
  return {
    version: 1,
    verdict: 'unknown',
    warnings: 0,
    postgres: { version: '', assumed: false, from: 'embedded' },
    seed: '',
    durationMs: 0,
    timings: {},
    digest: { files: '', config: '', rules: '', server: '' },
    sources: [],
    migrations: [migration],
  }
}

/** A spec file that cannot be loaded may have had migrations in it. */
function unloaded(module: TestModule): readonly SourceResult[] {
  return module.errors().map(({ message }) => noteOn(module.relativeModuleId, `the spec file could not be loaded: ${message}`))
}

const interrupted = noteOn('vitest', 'the run was interrupted: not every migration may have been verified')

function noteOn(path: string, note: string): SourceResult {
  return { path, format: 'spec', steps: 0, verified: 0, cached: 0, brokenAt: null, endToEnd: null, notes: [note] }
}
