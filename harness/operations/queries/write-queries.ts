import { join } from 'node:path'
import { replaceFile } from '../../report/index.ts'
import type { MigrationResult } from '../../result/index.ts'
import type { LearnedMigration, VerifyHooks, VerifyOptions } from '../../verify/index.ts'
import { learnMigrations } from '../learn-migrations.ts'
import { compileQueries } from './compile-queries.ts'
import { renderAfter, renderBefore } from './render-files.ts'

/** What became of one migration. */
export interface WrittenQueries {
  readonly migration: string
  /** Paths of `before.sql` and `after.sql`; none where there is nothing to ask. */
  readonly files: readonly string[]
  /** How many questions after.sql asks. */
  readonly queries: number
  /** Why there are no files. */
  readonly because: string | undefined
  readonly notChecked: readonly string[]
}

export interface QueriesPlace {
  /** Where the reports are. */
  readonly reports: string
  /** Where the files go instead, a folder for each migration. */
  readonly out?: string | undefined
}

/**
 * Verify migrations on generated rows, and write the verification SQL that follows from what was learned.
 *
 * @throws {InputError} For bad input, as `verify` does.
 * @throws {EnvironmentError} When no cluster can be had.
 */
export async function writeQueries(
  paths: readonly string[],
  options: VerifyOptions,
  place: QueriesPlace,
  hooks: VerifyHooks = {},
): Promise<readonly WrittenQueries[]> {
  const written: WrittenQueries[] = []
  for (const { result, folder, learned } of await learnMigrations(paths, options, hooks)) {
    const directory = place.out === undefined ? join(place.reports, folder, 'queries') : join(place.out, folder)
    written.push(await writeOne(result, learned, directory))
  }
  return written
}

async function writeOne(migration: MigrationResult, learned: LearnedMigration | undefined, directory: string): Promise<WrittenQueries> {
  const none = (because: string): WrittenQueries => ({ migration: migration.name, files: [], queries: 0, because, notChecked: [] })
  if (learned?.migrated === undefined) return none('the migration fails on an empty database')
  const { legacy, knowledge, migration: read } = learned.subject
  if (knowledge.lineage === undefined && knowledge.written.size > 0) return none('the migration fails on every generated row')
  const compiled = compileQueries({ legacy, migrated: learned.migrated, knowledge }, read.contract)
  if (compiled.saved.length === 0) return none('it writes no table that was there before')
  const subject = { migration: migration.name, digest: migration.digest, preflights: preflightsOf(migration) }
  const files = [join(directory, 'before.sql'), join(directory, 'after.sql')] as const
  await replaceFile(files[0], renderBefore(compiled, subject))
  await replaceFile(files[1], renderAfter(compiled, subject))
  return {
    migration: migration.name,
    files,
    queries: compiled.queries.length + 1,
    because: undefined,
    notChecked: compiled.notChecked,
  }
}

function preflightsOf({ findings }: MigrationResult): readonly { readonly message: string; readonly sql: string }[] {
  return findings.flatMap(({ message, preflight }) => (preflight === null ? [] : [{ message, sql: preflight }]))
}
