import type { CommandContext, QueriesFlags } from './command-context.ts'
import { planWork } from './plan.ts'
import { withProgress } from './progress.ts'
import { say } from './say.ts'

/** `godwit queries`: write the verification SQL of each migration, and print where it is. */
export async function queriesCommand(paths: readonly string[], flags: QueriesFlags, context: CommandContext): Promise<void> {
  const plan = await planWork(paths, flags)
  const { prepareDirectory } = await import('../report/index.ts')
  await prepareDirectory(flags.out ?? plan.report)
  const { writeQueries } = await import('../operations/index.ts')
  for (const project of plan.projects) {
    const place = { reports: plan.report, out: flags.out }
    const written = await withProgress((onProgress) =>
      writeQueries(project.paths, project.options, place, { signal: context.signal, onProgress }),
    )
    for (const { migration, files, queries, because, notChecked } of written) {
      if (because !== undefined) say(`${migration}: no queries, because ${because}`)
      else process.stdout.write(`${migration}: ${queries} queries in\n${files.map((file) => `  ${file}\n`).join('')}`)
      for (const each of notChecked) say(`  not checked: ${each}`)
    }
  }
}
