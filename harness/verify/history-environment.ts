import type { Failure, History, Migration, Step } from '../migration/index.ts'
import type { Cluster, Template } from '../postgres/index.ts'
import { legacyTemplate } from './database.ts'
import type { VerifyOptions } from './options.ts'

/** What stands before the first step, and how the user's own server is stood in for. */
export interface HistoryEnvironment {
  readonly template: Template
  readonly settings: Readonly<Record<string, string>>
  readonly notes: readonly string[]
  /** A step without what was made beforehand. */
  readonly stepFor: (step: Step) => Step
  readonly hintFor: (failure: Failure) => string | undefined
}

export async function historyEnvironment(cluster: Cluster, history: History, options: VerifyOptions): Promise<HistoryEnvironment> {
  const scripts = history.steps.flatMap(({ up }) => (up.kind === 'sql' ? [up.script] : []))
  const all: Migration = {
    name: history.path,
    path: history.root,
    legacy: [],
    legacyData: [],
    up: { kind: 'sql', script: { file: '', text: '', mode: 'autocommit', statements: scripts.flatMap((each) => each.statements) } },
    down: undefined,
    contract: {},
    digest: '',
  }
  const template = await legacyTemplate(cluster, all, options)
  return { template, settings: {}, notes: [], stepFor: (step) => step, hintFor: () => undefined }
}
