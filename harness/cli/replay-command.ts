import { exitCodes } from './exit-codes.ts'
import type { CommandContext } from './program.ts'
import { showProgress } from './progress.ts'
import { loadVerifyRoom } from './verify-room.ts'

/** `godwit replay`: 1 while the counterexample still violates, 0 once it does not. */
export async function replayCommand(file: string, flags: { readonly postgres?: string }, context: CommandContext): Promise<void> {
  const { replay } = await loadVerifyRoom()
  using progress = showProgress(process.stderr)
  const { violates, message } = await replay(file, flags, { onProgress: progress.report, signal: context.signal })
  progress[Symbol.dispose]()
  process.stdout.write(`${message}\n`)
  context.setExitCode(violates ? exitCodes.violated : exitCodes.holds)
}
