import type { HistoryStep } from '../formats/index.ts'
import type { FindingResult, MigrationResult } from '../result/index.ts'
import { judgeMigration } from '../result/index.ts'
import type { StepVerdict } from './verdict-cache.ts'

/**
 * What only the steps together tell. An attribute whose values another one holds since an earlier step is not lost when it is dropped; what
 * goes missing after a step that nobody could look into may have been moved by it.
 */
export class Composition {
  readonly #failOn: 'error' | 'warning'
  /** Path of an attribute → the attributes that hold its values too, and the step that put them there. */
  readonly #copies = new Map<string, Map<string, string>>()
  readonly #opaque: string[] = []

  constructor(failOn: 'error' | 'warning') {
    this.#failOn = failOn
  }

  /** Take the next step of the history; its result as it reads after all those before it. */
  pass(step: HistoryStep, { result, passage }: StepVerdict): MigrationResult {
    if (step.up.kind === 'opaque') {
      this.#opaque.push(step.name)
      return result
    }
    const findings = result.findings.flatMap((finding) => this.#judge(finding, result, passage.own))
    this.#carry(step.name, passage)
    return judgeMigration(result, findings, this.#failOn)
  }

  #judge(finding: FindingResult, result: MigrationResult, own: StepVerdict['passage']['own']): readonly FindingResult[] {
    if (finding.severity === 'info' || !['zero-loss', 'applies'].includes(finding.invariant)) return [finding]
    const moved = finding.invariant === 'zero-loss' ? this.#movedEarlier(finding, result, own) : undefined
    if (moved !== undefined) return moved
    const [opaque] = this.#opaque.slice(-1)
    if (opaque === undefined || finding.severity !== 'error') return [finding]
    return [
      {
        ...finding,
        severity: 'warning',
        message: `${finding.message}; "${opaque}" before it is no SQL and was not run: it may have seen to that`,
      },
    ]
  }

  /** A loss of what another attribute holds since an earlier step: information. */
  #movedEarlier(finding: FindingResult, result: MigrationResult, own: StepVerdict['passage']['own']): readonly FindingResult[] | undefined {
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

  #heldElsewhere(path: string, own: StepVerdict['passage']['own']): { readonly path: string; readonly step: string } | undefined {
    for (const [copy, step] of this.#copies.get(path) ?? []) {
      const now = own[copy]
      // Not written by this step, or written and kept.
      if (now !== null) return { path: now ?? copy, step }
    }
    return undefined
  }

  #carry(step: string, { own, copies }: StepVerdict['passage']): void {
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
