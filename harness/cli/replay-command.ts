import { readFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { planWork } from './plan.ts'
import { showProgress } from './progress.ts'

/** `godwit replay`: 1 while the counterexample still violates, 0 once it does not. */
export async function replayCommand(file: string, flags: { readonly postgres?: string }, context: CommandContext): Promise<void> {
  const { parseCounterexample } = await import('../report/index.ts')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InputError(`cannot read "${file}"`, { cause, hint: 'Name a file that "godwit verify" saved under counterexamples/.' })
  })
  const { meta, rowsSql } = parseCounterexample(text)
  const { replay } = await import('../history/index.ts')
  // The user's own invariants, formats and preludes are known to the configuration alone.
  const [project] = (await planWork(meta.paths, flags)).projects
  const { violates, message } = await withProgress(() => replay({ ...meta, rowsSql }, { ...project?.options }, { signal: context.signal }))
  process.stdout.write(`${violates ? 'still violates' : 'no longer violates'}: ${message}\n`)
  context.setExitCode(violates ? exitCodes.violated : exitCodes.holds)

  async function withProgress<Result>(work: () => Promise<Result>): Promise<Result> {
    using progress = showProgress(process.stderr)
    progress.report({ migration: meta.migration, stage: 'replay' })
    return await work()
  }
}
