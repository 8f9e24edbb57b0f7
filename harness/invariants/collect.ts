import type { Finding, Saw, Verdict } from '../result/index.ts'
import { compareGravity, findingKey, severityRank } from '../result/index.ts'
import type { RunObservation, RunRequest } from '../run/index.ts'
import type { Disagreement, LeftOut } from './probe.ts'

/** A finding with the first run that showed it at its gravest. */
export interface Collected {
  readonly key: string
  readonly finding: Finding
  /** Of a run that can be made again; undefined for findings of repetitions and faults. */
  readonly request: RunRequest | undefined
  readonly observation: RunObservation | undefined
  readonly times: number
}

/**
 * Of two runs that show the same, the one that shrinks better is kept: edge rows before banded ones, ordinary magnitudes before extreme ones,
 * the usual session before one with settings of its own.
 */
function plainness(request: RunRequest | undefined): number {
  if (request === undefined) return 0
  const usual = request.settings === undefined ? 4 : 0
  return usual + (request.regime === 'edge' ? (request.extreme ? 2 : 3) : 1)
}

/** Unites the verdicts of all runs, invariant by invariant: each finding once, at its gravest; what was seen added up. */
export class Collector {
  readonly #findings = new Map<string, Collected>()
  readonly #verdicts = new Map<string, Verdict[]>()
  /** Invariant → what was left out of its look. */
  readonly #leftOut = new Map<string, LeftOut[]>()
  readonly #disagreements: Disagreement[] = []
  /** Invariant → why there was nothing to see in a run on rows. */
  readonly #nothingOnRows = new Map<string, string>()
  /** Invariants that a run on rows left unknown though `up` went through. */
  readonly #openOnRows = new Set<string>()

