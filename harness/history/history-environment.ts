import { type Environment, hintFor, prepareEnvironment } from '../environment/index.ts'
import type { History } from '../formats/index.ts'
import type { Failure, Script, Step } from '../migration/index.ts'
import type { Cluster } from '../postgres/index.ts'
import { type AppliedScripts, repeatedScripts } from '../run/index.ts'
import type { VerifyOptions } from '../verify/index.ts'

/** The steps whose up is run here. */
export function sqlSteps(history: History): AppliedScripts['steps'] {
  return history.steps.flatMap(({ up, down }) => (up.kind === 'opaque' ? [] : [{ up, down }]))
}

/** What stands before the first step of a history, and how the user's own server is stood in for. */
export interface HistoryEnvironment extends Pick<Environment, 'template' | 'role' | 'settings' | 'notes' | 'platformSchemas'> {
  /** A step as it runs here. */
  readonly stepFor: (step: Step) => Step
  readonly hintFor: (failure: Failure) => string | undefined
}

/**
 * Prepare what a history finds on its own platform. An extension that nothing here can make is left out and said: steps that need it will
 * not apply, and the others can still be judged.
 *
 * @param rows  Whether tables are to have rows: partitioned ones that no step gives a partition get one.
 * @throws {InputError} When a prelude cannot be read or fails.
 */
export async function historyEnvironment(
  cluster: Cluster,
  history: History,
  options: VerifyOptions,
  { rows = false }: { readonly rows?: boolean } = {},
): Promise<HistoryEnvironment> {
  const scripts = history.steps.flatMap(({ up, down }) => [up, down].flatMap((each) => (each?.kind === 'sql' ? [each.script] : [])))
  const request = {
    scripts,
    repeated: repeatedScripts(sqlSteps(history)),
    platform: history.platform,
    prelude: options.prelude,
    skipExtensions: options.skipExtensions,
    runAs: options.runAs,
    partitions: rows,
  }
  const first = await prepareEnvironment(cluster, request)
  const absent = first.missing
  const environment =
    absent.length === 0
      ? first
      : await prepareEnvironment(cluster, {
          ...request,
          skipExtensions: [...(options.skipExtensions ?? []), ...absent.map(({ name }) => name)],
        })
  const adapted = new Map<Script, Script>()
  const adapt = (script: Script): Script => {
    const known = adapted.get(script) ?? environment.adapt(script)
    adapted.set(script, known)
    return known
  }
  return {
    template: environment.template,
    role: environment.role,
    settings: environment.settings,
    platformSchemas: environment.platformSchemas,
    notes: [
      ...environment.notes,
      ...absent.map(
        ({ name, file, line }) =>
          `The extension "${name}" (${file}:${line}) is not on this server and nothing stands in for it: it was left out. --postgres docker:IMAGE or a URL names a server that has it.`,
      ),
    ],
    stepFor: (step) => (step.kind === 'sql' ? { ...step, script: adapt(step.script) } : step),
    hintFor: (failure) => hintFor(failure, environment),
  }
}
