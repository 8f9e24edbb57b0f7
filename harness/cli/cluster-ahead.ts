import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { ClusterRequest } from '../postgres/index.ts'
import type { SpareCluster } from './spare-cluster.ts'
import type { VerifyFlags } from './verify-options.ts'

/**
 * A cluster that starts while the command's own code is loaded and the migrations are read, where one will be wanted in all likelihood: an
 * embedded one, and none of the named files is as old as what the cache holds. A wrong guess costs time and nothing else: what was started
 * is stopped.
 */
export async function clusterAhead(paths: readonly string[], flags: VerifyFlags): Promise<SpareCluster> {
  const { SpareCluster } = await import('./spare-cluster.ts')
  const spare = new SpareCluster()
  const request = requestAhead(paths, flags)
  if (request !== undefined) spare.prepare(request)
  return spare
}

/**
 * The cluster that flags ask for, as far as that can be told before anything is loaded.
 *
 * @param directory  The working directory.
 * @returns undefined where it cannot be told, or where none will be wanted.
 */
export function requestAhead(
  paths: readonly string[],
  flags: Pick<VerifyFlags, 'postgres' | 'config' | 'cache'>,
  directory = process.cwd(),
): ClusterRequest | undefined {
  const wanted = flags.postgres?.trim() ?? ''
  if (process.platform === 'win32' || !/^(embedded|\d{1,2})?$/.test(wanted)) return undefined
  const places = paths.map((path) => resolve(directory, path))
  if (places.length === 0 || !places.every((place) => existsSync(place))) return undefined
  try {
    if (configurationSays(/postgres|cache/, flags.config, directory)) return undefined
    if (!isChanged(places, flags.cache, directory)) return undefined
  } catch {
    // A folder that may not be read, a link to itself: the command may never come there, and says what is wrong where it does.
    return undefined
  }
  return /^\d+$/.test(wanted) ? { kind: 'embedded', major: Number(wanted) } : { kind: 'embedded' }
}

/** Whether a configuration that may hold here has a word; which one does, only the whole command finds out. */
function configurationSays(word: RegExp, named: string | undefined, directory: string): boolean {
  const names = ['ts', 'mts', 'js', 'mjs', 'json'].map((ending) => `godwit.config.${ending}`)
  const files =
    named === undefined ? above(directory).flatMap((each) => names.map((name) => join(each, name))) : [resolve(directory, named)]
  return files.some((file) => existsSync(file) && word.test(readFileSync(file, 'utf8')))
}

function above(directory: string): readonly string[] {
  const parent = dirname(directory)
  return parent === directory ? [directory] : [directory, ...above(parent)]
}

/** Whether a named file, or one that stands up to two folders below, is newer than what the cache was given last. */
function isChanged(places: readonly string[], cache: VerifyFlags['cache'], directory: string): boolean {
  if (cache === false) return true
  if (cache !== undefined && /^s3:/.test(cache)) return false
  const folder = resolve(directory, cache ?? join('.godwit', 'cache'))
  if (!existsSync(folder)) return true
  return Math.max(...places.map((place) => newest(place, 2))) > newest(folder, 1)
}

/** The time of the newest change below a path, in milliseconds since 1970. */
function newest(path: string, depth: number): number {
  const entry = statSync(path, { throwIfNoEntry: false })
  if (entry === undefined) return 0
  if (!entry.isDirectory() || depth === 0) return entry.mtimeMs
  const within = readdirSync(path).filter((name) => name !== 'node_modules' && name !== '.git')
  return Math.max(entry.mtimeMs, ...within.map((name) => newest(join(path, name), depth - 1)))
}
