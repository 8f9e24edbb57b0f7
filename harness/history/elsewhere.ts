import type { History } from '../formats/index.ts'
import type { Cluster } from '../postgres/index.ts'
import { type CloneSource, rememberRoles } from '../run/index.ts'
import type { VerifyHooks, VerifyOptions } from '../verify/index.ts'
import { Head } from './head.ts'
import { historyEnvironment } from './history-environment.ts'

interface Walked {
  readonly history: History
  /** The history has a cluster of its own, whose roles it changes. */
  readonly own: boolean
  readonly context: { readonly options: VerifyOptions; readonly hooks: VerifyHooks }
}

/** Another cluster, walked to just before a step; what is made there goes with the cluster. */
export async function walkElsewhere(cluster: Cluster, { history, own, context }: Walked, at: number): Promise<CloneSource> {
  const { template, role, settings, stepFor } = await historyEnvironment(cluster, history, context.options, { rows: true })
  const head = await Head.open(cluster, template, { role, settings })
  for (const { up } of history.steps.slice(0, at)) {
    if (up.kind === 'opaque') continue
    const outcome = await head.advance(stepFor(up), context.hooks.signal)
    if (outcome.outcome === 'failed') await head.advancePartly(stepFor(up), outcome.failure)
  }
  return { cluster, template: () => head.template(), role, settings, roles: own ? await rememberRoles(cluster) : undefined }
}
