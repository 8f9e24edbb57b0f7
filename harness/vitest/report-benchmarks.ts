import { join, resolve } from 'node:path'
import type { Source } from '../formats/index.ts'
import { readSources } from '../history/index.ts'
import type { Claim } from '../migration/index.ts'
import { readResult, readResults, reportFolders, type WrittenReports, writeReports } from '../report/index.ts'
import { declaredClaims, judgeRun, type MigrationResult, type VerifyResult, withClaims } from '../result/index.ts'
import type { BenchmarkRecord } from './spec-record.ts'
import { unverifiedMigration, unverifiedRun } from './unverified.ts'

/** A migration as it is on disk now. */
interface Current {
  readonly name: string
  readonly path: string
  readonly digest: string
  readonly claims: readonly Claim[]
}

/**
 * Judge the claims that rest on benchmarks, and write the reports. What a run saved there of the same files is kept; a migration of which nothing is
 * saved, or of which the files changed since, is shown as not verified.
 */
export async function reportBenchmarks(
  directory: string,
  records: readonly BenchmarkRecord[],
): Promise<{ readonly result: VerifyResult; readonly written: WrittenReports }> {
  const saved = (await readResult(directory).catch(() => undefined))?.result
  const known = await savedMigrations(directory)
  const before = saved?.migrations ?? []
  const migrations = [...before]
  const measured = new Set<MigrationResult>()
  for (const path of new Set(records.map((each) => each.path))) {
    const benchmarks = records.filter((each) => each.path === path).flatMap(({ outcomes }) => outcomes)
    for (const current of (await readSources([path], {})).flatMap(stepsOf)) {
      if (!current.claims.some(restsOnBenchmark)) continue
      const isSame = (each: MigrationResult) => each.name === current.name && resolve(each.path) === resolve(current.path)
      const at = migrations.findIndex(isSame)
      const earlier = [...migrations, ...known].find((each) => isSame(each) && each.digest === current.digest && each.claims !== undefined)
      const judged = withClaims(earlier ?? notVerified(current), { benchmarks })
      migrations.splice(at < 0 ? migrations.length : at, at < 0 ? 0 : 1, judged)
      measured.add(judged)
    }
  }
  const result = saved === undefined ? unverifiedRun(migrations) : judgeRun(saved, migrations)
  const runs = new Map<MigrationResult, VerifyResult>()
  for (const [migration, name] of reportFolders(migrations)) {
    const own = await readResult(join(directory, name)).catch(() => undefined)
    runs.set(migration, own?.result ?? result)
  }
  const written = await writeReports(result, { directory, counterexamples: new Map(), runOf: (migration) => runs.get(migration) ?? result })
  return { result: { ...result, migrations: migrations.filter((each) => measured.has(each)) }, written }
}

/** The migrations of the last run, then those of earlier runs that have a folder. */
export async function savedMigrations(directory: string): Promise<readonly MigrationResult[]> {
  const saved = await readResults(directory).catch(() => [])
  return saved.flatMap(({ result }) => result.migrations)
}

function restsOnBenchmark({ restsOn = [] }: Claim): boolean {
  return restsOn.some((each) => 'benchmark' in each)
}

function stepsOf(source: Source): readonly Current[] {
  if (source.kind === 'history')
    return source.history.steps.map(({ name, digest, contract }) => ({
      name,
      path: source.history.path,
      digest,
      claims: contract.claims ?? [],
    }))
  if (source.kind === 'command') return []
  return source.migrations.map(({ migration: { name, digest, contract }, path }) => ({ name, path, digest, claims: contract.claims ?? [] }))
}

function notVerified({ name, path, digest, claims }: Current): MigrationResult {
  return unverifiedMigration(path, 'a benchmark measures, and verifies nothing', {
    name,
    digest,
    claims: declaredClaims(claims),
  })
}
