import { partsOf } from './folder.ts'
import type { History } from './history.ts'

/** What could be a migration and was not taken as one; prose, locks and a project's other files are not worth a word. */
export function ignoredFiles(names: Iterable<string>, because: string): History['ignored'] {
  return [...names].filter(couldBeMigration).map((file) => ({ file, because }))
}

export function couldBeMigration(name: string): boolean {
  const { base } = partsOf(name)
  if (base.startsWith('.') || /\.(d|contract|spec|test)\.[cm]?ts$/.test(base) || /^contract\.ts$/.test(base)) return false
  return /\.(sql|psql|pgsql|ddl)(\.\w+)?$/i.test(base) || isNumberedProgram(base)
}

/** A program between SQL steps: known by the number in front. */
export function isNumberedProgram(base: string): boolean {
  return (
    /^[VURB]?\d+.*\.([cm]?[jt]s|py|rb|go|php|java|kt|sh|exs)$/i.test(base) && !/\.(d|contract|spec|test)\.[cm]?ts$|_test\.go$/.test(base)
  )
}
