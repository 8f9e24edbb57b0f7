/** The report of one migration, in a folder of its own; saved counterexamples stand in that folder too, as SQL files. */
export const reportFile = 'MIGRATION_TEST_RESULTS.md'

/** Whether a folder with these files holds a report of ours: nothing in or below it is a migration. */
export function isReportFolder(files: readonly string[]): boolean {
  return files.includes(reportFile)
}
