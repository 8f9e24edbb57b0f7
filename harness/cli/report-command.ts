import { excerptsFrom, readResults, renderTerminal, rewriteReports } from '../report/index.ts'
import { terminalOf } from './terminal-of.ts'

/** `godwit report`: render saved results again, beside them and on the terminal. */
export async function reportCommand(directory: string): Promise<void> {
  for (const { folder, result } of await readResults(directory)) {
    const reports = await rewriteReports(folder, result)
    process.stdout.write(renderTerminal(result, { ...terminalOf(process.stdout), reports, excerpt: excerptsFrom(process.cwd()) }))
  }
}
