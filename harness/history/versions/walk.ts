import type { Source } from '../../formats/index.ts'
import type { Cluster } from '../../postgres/index.ts'
import type { MigrationResult } from '../../result/index.ts'
import type { VerifyHooks, VerifyOptions } from '../../verify/index.ts'
import { onSchemaOfFiles, type SchemaStep } from '../schema-of-files.ts'

/** What each step makes of an empty database of one cluster, by path and name. */
export type Walked = ReadonlyMap<string, SchemaStep>

/** What a step made; undefined for one that was not run, as a program whose tool is not there. */
export function walkedStep(walked: Walked, { path, name }: Pick<MigrationResult, 'path' | 'name'>): SchemaStep | undefined {
  return walked.get(keyOf(path, name)) ?? walked.get(keyOf('', name))
}

/** @param path  Empty for the steps of a tool that runs programs: those are named by the tool, which knows one folder. */
function keyOf(path: string, name: string): string {
  return `${path}\u0000${name}`
}

/** Apply all steps to empty databases, with the locks of each statement, and keep what each step leaves. */
export async function walkSources(
  cluster: Cluster,
  sources: readonly Source[],
  options: VerifyOptions,
  hooks: Pick<VerifyHooks, 'signal'>,
): Promise<Walked> {
  const walked = new Map<string, SchemaStep>()
  const walk = (source: Source, at: string | undefined, pathOf: (step: string) => string | undefined) => {
    const onStep = (step: SchemaStep) => {
      const path = pathOf(step.name)
      if (path !== undefined) walked.set(keyOf(path, step.name), step)
    }
    return onSchemaOfFiles(cluster, source, { at, options, hooks, onStep, watched: true }, async () => undefined)
  }
  for (const source of sources) {
    if (source.kind === 'command') await walk(source, undefined, () => '')
    else if (source.kind === 'history') {
      const { path } = source.history
      await walk(source, undefined, () => path)
    } else
      for (const pair of source.migrations) {
        // The scripts of its legacy schema are steps of this walk too.
        const pathOf = (name: string) => (name === pair.migration.name ? pair.path : undefined)
        await walk({ ...source, migrations: [pair] }, 'migrated', pathOf)
      }
  }
  return walked
}
