import { readdir } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import { isPair, type Migration, readPair } from '../migration/index.ts'
import { type Cluster, parseClusterRequest, startCluster } from '../postgres/index.ts'
import type { Counterexample } from './counterexample.ts'
import { rulesVersion, type VerifyHooks, type VerifyOptions } from './options.ts'
import type { Outcome, VerifyResult } from './result.ts'
import { configDigest, seedText, sha256 } from './seed.ts'
import { stopwatch } from './stopwatch.ts'
import { verifyMigration } from './verify-migration.ts'

export interface Verified {
  readonly result: VerifyResult
  /** By path, as it stands in the finding. */
  readonly counterexamples: ReadonlyMap<string, Counterexample>
}

/**
 * Verify migrations: read them, get a cluster, and judge one after the other.
 *
 * @param paths  Folders of migrations in a format that is known; at least one.
 * @throws {InputError} For bad input: nothing there, SQL that does not parse, a legacy schema that fails.
 * @throws {EnvironmentError} When no cluster can be had.
 */
export async function verify(paths: readonly string[], options: VerifyOptions = {}, hooks: VerifyHooks = {}): Promise<Verified> {
  const started = performance.now()
  const clock = stopwatch()
  const request = parseClusterRequest(options.postgres)
  const read = await clock.time('read', () => readMigrations(paths, options))
  hooks.onProgress?.({ migration: read[0]?.migration.name ?? '', stage: 'cluster' })
  await using cluster = await clock.time('cluster', () => startCluster(request, hooks.signal === undefined ? {} : { signal: hooks.signal }))
  const verified = await verifyOn(cluster, read, options, hooks)
  const durationMs = Math.round(performance.now() - started)
  return {
    ...verified,
    result: {
      ...verified.result,
      postgres: { ...verified.result.postgres, assumed: options.postgres === undefined },
      durationMs,
      timings: { ...clock.timings(), ...verified.result.timings },
    },
  }
}

/** The same on a cluster that runs already. */
export async function verifyOn(
  cluster: Cluster,
  read: readonly ReadMigration[],
  options: VerifyOptions,
  hooks: VerifyHooks,
): Promise<Verified> {
  const started = performance.now()
  const seed = seedText(
    options,
    read.map(({ migration }) => migration.digest),
  )
  const migrations: VerifyResult['migrations'][number][] = []
  const counterexamples = new Map<string, Counterexample>()
  const timings: Record<string, number> = {}
  for (const { migration, path } of read) {
    const verified = await verifyMigration(migration, { cluster, options, seed, hooks, path })
    migrations.push(verified.result)
    for (const [file, example] of verified.counterexamples) counterexamples.set(file, example)
    for (const [stage, ms] of Object.entries(verified.result.timings)) timings[stage] = (timings[stage] ?? 0) + ms
  }
  const result: VerifyResult = {
    version: 1,
    verdict: gravestOf(migrations.map((each) => each.verdict)),
    warnings: migrations.flatMap((each) => each.findings).filter((each) => each.severity === 'warning' && each.waived === null).length,
    postgres: { version: cluster.version.text, assumed: false, from: cluster.kind },
    seed,
    durationMs: Math.round(performance.now() - started),
    timings,
    digest: {
      files: sha256(read.map(({ migration }) => migration.digest).join('\n')),
      config: configDigest(options),
      rules: rulesVersion,
      server: cluster.version.text,
    },
    sources: [],
    migrations,
  }
  return { result, counterexamples }
}

export interface ReadMigration {
  readonly migration: Migration
  /** As the caller named it. */
  readonly path: string
}

/** @throws {InputError} When a path holds no migration, or `only` leaves none. */
export async function readMigrations(
  paths: readonly string[],
  options: Pick<VerifyOptions, 'only' | 'format'>,
): Promise<readonly ReadMigration[]> {
  if (paths.length === 0) throw new InputError('no migration is named', { hint: 'Name a folder: godwit verify migrations/my-step' })
  if (options.format !== undefined && options.format !== 'auto' && options.format !== 'pair')
    throw new InputError(`unknown format "${options.format}"`, { hint: 'Known formats: auto, pair.' })
  const read: ReadMigration[] = []
  for (const path of paths) read.push(...(await readPath(path)))
  const { only } = options
  if (only === undefined || only.length === 0) return read
  const missing = only.filter((name) => !read.some(({ migration }) => migration.name === name))
  if (missing.length > 0)
    throw new InputError(`no migration is named "${missing.join('", "')}"`, {
      detail: `There are: ${read.map(({ migration }) => migration.name).join(', ')}.`,
    })
  return read.filter(({ migration }) => only.includes(migration.name))
}

/** A pair, or a folder of pairs. */
async function readPath(path: string): Promise<readonly ReadMigration[]> {
  if (!isPair(path)) {
    const inside = await pairsIn(path)
    if (inside.length > 0) return Promise.all(inside.map(async (each) => ({ migration: await readPair(each), path: each })))
  }
  return [{ migration: await readPair(path), path }]
}

async function pairsIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${path.replace(/\/+$/, '')}/${entry.name}`)
    .filter(isPair)
    .sort()
}

function gravestOf(verdicts: readonly Outcome[]): Outcome {
  if (verdicts.includes('violated')) return 'violated'
  return verdicts.length === 0 || verdicts.includes('unknown') ? 'unknown' : 'holds'
}
