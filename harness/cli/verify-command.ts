import { exitCodeOf } from './exit-codes.ts'
import type { CommandContext, VerifyFlags } from './program.ts'
import { showProgress } from './progress.ts'
import { terminalOf } from './terminal-of.ts'
import { loadVerifyRoom, type VerifyOptions } from './verify-room.ts'

/** `godwit verify`: verify, write the reports, show the result, and exit with the verdict. */
export async function verifyCommand(paths: readonly string[], flags: VerifyFlags, context: CommandContext): Promise<void> {
  const [{ verify }, { maskSecretsIn, readSavedRows, renderTerminal, writeReports }] = await Promise.all([
    loadVerifyRoom(),
    import('../report/index.ts'),
  ])
  const saved = await readSavedRows(flags.report)
  const { result, counterexamples } = await withProgress((onProgress) =>
    verify(paths, { ...optionsOf(flags), saved }, { onProgress, signal: context.signal }),
  )
  context.signal.throwIfAborted()
  const { reports, stale } = await writeReports(result, { directory: flags.report, counterexamples })
  if (flags.json === true) {
    process.stdout.write(`${JSON.stringify(maskSecretsIn(result))}\n`)
  } else {
    process.stdout.write(renderTerminal(result, { ...terminalOf(process.stdout), reports }))
  }
  if (stale.length > 0) {
    const one = stale.length === 1
    process.stderr.write(
      `godwit: ${stale.length} saved counterexample${one ? '' : 's'} of earlier runs ${one ? 'was' : 'were'} not found again:\n`,
    )
    for (const path of stale.slice(0, 5)) process.stderr.write(`  godwit replay ${path}\n`)
    if (stale.length > 5) process.stderr.write(`  and ${stale.length - 5} more\n`)
  }
  context.setExitCode(exitCodeOf(result.verdict))
}

async function withProgress<Result>(work: (onProgress: ReturnType<typeof showProgress>['report']) => Promise<Result>): Promise<Result> {
  using progress = showProgress(process.stderr)
  return await work(progress.report)
}

function optionsOf(flags: VerifyFlags): VerifyOptions {
  const { format, only, runs, rows, seed, postgres, prelude, runAs, skipExtension, timeLimit, failOn, report } = flags
  return {
    format,
    failOn,
    reportDirectory: report,
    ...(only === undefined ? {} : { only }),
    ...(runs === undefined ? {} : { runs }),
    ...(rows === undefined ? {} : { rows }),
    ...(seed === undefined ? {} : { seed }),
    ...(postgres === undefined ? {} : { postgres }),
    ...(prelude === undefined ? {} : { prelude }),
    ...(runAs === undefined ? {} : { runAs }),
    ...(skipExtension === undefined ? {} : { skipExtensions: skipExtension }),
    ...(timeLimit === undefined ? {} : { timeLimitMs: timeLimit }),
  }
}
