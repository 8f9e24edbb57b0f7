import { prepareEnvironment } from '../environment/index.ts'
import type { CommandSource, History, Source } from '../formats/index.ts'
import { shownPath } from '../migration/index.ts'
import type { Cluster } from '../postgres/index.ts'
import { recordedSteps, recordTool } from '../recording/index.ts'
import type { VerifyHooks, VerifyOptions } from '../verify/index.ts'

/** A history with what runs some of its steps. */
export interface CommandHistory extends History {
  readonly close: () => Promise<void>
}

/**
 * The history that a tool's own command applies: the command runs once on a scratch database, and what it sends there becomes steps of SQL.
 *
 * @returns What must be closed when no step is run any more.
 * @throws {InputError} When the command fails before its first step, or leaves no trace in its history table.
 */
export async function commandHistory(
  cluster: Cluster,
  source: CommandSource,
  options: VerifyOptions,
  hooks: VerifyHooks,
): Promise<CommandHistory> {
  const environment = await prepareEnvironment(cluster, { scripts: [], prelude: options.prelude, runAs: options.runAs })
  const recordOptions = {
    scratch: () => cluster.clone(environment.template),
    signal: hooks.signal,
    onStep: (migration: string) => hooks.onProgress?.({ migration, stage: 'found' }),
  }
  const recording = await recordTool(source, recordOptions)
  const directory = source.directory ?? '.'
  const { steps, warnings, close } = await recordedSteps(source, recording, recordOptions)
  return {
    format: source.tool ?? 'command',
    path: shownPath(directory),
    root: directory,
    platform: undefined,
    historyTables: [source.table.split('.').at(-1)?.replaceAll('"', '') ?? source.table, ...(source.ownTables ?? [])],
    steps,
    ignored: [],
    warnings,
    server: undefined,
    downs: source.down === undefined ? 'none' : 'optional',
    recorded: true,
    close,
  }
}

/** Work on sources of which those that a tool's command applies are histories of what it sends; what runs their steps ends with the work. */
export async function withRecorded<Result>(
  cluster: Cluster,
  sources: readonly Source[],
  { options, hooks }: { readonly options: VerifyOptions; readonly hooks: VerifyHooks },
  work: (sources: readonly Exclude<Source, { kind: 'command' }>[]) => Promise<Result>,
): Promise<Result> {
  const opened: CommandHistory[] = []
  try {
    const known: Exclude<Source, { kind: 'command' }>[] = []
    for (const source of sources) {
      if (source.kind !== 'command') {
        known.push(source)
        continue
      }
      const history = await commandHistory(cluster, source.command, options, hooks)
      opened.push(history)
      known.push({ kind: 'history', history })
    }
    return await work(known)
  } finally {
    for (const { close } of opened) await close()
  }
}
