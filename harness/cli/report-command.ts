import { join } from 'node:path'
import { readResults, renderTerminal, reportFile, rewriteReports } from '../report/index.ts'
import { terminalOf } from './terminal-of.ts'

/** `godwit report`: render saved results again, beside them and on the terminal. */
export async function reportCommand(directory: string): Promise<void> {
  for (const { folder, result } of await readResults(directory)) {
    await rewriteReports(folder, result)
    process.stdout.write(renderTerminal(result, { ...terminalOf(process.stdout), reports: [join(folder, reportFile)] }))
  }
}
