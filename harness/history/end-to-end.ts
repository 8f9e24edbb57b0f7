import { canonicalExpressions, diffObjects, readObjects } from '../catalog/index.ts'
import type { History } from '../formats/index.ts'
import type { Failure } from '../migration/index.ts'
import type { Cluster } from '../postgres/index.ts'
import type { FindingResult, SourceResult } from '../result/index.ts'
import { sha256 } from '../run/index.ts'
import { Head } from './head.ts'
import type { HistoryEnvironment } from './history-environment.ts'

/** How the way back from the end went, and the step to blame where it failed. */
export interface WayBack {
  readonly endToEnd: NonNullable<SourceResult['endToEnd']>
  readonly blamed: { readonly step: string; readonly finding: FindingResult } | undefined
}

/**
 * Walk to the end of a history and all the way back, as far as there are downs without a gap: each must run after the ones behind it, and
 * what stood before the first of these steps must stand there again.
 *
 * Behind a step that does not apply, the steps that do are taken back.
 *
 * @returns Undefined where the last step has no down, or does not apply.
 */
export async function revertAll(cluster: Cluster, history: History, environment: HistoryEnvironment): Promise<WayBack | undefined> {
  let gap = history.steps.findLastIndex((step) => step.down === undefined || step.up.kind === 'opaque')
  for (;;) {
    const tried = await revertBehind(gap, cluster, history, environment)
    if (typeof tried !== 'number') return tried
    gap = tried
  }
}

/** @returns The newest step behind the gap that does not apply, where there is one. */
async function revertBehind(
  gap: number,
  cluster: Cluster,
  history: History,
  environment: HistoryEnvironment,
): Promise<WayBack | number | undefined> {
  const [kept, reverted] = [history.steps.slice(0, gap + 1), history.steps.slice(gap + 1)]
  if (reverted.length === 0) return undefined
  await using head = await Head.open(cluster, environment.template, environment)
  await advanceAll(head, kept, environment)
  const before = await readObjects(head.session)
  const failed = await advanceAll(head, reverted, environment)
  if (failed >= 0) return gap + 1 + failed
  const steps = reverted.length
  for (const step of [...reverted].reverse()) {
    if (step.down === undefined) continue
    const outcome = await head.advance(environment.stepFor(step.down))
    if (outcome.outcome === 'applied') continue
    const { failure } = outcome
    const because = `on the way back from the end the down of "${step.name}" fails at ${failure.file}:${failure.line}: ${failure.message} (${failure.sqlstate})`
    return violated(steps, step.name, 'fails', because, failure)
  }
  const after = await readObjects(head.session)
  const changed = diffObjects(before, after).filter((each) => each.severity === 'error')
  const left = await canonicalExpressions(head.session, changed, before, after)
  const [first] = left
  if (first === undefined) return { endToEnd: { steps, verdict: 'holds', because: '' }, blamed: undefined }
  const because = `after all downs ${left.length} ${left.length === 1 ? 'object differs' : 'objects differ'} from the beginning: ${first.kind} ${first.path} is ${first.change}`
  return violated(steps, reverted[0]?.name ?? '', 'schema', because, undefined)
}

function violated(steps: number, step: string, kind: 'fails' | 'schema', because: string, failure: Failure | undefined): WayBack {
  const finding: FindingResult = {
    id: sha256(`${step}\u0000end-to-end ${kind}`).slice(0, 16),
    invariant: 'rollback-restores-state',
    kind,
    severity: 'error',
    known: 'observed',
    relation: null,
    attribute: null,
    object: null,
    file: failure?.file ?? null,
    line: failure?.line ?? null,
    cause: null,
    waived: null,
    message: because,
    evidence: { endToEnd: true, ...(failure === undefined ? {} : { sqlstate: failure.sqlstate }) },
    counterexample: null,
    hint: 'Each down must run after all those behind it: try them in reverse order from the newest step.',
    preflight: null,
  }
  return { endToEnd: { steps, verdict: 'violated', because }, blamed: { step, finding } }
}

/** @returns The last of these steps that does not apply, of which only a part stays; -1 where all apply. */
async function advanceAll(head: Head, steps: History['steps'], environment: HistoryEnvironment): Promise<number> {
  let failed = -1
  for (const [at, { up }] of steps.entries()) {
    if (up.kind === 'opaque') continue
    const step = environment.stepFor(up)
    const outcome = await head.advance(step)
    if (outcome.outcome === 'applied') continue
    failed = at
    await head.advancePartly(step, outcome.failure)
  }
  return failed
}
