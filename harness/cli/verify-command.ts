import { counted } from '../report/index.ts'
import type { VerifyOptions } from '../verify/index.ts'
import { exitCodeOf } from './exit-codes.ts'
import type { CommandContext, VerifyFlags } from './program.ts'
import { showProgress } from './progress.ts'
import { terminalOf } from './terminal-of.ts'

/** `godwit verify`: verify, write the reports, show the result, and exit with the verdict. */
export async function verifyCommand(paths: readonly string[], flags: VerifyFlags, context: CommandContext): Promise<void> {
  const [{ verify }, report] = await Promise.all([import('../verify/index.ts'), import('../report/index.ts')])
  await report.prepareDirectory(flags.report)
  const options: VerifyOptions = {
    ...flags,
    skipExtensions: flags.skipExtension,
    timeLimitMs: flags.timeLimit,
    reportDirectory: flags.report,
    saved: await report.readSavedRows(flags.report),
  }
  const { result, counterexamples } = await withProgress((onProgress) => verify(paths, options, { onProgress, signal: context.signal }))
  context.signal.throwIfAborted()

  const files = new Map([...counterexamples].map(([path, one]) => [path, report.renderCounterexample(one)]))
  const { reports, stale } = await report.writeReports(result, { directory: flags.report, counterexamples: files })
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(report.maskSecretsIn(result))}\n`
      : report.renderTerminal(result, { ...terminalOf(process.stdout), reports }),
  )
  if (stale.length > 0) sayStale(stale)
  context.setExitCode(exitCodeOf(result.verdict))
}

async function withProgress<Result>(work: (onProgress: ReturnType<typeof showProgress>['report']) => Promise<Result>): Promise<Result> {
  using progress = showProgress(process.stderr)
  return await work(progress.report)
}

function sayStale(paths: readonly string[]): void {
  const lines = paths.slice(0, 5).map((path) => `  godwit replay ${path}`)
  if (paths.length > lines.length) lines.push(`  and ${paths.length - lines.length} more`)
  process.stderr.write(
    `godwit: not found again, of those that earlier runs saved: ${counted(paths.length, 'counterexample')}\n${lines.join('\n')}\n`,
  )
}
