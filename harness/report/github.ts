import { appendFile, stat } from 'node:fs/promises'
import type { VerifyResult } from '../result/index.ts'
import { renderAnnotations } from './annotations.ts'
import { renderRunSummary, stepSummaryLimit } from './run-summary.ts'
import type { SourceFiles } from './source-files.ts'

/** What GitHub Actions tells a step, and where the step may write. */
export interface StepEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>
  /** Standard error: the runner reads commands from there too, and standard output may be the result for a program. */
  readonly write: (text: string) => void
}

/**
 * Show a result where GitHub Actions shows it: annotations at the lines of a pull request, and the summary of the step.
 *
 * It does nothing elsewhere, and never fails: a verdict does not depend on how it is shown.
 */
export async function showOnGitHub(result: VerifyResult, files: SourceFiles, { variables, write }: StepEnvironment): Promise<void> {
  if (variables.GITHUB_ACTIONS === 'true') write(renderAnnotations(result, files))
  const path = variables.GITHUB_STEP_SUMMARY ?? ''
  if (path === '') return
  try {
    // Over the limit GitHub drops all of it, so what other parts of the step wrote counts too.
    const taken = await stat(path)
      .then(({ size }) => size)
      .catch(() => 0)
    const limit = stepSummaryLimit.limit - taken
    if (limit < 5_000) return
    await appendFile(path, `${renderRunSummary(result, { ...stepSummaryLimit, limit: limit - 1, comment: true })}\n`)
  } catch (error) {
    write(`godwit: the step summary cannot be written: ${error instanceof Error ? error.message : String(error)}\n`)
  }
}
