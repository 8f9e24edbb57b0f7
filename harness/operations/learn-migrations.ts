import { verify } from '../history/index.ts'
import { reportFolders } from '../report/index.ts'
import type { MigrationResult, VerifyResult } from '../result/index.ts'
import type { LearnedMigration, VerifyHooks, VerifyOptions } from '../verify/index.ts'

/** One verified migration with what was learned of it. */
export interface VerifiedLearned {
  readonly result: MigrationResult
  /** Name of its folder below the reports. */
  readonly folder: string
  /** Undefined where nothing was learned. */
  readonly learned: LearnedMigration | undefined
}

/**
 * Verify migrations on generated rows and keep what was learned of each.
 *
 * @param accept  Lays what is accepted (waivers, a baseline) over the result.
 * @throws {InputError} For bad input, as `verify` does.
 * @throws {EnvironmentError} When no cluster can be had.
 */
export async function learnMigrations(
  paths: readonly string[],
  options: VerifyOptions,
  hooks: VerifyHooks = {},
  accept: (result: VerifyResult) => VerifyResult = (result) => result,
): Promise<readonly VerifiedLearned[]> {
  const learned = new Map<string, LearnedMigration>()
  const keyOf = (path: string, name: string) => JSON.stringify([path, name])
  const { result } = await verify(
    paths,
    // A verdict from the cache does not know the lineage.
    { ...options, cacheDirectory: undefined },
    { ...hooks, onLearned: (each) => void learned.set(keyOf(each.path, each.subject.migration.name), each) },
  )
  return [...reportFolders(accept(result).migrations)].map(([migration, folder]) => ({
    result: migration,
    folder,
    learned: learned.get(keyOf(migration.path, migration.name)),
  }))
}
