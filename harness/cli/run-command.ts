import { CommanderError } from 'commander'
import { exitCodes } from './exit-codes.ts'
import { onInterrupt } from './interrupt.ts'
import { createProgram } from './program.ts'

/**
 * Run the command with the given arguments, as the shell passes them.
 *
 * @returns The exit code. It never throws: what goes wrong stands on standard error.
 */
export async function runCommand(args: readonly string[]): Promise<number> {
  using interrupt = onInterrupt()
  let exitCode = 0
  try {
    const program = createProgram({
      signal: interrupt.signal,
      setExitCode: (code) => {
        exitCode = code
      },
    })
    await program.parseAsync(args, { from: 'user' })
    return interrupt.signal.aborted ? interrupt.exitCode() : exitCode
  } catch (error) {
    // What an interrupted run throws while it clears up is no news.
    if (interrupt.signal.aborted) return interrupt.exitCode()
    // Commander has said what is wrong by itself.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : exitCodes.usage
    // Only now: what describes a failure knows the reports, and they take their time to load.
    const { describeFailure } = await import('./failure.ts')
    const failure = describeFailure(error, { debug: process.env.GODWIT_DEBUG === '1' })
    process.stderr.write(failure.text)
    return failure.exitCode
  }
}
