import { createHash } from 'node:crypto'
import type { Finding, RunObservation, Saw, Severity, Verdict } from '../invariant/index.ts'
import type { RunRequest } from './execute.ts'

/** A finding with the first run that showed it at its gravest. */
export interface Collected {
  readonly key: string
  readonly finding: Finding
  /** Of a run that can be made again; undefined for findings of repetitions and faults. */
  readonly request: RunRequest | undefined
  readonly observation: RunObservation | undefined
  readonly times: number
}

const gravity: Readonly<Record<Severity, number>> = { error: 3, warning: 2, info: 1 }

/** What makes two findings one: the same invariant on the same thing. How a cell was altered or lost is the gravest of what was seen. */
export function findingKey(finding: Finding): string {
  const kind = finding.kind.startsWith('cell-') ? 'cell' : finding.kind
  return JSON.stringify([finding.invariant, kind, finding.relation ?? null, finding.attribute ?? null, finding.object ?? null])
}

/** A fingerprint that stays from run to run and from machine to machine. */
export function findingId(migration: string, finding: Finding): string {
  return createHash('sha256')
    .update(`${migration}\u0000${findingKey(finding)}`)
    .digest('hex')
    .slice(0, 16)
}

/** Of two runs that show the same, the one that shrinks better is kept: edge rows before banded ones, ordinary magnitudes before extreme ones. */
function plainness(request: RunRequest | undefined): number {
  if (request === undefined) return 0
  return request.regime === 'edge' ? (request.extreme ? 2 : 3) : 1
}

/** Unites the verdicts of all runs, invariant by invariant: each finding once, at its gravest; what was seen added up. */
export class Collector {
  readonly #findings = new Map<string, Collected>()
  readonly #verdicts = new Map<string, Verdict[]>()
  /** Relation → runs with rows in it on which `up` went through. */
  readonly #passed = new Map<string, number>()

  add(id: string, verdict: Verdict, request?: RunRequest, observation?: RunObservation): readonly Finding[] {
    this.#verdicts.set(id, [...(this.#verdicts.get(id) ?? []), verdict])
    const found = verdict.outcome === 'violated' ? verdict.findings : verdict.outcome === 'not-applicable' ? [] : (verdict.notes ?? [])
    for (const finding of found) {
      const key = findingKey(finding)
      const known = this.#findings.get(key)
      const graver =
        known === undefined ||
        gravity[finding.severity] > gravity[known.finding.severity] ||
        (finding.severity === known.finding.severity && plainness(request) > plainness(known.request))
      this.#findings.set(
        key,
        graver ? { key, finding, request, observation, times: (known?.times ?? 0) + 1 } : { ...known, times: known.times + 1 },
      )
    }
    return found
  }

  /** Count a run for what `settle` says of errors: whether any rows at all go through. */
  count(run: RunObservation): void {
    if (run.failure !== undefined) return
    for (const [path, { rows }] of run.legacy.rows) if (rows.length > 0) this.#passed.set(path, (this.#passed.get(path) ?? 0) + 1)
  }

  /** How often `up` went through with rows in a relation. */
  passedWith(relation: string): number {
    return this.#passed.get(relation) ?? 0
  }

  findings(): readonly Collected[] {
    return [...this.#findings.values()].sort(
      (left, right) => gravity[right.finding.severity] - gravity[left.finding.severity] || (left.key < right.key ? -1 : 1),
    )
  }

  /**
   * Settle what only all runs together tell. A cell that `down` brought back in one run and not in another (a filler that is a real value
   * elsewhere) was not brought back: its acquittal falls. What the second `up` stumbles on because `down` left it over follows from that.
   */
  settle(): void {
    for (const [key, collected] of this.#findings) {
      const { finding } = collected
      const from = finding.evidence.acquittedFrom
      const spoilt = [...this.#findings.values()].some(
        (other) =>
          other.finding.invariant === 'rollback-restores-state' &&
          other.finding.kind === 'data' &&
          other.finding.severity === 'error' &&
          other.finding.relation === finding.relation &&
          (other.finding.attribute === finding.attribute || other.finding.attribute === undefined),
      )
      if (finding.severity === 'info' && (from === 'error' || from === 'warning') && spoilt) {
        this.#findings.set(key, {
          ...collected,
          finding: {
            ...finding,
            severity: from,
            message: finding.message.replace('; down brings it back', '; down brings it back here, and not everywhere'),
          },
        })
      }
    }
  }

  /** Put a finding in the place of itself, as a request that shows it better saw it. */
  replace(finding: Finding, request: RunRequest): void {
    const key = findingKey(finding)
    const known = this.#findings.get(key)
    if (known !== undefined) this.#findings.set(key, { ...known, finding, request })
  }

  drop(key: string): void {
    this.#findings.delete(key)
  }

  /** What an invariant says over all runs, findings apart: whether it saw anything, and why not. */
  summary(id: string): { readonly outcome: 'seen' | 'unknown' | 'not-applicable'; readonly because: string; readonly saw: Saw } {
    const verdicts = this.#verdicts.get(id) ?? []
    const saw = { relations: 0, rows: 0, cells: 0, runs: 0 }
    let seen = false
    for (const verdict of verdicts) {
      if (verdict.outcome === 'not-applicable') continue
      saw.relations = Math.max(saw.relations, verdict.saw.relations)
      saw.rows += verdict.saw.rows
      saw.cells += verdict.saw.cells
      saw.runs += verdict.saw.runs
      seen ||= verdict.outcome !== 'unknown'
    }
    if (seen) return { outcome: 'seen', because: '', saw }
    const unknown = verdicts.find((each) => each.outcome === 'unknown')
    if (unknown?.outcome === 'unknown') return { outcome: 'unknown', because: unknown.because, saw }
    const first = verdicts.find((each) => each.outcome === 'not-applicable')
    return first?.outcome === 'not-applicable'
      ? { outcome: 'not-applicable', because: first.because, saw }
      : { outcome: 'unknown', because: 'it was not judged', saw }
  }
}