  add(id: string, verdict: Verdict, request?: RunRequest, observation?: RunObservation): readonly Finding[] {
    this.#verdicts.set(id, [...(this.#verdicts.get(id) ?? []), verdict])
    if (verdict.outcome === 'not-applicable' && hasRows(observation)) this.#nothingOnRows.set(id, verdict.because)
    if (verdict.outcome === 'unknown' && observation?.failure === undefined && hasRows(observation)) this.#openOnRows.add(id)
    const found = verdict.outcome === 'violated' ? verdict.findings : verdict.outcome === 'not-applicable' ? [] : (verdict.notes ?? [])
    for (const finding of found) {
      const key = findingKey(finding)
      const known = this.#findings.get(key)
      const graver = known === undefined || (compareGravity(finding, known.finding) || plainness(request) - plainness(known.request)) > 0
      this.#findings.set(
        key,
        graver ? { key, finding, request, observation, times: (known?.times ?? 0) + 1 } : { ...known, times: known.times + 1 },
      )
    }
    return found
  }

  findings(): readonly Collected[] {
    return [...this.#findings.values()].sort(
      (left, right) => severityRank(right.finding.severity) - severityRank(left.finding.severity) || (left.key < right.key ? -1 : 1),
    )
  }

  /** The invariant is unknown, whatever else was seen: something that was planned for it was left out. */
  leaveOut(invariant: string, left: LeftOut): void {
    this.#leftOut.set(invariant, [...(this.#leftOut.get(invariant) ?? []), left])
  }

  /** The invariant is unknown: what was seen of it once was not seen again. */
  disagree(disagreement: Disagreement): void {
    this.#disagreements.push(disagreement)
  }

  disagreements(): readonly Disagreement[] {
    return this.#disagreements
  }

  /**
   * Settle what only all runs together tell. A cell that `down` brought back in one run and not in another (a filler that is a real value
   * elsewhere) was not brought back: its acquittal falls. Of rows drawn at random nobody knows which cell made `down` fail; where a write on
   * purpose made the same statement fail, that one tells.
   */
  settle(): void {
    const all = [...this.#findings.values()]
    for (const [key, collected] of this.#findings) {
      const { finding } = collected
      const { acquittedFrom, severity, statement } = finding
      if (severity === 'info' && acquittedFrom !== undefined && all.some((other) => spoils(other.finding, finding)))
        this.#findings.set(key, { ...collected, finding: { ...finding, severity: acquittedFrom } })
      const told = (other: Collected) => other.finding.writtenOnPurpose === true && other.finding.statement === statement
      if (finding.writtenOnPurpose === false && finding.attribute === undefined && all.some(told)) this.#findings.delete(key)
    }
  }

  /** Put a finding in the place of itself, as a request that shows it better saw it; a graver one of the same key stays. */
  replace(finding: Finding, request: RunRequest): void {
    const key = findingKey(finding)
    const known = this.#findings.get(key)
    if (known !== undefined && compareGravity(finding, known.finding) >= 0) this.#findings.set(key, { ...known, finding, request })
  }

  drop(key: string): void {
    this.#findings.delete(key)
  }

  /**
   * What an invariant says over all observations, findings apart: whether it saw enough, and why not.
   *
   * @param each  Whether each observation is about a thing of its own, so that one that could not be judged is not made up for by another.
   */
  summary(id: string, each = false): Summary {
    const verdicts = this.#verdicts.get(id) ?? []
    const saw = { relations: 0, rows: 0, cells: 0, runs: 0 }
    for (const verdict of verdicts) {
      if (verdict.outcome === 'not-applicable') continue
      saw.relations = Math.max(saw.relations, verdict.saw.relations)
      saw.rows += verdict.saw.rows
      saw.cells += verdict.saw.cells
      saw.runs += verdict.saw.runs
    }
    const doubt = this.#disagreements.find(({ invariant }) => invariant === id)
    if (doubt !== undefined)
      return { outcome: 'unknown', because: `Godwit got different results for the same rows: ${doubt.text}`, saw, final: true }
    const leftOut = this.#leftOut.get(id) ?? []
    if (leftOut.length > 0) {
      const because = leftOut.map((left) => left.because).join('; ')
      return { outcome: 'unknown', because, saw, final: true, upFails: leftOut.every(({ upFails }) => upFails === true) }
    }
    const unknown = verdicts.flatMap((verdict) => (verdict.outcome === 'unknown' ? [verdict] : []))
    const lasting = unknown.find((verdict) => each || verdict.lasting === true)
    if (lasting !== undefined) return { outcome: 'unknown', because: lasting.because, saw, final: true, upFails: true }
    if (verdicts.some(({ outcome }) => outcome === 'holds' || outcome === 'violated')) return { outcome: 'seen', because: '', saw }
    // Where `up` fails on other rows nothing more would have been seen.
    const nothing = this.#openOnRows.has(id) ? undefined : this.#nothingOnRows.get(id)
    if (nothing !== undefined) return { outcome: 'not-applicable', because: nothing, saw }
    const [first] = unknown
    if (first !== undefined) return { outcome: 'unknown', because: first.because, saw, upFails: true }
    const without = verdicts.find((verdict) => verdict.outcome === 'not-applicable')
    return without?.outcome === 'not-applicable'
      ? { outcome: 'not-applicable', because: without.because, saw }
      : { outcome: 'unknown', because: 'it was not judged', saw }
  }
}

function hasRows(observation: RunObservation | undefined): boolean {
  return [...(observation?.legacy.rows.values() ?? [])].some(({ rows }) => rows.length > 0)
}

export interface Summary {
  readonly outcome: 'seen' | 'unknown' | 'not-applicable'
  readonly because: string
  readonly saw: Saw
  /** Whether it is unknown even where there would have been nothing to see. */
  readonly final?: boolean | undefined
  /** Whether it is because `up` fails, where it does. */
  readonly upFails?: boolean | undefined
}

/** Whether `down` does not bring back, in some run, the cells that a finding says it does. */
function spoils(other: Finding, { relation, attribute }: Finding): boolean {
  return (
    other.invariant === 'rollback-restores-state' &&
    other.kind === 'data' &&
    other.severity === 'error' &&
    other.relation === relation &&
    (other.attribute === attribute || other.attribute === undefined)
  )
}
