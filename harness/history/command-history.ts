import { prepareEnvironment } from '../environment/index.ts'
import { type CommandSource, discoverCommandSteps, type History } from '../formats/index.ts'
import type { Cluster } from '../postgres/index.ts'
import type { VerifyHooks, VerifyOptions } from '../verify/index.ts'

/**
 * The history that a tool's own command applies, found by letting it run on a scratch database.
 *
 * @throws {InputError} When the command fails or leaves no trace in its history table.
 */
export async function commandHistory(
  cluster: Cluster,
  source: CommandSource,
  options: VerifyOptions,
  hooks: VerifyHooks,
): Promise<History> {
  const environment = await prepareEnvironment(cluster, { scripts: [], prelude: options.prelude, runAs: options.runAs })
  await using scratch = await cluster.clone(environment.template)
  const steps = await discoverCommandSteps(source, scratch, {
    signal: hooks.signal,
    onStep: (step) => hooks.onProgress?.({ migration: step.name, stage: 'found' }),
  })
  const directory = source.directory ?? '.'
  return {
    format: 'command',
    path: directory,
    root: directory,
    platform: undefined,
    historyTables: [source.table.split('.').at(-1)?.replaceAll('"', '') ?? source.table],
    steps,
    ignored: [],
    warnings: [
      'The steps are programs: what they do is seen, and no SQL of theirs was read, so that literals and joins in it were not tried.',
    ],
    server: undefined,
    downs: source.down === undefined ? 'none' : 'optional',
  }
}
