import { createHash } from 'node:crypto'
import { coverageOfAll } from './coverage-total.ts'
import type { OwnInvariant, ResultDigest, VerifyResult } from './result.ts'
import { gravest } from './verdict.ts'

/**
 * Unite the results of several runs (the specs of one Vitest run, the shards of one CI job) as if they were one.
 *
 * Migrations and sources are ordered by path and name, so that neither the order nor the grouping of the runs shows. What differs between the
 * runs (a seed, a server) is named with all its values; durations are added up. What has a shard in it is not the whole.
 *
 * @param results  At least one.
 */
export function mergeResults(results: readonly VerifyResult[]): VerifyResult {
  const migrations = results.flatMap((result) => result.migrations).toSorted((a, b) => compare([a.path, a.name], [b.path, b.name]))
  const versions = distinct(results.map((result) => result.postgres.version))
  const since = oneOf(results.map((result) => result.since ?? ''))
  const own = ownOf(results)
  const shard = results.find((result) => result.shard !== undefined)?.shard
  const froms = new Set(results.map((result) => result.postgres.from))
  return {
    version: 1,
    verdict: gravest(results.map((result) => result.verdict)),
    warnings: results.reduce((sum, result) => sum + result.warnings, 0),
    postgres: {
      version: versions.join(', '),
      assumed: results.some((result) => result.postgres.assumed),
      from: [...froms].toSorted()[0] ?? 'embedded',
    },
    seed: oneOf(results.map((result) => result.seed)) ?? 'one for each migration',
    durationMs: results.reduce((sum, result) => sum + result.durationMs, 0),
    timings: addTimings(results.map((result) => result.timings)),
    digest: {
      files: digestOf(results, 'files'),
      config: digestOf(results, 'config'),
      rules: distinct(results.map((result) => result.digest.rules)).join(', '),
      server: distinct(results.map((result) => result.digest.server)).join(', '),
    },
    ...(since === undefined || since === '' || results.some((result) => result.since === undefined) ? {} : { since }),
    ...(shard === undefined ? {} : { shard }),
    sources: results.flatMap((result) => result.sources).toSorted((a, b) => compare([a.path, a.format], [b.path, b.format])),
    migrations,
    coverage: coverageOfAll(migrations),
    ...(own.length === 0 ? {} : { ownInvariants: own }),
  }
}

/** Each once, by its id and its texts. */
function ownOf(results: readonly VerifyResult[]): readonly OwnInvariant[] {
  const byText = new Map(results.flatMap(({ ownInvariants = [] }) => ownInvariants.map((each) => [JSON.stringify(each), each] as const)))
  return [...byText].toSorted(([a, { id }], [b, { id: other }]) => compare([id, a], [other, b])).map(([, each]) => each)
}

function digestOf(results: readonly VerifyResult[], part: keyof ResultDigest): string {
  const digests = distinct(results.map((result) => result.digest[part]))
  return digests.length === 1 ? (digests[0] ?? '') : createHash('sha256').update(digests.join('\n')).digest('hex')
}

function addTimings(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const sums = new Map<string, number>()
  for (const timings of all) for (const [stage, ms] of Object.entries(timings)) sums.set(stage, (sums.get(stage) ?? 0) + ms)
  return Object.fromEntries([...sums].toSorted(([a], [b]) => compare([a], [b])))
}

function distinct(values: readonly string[]): readonly string[] {
  return [...new Set(values)].filter((value) => value !== '').toSorted((a, b) => compare([a], [b]))
}

function oneOf(values: readonly string[]): string | undefined {
  const [first, ...others] = distinct(values)
  return others.length === 0 ? (first ?? '') : undefined
}

/** By code units: an order that no locale changes. */
function compare(a: readonly string[], b: readonly string[]): number {
  const [left, right] = [a.join('\u0000'), b.join('\u0000')]
  return left < right ? -1 : left > right ? 1 : 0
}
