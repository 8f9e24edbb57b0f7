import { visibleLines } from '../report/index.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { urlOf } from './url-of.ts'

export interface ReadyFlags {
  readonly url?: string
  readonly run?: true
  readonly json?: true
}

/** `godwit ready`: 0 if the clean-up may run (with `--run`: has run), 1 if not. */
export async function readyCommand(path: string, flags: ReadyFlags, context: CommandContext): Promise<void> {
  const { readinessText, readPlan, ready } = await import('../operations/index.ts')
  const { run = false, json = false } = flags
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`)
  const plan = await readPlan(path)
  const readiness = await ready({ url: urlOf(flags), plan, run, signal: context.signal, say })
  process.stdout.write(json ? `${JSON.stringify({ plan: plan.name, ...readiness })}\n` : visibleLines(readinessText(plan, readiness)))
  if (!readiness.ready) context.setExitCode(exitCodes.violated)
}
