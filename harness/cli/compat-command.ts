import { InputError } from '../errors.ts'
import { visibleLines } from '../report/index.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodeOf } from './exit-codes.ts'
import { planWork } from './plan.ts'
import { withProgress } from './progress.ts'
import type { VerifyFlags } from './verify-options.ts'

export interface CompatFlags extends VerifyFlags {
  readonly dryRun?: true
  readonly json?: true
}

/** `godwit compat generate`: 0 where the migration holds and is written, 1 where it is refused, 4 where something could not be judged. */
export async function compatGenerateCommand(
  mapping: string,
  paths: readonly string[],
  flags: CompatFlags,
  context: CommandContext,
): Promise<void> {
  const { dryRun = false, json = false, ...work } = flags
  const { projects } = await planWork(paths, work)
  const [project, ...others] = projects
  const [path, ...more] = project?.paths ?? []
  if (project === undefined || path === undefined || others.length > 0 || more.length > 0)
    throw new InputError('files are generated into one folder of migrations, and the configuration has several', {
      hint: 'Name the folder, or one project with --project.',
    })
  const { generateCompat, generatedText } = await import('../operations/index.ts')
  const { signal } = context
  const generated = await withProgress((onProgress) =>
    generateCompat({ mapping, path, options: project.options, hooks: { signal, onProgress }, now: new Date(), dryRun }),
  )
  process.stdout.write(json ? `${JSON.stringify(generated)}\n` : visibleLines(generatedText(generated, dryRun)))
  context.setExitCode(exitCodeOf(generated.verdict))
}
