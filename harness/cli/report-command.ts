import { excerptsFrom, prepareDirectory, readResults, renderTerminal, rewriteReports } from '../report/index.ts'
import type { CommandContext, ReportFlags } from './command-context.ts'
import { mergeShards } from './merge-shards.ts'
import { terminalOf } from './terminal-of.ts'
import { reportRun } from './verify-command.ts'

/** `godwit report`: render saved results again, beside them and on the terminal; or put those of shards together. */
export async function reportCommand(directory: string, { merge }: ReportFlags, context: CommandContext): Promise<void> {
  if (merge !== undefined) {
    const run = await mergeShards(merge, directory)
    await prepareDirectory(directory)
    await reportRun(run, false, context)
    return
  }
  for (const { folder, result } of await readResults(directory)) {
    const reports = await rewriteReports(folder, result)
    process.stdout.write(renderTerminal(result, { ...terminalOf(process.stdout), reports, excerpt: excerptsFrom(process.cwd()) }))
  }
}
