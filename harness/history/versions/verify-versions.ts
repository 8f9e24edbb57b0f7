import { InputError } from '../../errors.ts'
import { clusterRequests, parseClusterRequest, startCluster } from '../../postgres/index.ts'
import type { VerifyHooks, VerifyOptions } from '../../verify/index.ts'
import { assemble, type Verified } from '../assemble.ts'
import { readSources, verifyOn, verifyPart } from '../verify.ts'
import { uniteVersions, type VersionRun } from './unite-versions.ts'
import { walkSources } from './walk.ts'

/**
 * Verify migrations: read them, get a cluster, and judge one after the other; on several clusters where `options.postgres` names them.
 *
 * @param paths  Folders of migrations in a format that is known; at least one.
 * @throws {InputError} For bad input: nothing there, SQL that does not parse, a legacy schema that fails.
 * @throws {EnvironmentError} When no cluster can be had.
 */
export async function verify(paths: readonly string[], options: VerifyOptions = {}, hooks: VerifyHooks = {}): Promise<Verified> {
  if (namesSeveral(options.postgres)) return verifyVersions(paths, options, hooks)
  return assemble([await verifyPart(paths, options, hooks)])
}

/** Whether the option names several clusters. */
export function namesSeveral(postgres: string | undefined): boolean {
  return clusterRequests(postgres).length > 1
}

/**
 * Verify the same migrations on several clusters, one after the other, and compare what came of it.
 *
 * @param options.postgres  Names two clusters or more: `15,18`.
 * @throws {InputError} As `verify` does; a legacy schema that fails on one version is named with it.
 */
export async function verifyVersions(paths: readonly string[], options: VerifyOptions, hooks: VerifyHooks = {}): Promise<Verified> {
  const requests = clusterRequests(options.postgres)
  const started = performance.now()
  const runs: VersionRun[] = []
  for (const request of requests) {
    hooks.onProgress?.({ migration: '', stage: 'cluster' })
    const start = hooks.startCluster ?? startCluster
    await using cluster = await start(parseClusterRequest(request), hooks.signal === undefined ? {} : { signal: hooks.signal })
    // Read anew: a tool that runs programs is asked on each server.
    const sources = await readSources(paths, options)
    const verified = await named(request, () => verifyOn(cluster, sources, options, hooks))
    const walked = await named(request, () => walkSources(cluster, sources, options, { signal: hooks.signal }))
    const version = cluster.version.text
    runs.push({ version: runs.some((each) => each.version === version) ? `${version} (${request})` : version, verified, walked })
  }
  const { result, ...rest } = uniteVersions(runs, options.failOn)
  return { ...rest, result: { ...result, durationMs: Math.round(performance.now() - started) } }
}

async function named<Result>(request: string | undefined, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    throw new InputError(`on PostgreSQL ${request}: ${error.message}`, { detail: error.detail, hint: error.hint, cause: error })
  }
}
