import type { Subject } from '../../lineage/index.ts'
import { firstTarget, type Step } from '../../migration/index.ts'
import type { Session } from '../../postgres/index.ts'
import { type CloneStage, readState } from '../../run/index.ts'
import type { FaultObservation } from './model.ts'

export interface Fingerprint {
  readonly schema: string
  /** Path of a relation → its rows as one text. Values that differ from run to run are left out. */
  readonly rows: ReadonlyMap<string, string>
}

export interface Expected {
  readonly legacy: Fingerprint
  readonly migrated: Fingerprint
  readonly signal: AbortSignal | undefined
}

/**
 * What stands there, and where running `up` again on it ends.
 *
 * @param before  Index of the statement before which it ended, where that is known.
 */
export async function lookAtWhatIsLeft(
  subject: Subject,
  stage: CloneStage,
  { legacy, migrated, signal }: Expected,
  before?: number,
): Promise<Pick<FaultObservation, 'left' | 'difference' | 'rerun'>> {
  const left = await stage.look((session) => fingerprintOf(subject, session))
  if (same(left, legacy)) return { left: 'legacy', difference: undefined, rerun: undefined }
  if (same(left, migrated)) return { left: 'migrated', difference: undefined, rerun: undefined }
  const difference = differenceOf(left, legacy) ?? ''
  const again = await stage.apply(rerunOf(subject.migration.up, before), { signal })
  if (again.outcome === 'failed')
    return { left: 'other', difference, rerun: { fails: `${again.failure.message} (${again.failure.sqlstate})` } }
  const end = await stage.look((session) => fingerprintOf(subject, session))
  return { left: 'other', difference, rerun: same(end, migrated) ? 'migrated' : { differs: differenceOf(end, migrated) } }
}

/** What its tool sends when it runs a step again that ended before a statement. */
export function rerunOf(up: Step, before: number | undefined): Step {
  if (up.kind !== 'sql' || up.script.resumes !== true || before === undefined) return up
  return { kind: 'sql', script: { ...up.script, statements: up.script.statements.slice(before) } }
}

export function same(left: Fingerprint, right: Fingerprint): boolean {
  return differenceOf(left, right) === undefined
}

/** `the schema differs`, or `rows of public.orders differ`; undefined for none. */
export function differenceOf(left: Fingerprint, right: Fingerprint): string | undefined {
  if (left.schema !== right.schema) return 'the schema differs'
  const differing = [...new Set([...left.rows.keys(), ...right.rows.keys()])].filter((path) => left.rows.get(path) !== right.rows.get(path))
  return differing.length === 0 ? undefined : `rows of ${differing.join(', ')} differ`
}

export async function fingerprintOf(subject: Subject, session: Session): Promise<Fingerprint> {
  const { state, fingerprint } = await readState(subject, session, { way: undefined, deep: true })
  const rows = [...state.rows].map(([path, table]): [string, string] => {
    const kept = table.attributes.flatMap((name, at) => (subject.knowledge.volatile.has(`${path}.${name}`) ? [] : [at]))
    const texts = table.rows.map((row) => JSON.stringify(kept.map((at) => row[at])))
    return [path, texts.sort().join('\n')]
  })
  return { schema: fingerprint, rows: new Map(rows) }
}

/** The legacy relation that the last statement before the fault changed, or the next one would have: what was left half done. */
export function relationBefore(subject: Subject, before: number): string | undefined {
  const { up } = subject.migration
  if (up.kind !== 'sql') return undefined
  const { statements } = up.script
  for (const statement of [...statements.slice(0, Math.max(1, before)).reverse(), ...statements.slice(before)]) {
    const found = firstTarget(statement)
    if (found !== undefined && subject.legacy.relations.has(found)) return found
  }
  return undefined
}

export function placeOf(subject: Subject, before: number): string {
  const { up } = subject.migration
  if (up.kind === 'program') return `before call ${before + 1} of the program`
  return before < up.script.statements.length ? `before statement ${before + 1}` : 'before COMMIT'
}
