import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { urlOf } from './url-of.ts'

export interface ObserveFlags {
  readonly url?: string
  readonly create?: true
  readonly json?: true
}

/** `godwit observe`: 0 once everything is recorded and clean, 1 once it is recorded and a check found rows. */
export async function observeCommand(path: string, flags: ObserveFlags, context: CommandContext): Promise<void> {
  const { observe, observedText, readPlan } = await import('../operations/index.ts')
  const { create = false, json = false } = flags
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`)
  const plan = await readPlan(path)
  const observed = await observe({ url: urlOf(flags), plan, create, signal: context.signal, say })
  process.stdout.write(json ? `${JSON.stringify({ plan: plan.name, ...observed })}\n` : observedText(plan, observed))
  if (observed.checks.some(({ wrong }) => wrong > 0)) context.setExitCode(exitCodes.violated)
}
