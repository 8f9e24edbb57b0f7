import type { Passage } from '../lineage/index.ts'
import type { FindingResult, MigrationResult } from '../result/index.ts'
import { judgeMigration } from '../result/index.ts'
import { mayTouch, type Unapplied } from './unapplied.ts'

/**
 * What only the steps together tell. An attribute whose values another one holds since an earlier step is not lost when it is dropped; what
 * goes missing after a step that was not applied, or only in part, may have been moved by it: whether it is lost is unknown.
 */
export class Composition {
  readonly #failOn: 'error' | 'warning'
  /** Path of an attribute → the attributes that hold its values too, and the step that put them there. */
  readonly #copies = new Map<string, Map<string, string>>()
  readonly #unapplied: Unapplied[] = []

  constructor(failOn: 'error' | 'warning') {
    this.#failOn = failOn
  }

  /** Pass over a step that was not applied, or only in part. */
  miss(step: Unapplied): void {
    this.#unapplied.push(step)
  }

  /** Take the next step of the history; its result as it reads after all those before it. */
  pass(result: MigrationResult, passage: Passage): MigrationResult {
    const findings = result.findings.flatMap((finding) => this.#judge(finding, result, passage.own))
    const softened = findings.filter((each) =>
      result.findings.some(({ id, severity }) => id === each.id && severity === 'error' && each.severity === 'warning'),
    )
    this.#carry(result.name, passage)
    // What an earlier step may have seen to is no loss for certain, and nothing that was looked at either.
    const invariants = result.invariants.map((each) => {
      const doubt = softened.find(({ invariant }) => invariant === each.id)
      return doubt === undefined ? each : { ...each, verdict: 'unknown' as const, because: doubt.message, otherwise: undefined }
    })
    return judgeMigration({ ...result, invariants }, findings, this.#failOn)
  }

  #judge(finding: FindingResult, result: MigrationResult, own: Passage['own']): readonly FindingResult[] {
    if (finding.severity === 'info' || !['zero-loss', 'applies'].includes(finding.invariant)) return [finding]
    const moved = finding.invariant === 'zero-loss' ? this.#movedEarlier(finding, result, own) : undefined
    if (moved !== undefined) return moved
    if (finding.severity !== 'error') return [finding]
    const { relation } = finding
    const missed = this.#unapplied.findLast((step) => relation === null || mayTouch(step, relation))
    if (missed === undefined) return [finding]
    return [
      {
        ...finding,
        severity: 'warning',
        message: `${finding.message}; the earlier step "${missed.name}" ${missed.because}: it may have prevented this`,
      },
    ]
  }

  /** A loss of what another attribute holds since an earlier step: information. */
  #movedEarlier(finding: FindingResult, result: MigrationResult, own: Passage['own']): readonly FindingResult[] | undefined {
    const { relation, attribute } = finding
    if (relation === null) return undefined
    if (attribute !== null) {
      const held =
        finding.kind === 'cell-lost' || finding.kind === 'cell-altered' ? this.#heldElsewhere(`${relation}.${attribute}`, own) : undefined
      return held === undefined ? undefined : [asMoved(finding, held)]
    }
    if (finding.kind !== 'row-lost') return undefined
    const attributes = result.lineage.flatMap(({ from }) => (from.startsWith(`${relation}.`) ? [from] : []))
    const held = new Map(
      attributes.flatMap((path) => [this.#heldElsewhere(path, own)].flatMap((each) => (each === undefined ? [] : [[path, each] as const]))),
    )
    const [first] = held.values()
    if (first === undefined) return undefined
    const lost = attributes.filter((path) => !held.has(path))
    if (lost.length === 0) return [asMoved(finding, first)]
    const names = lost.map((path) => path.slice(relation.length + 1))
    return [
      {
        ...finding,
        message: `${finding.message}; ${held.size} of ${attributes.length} attributes stand elsewhere since "${first.step}", but not ${names.join(', ')}`,
      },
    ]
  }

  #heldElsewhere(path: string, own: Passage['own']): { readonly path: string; readonly step: string } | undefined {
    for (const [copy, step] of this.#copies.get(path) ?? []) {
      const now = own[copy]
      // Not written by this step, or written and kept.
      if (now !== null) return { path: now ?? copy, step }
    }
    return undefined
  }

  #carry(step: string, { own, copies }: Passage): void {
    const at = (path: string) => (own[path] === undefined ? path : own[path])
    const known = [...this.#copies]
    this.#copies.clear()
    const put = (path: string, copy: string, since: string) => {
      const held = this.#copies.get(path) ?? new Map<string, string>()
      held.set(copy, held.get(copy) ?? since)
      this.#copies.set(path, held)
    }
    for (const [path, held] of known) {
      const now = at(path)
      if (now === null) continue
      for (const [copy, since] of held) {
        const there = at(copy)
        if (there !== null) put(now, there, since)
      }
    }
    for (const [path, targets] of Object.entries(copies)) {
      const now = at(path)
      if (now === null) continue
      for (const target of targets) put(now, target, step)
    }
  }
}

function asMoved(finding: FindingResult, held: { readonly path: string; readonly step: string }): FindingResult {
  return {
    ...finding,
    severity: 'info',
    known: 'inferred',
    message: `${finding.message}; its values stand in ${held.path} since "${held.step}"`,
    evidence: { ...finding.evidence, heldBy: held.path, since: held.step },
  }
}
