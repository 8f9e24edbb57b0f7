import { InputError } from '../errors.ts'
import { visibleLines } from '../report/index.ts'
import type { CommandContext, ObserveFlags } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { urlOf } from './url-of.ts'

/** `godwit observe`: with `--watch` until Ctrl-C; else 0 once everything is recorded and clean, 1 once it is recorded and a check found rows. */
export async function observeCommand(path: string | undefined, flags: ObserveFlags, context: CommandContext): Promise<void> {
  if (flags.watch === true) {
    if (flags.create === true) throw new InputError('--watch records nothing', { hint: 'Leave out --create.' })
    const { watchSights } = await import('./observe-watch.ts')
    return watchSights(path, flags, context)
  }
  refuseFlagsOfWatch(flags)
  if (path === undefined) throw new InputError('no plan is named', { hint: 'Only --watch goes without one.' })
  const { observe, observedText, readPlan } = await import('../operations/index.ts')
  const { create = false, json = false } = flags
  const say = (line: string) => (json ? process.stderr : process.stdout).write(`${line}\n`)
  const plan = await readPlan(path)
  const observed = await observe({ url: urlOf(flags), plan, create, signal: context.signal, say })
  process.stdout.write(json ? `${JSON.stringify({ plan: plan.name, ...observed })}\n` : visibleLines(observedText(plan, observed)))
  if (observed.checks.some(({ wrong }) => wrong > 0)) context.setExitCode(exitCodes.violated)
}

function refuseFlagsOfWatch({ every, badWait, notify }: ObserveFlags): void {
  const [given] =
    Object.entries({ '--every': every, '--bad-wait': badWait, '--notify': notify }).find(([, value]) => value !== undefined) ?? []
  if (given !== undefined) throw new InputError(`${given} is for --watch`)
}
