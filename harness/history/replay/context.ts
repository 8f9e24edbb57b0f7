import type { Subject } from '../../lineage/index.ts'
import { mentionsName } from '../../postgres/index.ts'
import { storedRelations } from '../../run/index.ts'
import { type Inquiry, type Learned, learn } from '../../verify/index.ts'
import type { SavedCounterexample } from './saved.ts'

/** What a replay works with. */
export interface ReplayContext {
  readonly inquiry: Inquiry
  readonly saved: SavedCounterexample
}

/** What verification knew when it judged, learned on the same rows; over all that the saved rows fill beside what the migration reaches. */
export async function learned({ inquiry, saved }: ReplayContext): Promise<{ readonly subject: Subject; readonly learned: Learned }> {
  const known = await learn(inquiry)
  const { subject } = inquiry
  const lacking = filledBy(subject, saved).filter((path) => !subject.scope.has(path))
  if (lacking.length === 0) return { subject, learned: known }
  const wide = await inquiry.prepare({ also: new Set([...subject.scope, ...lacking]) })
  return { subject: { ...wide, knowledge: subject.knowledge }, learned: known }
}

function filledBy({ legacy }: Subject, { rowsSql, writtenSql = '', relation }: SavedCounterexample): readonly string[] {
  const text = `${rowsSql}\n${writtenSql}`
  return storedRelations(legacy).filter((path) => path === relation || mentionsName(text, legacy.relations.get(path)?.name ?? path))
}
