import { diffObjects, readObjects } from '../catalog/index.ts'
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
 * @returns Undefined where the last step has no down, or a step does not apply at all.
 */
export async function revertAll(cluster: Cluster, history: History, environment: HistoryEnvironment): Promise<WayBack | undefined> {
  const gap = history.steps.findLastIndex((step) => step.down === undefined || step.up.kind === 'opaque')
  const [kept, reverted] = [history.steps.slice(0, gap + 1), history.steps.slice(gap + 1)]
  if (reverted.length === 0) return undefined
  await using head = await Head.open(cluster, environment.template, environment)
  if (!(await advanceAll(head, kept, environment))) return undefined
  const before = await readObjects(head.session)
  if (!(await advanceAll(head, reverted, environment))) return undefined
  const steps = reverted.length
  for (const step of [...reverted].reverse()) {
    if (step.down === undefined) continue
    const outcome = await head.advance(environment.stepFor(step.down))
    if (outcome.outcome === 'applied') continue
    const { failure } = outcome
    const because = `on the way back from the end the down of "${step.name}" fails at ${failure.file}:${failure.line}: ${failure.message} (${failure.sqlstate})`
    return violated(steps, step.name, 'fails', because, failure)
  }
  const left = diffObjects(before, await readObjects(head.session)).filter((each) => each.severity === 'error')
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
  }
  return { endToEnd: { steps, verdict: 'violated', because }, blamed: { step, finding } }
}

async function advanceAll(head: Head, steps: History['steps'], environment: HistoryEnvironment): Promise<boolean> {
  for (const { up } of steps) {
    if (up.kind === 'opaque') continue
    const outcome = await head.advance(environment.stepFor(up))
    if (outcome.outcome === 'failed') return false
  }
  return true
}
