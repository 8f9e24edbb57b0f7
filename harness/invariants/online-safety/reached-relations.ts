import type { Subject } from '../../lineage/index.ts'
import type { Step } from '../../migration/index.ts'
import type { CloneStages } from '../../run/index.ts'
import { applyWatched, reachedRelations, watchLocks } from '../../run/index.ts'
import { relationsByOid } from './multiply-rows.ts'

/**
 * Legacy relations that a migration locks in either direction, seen by applying it to a database without rows; what cannot be looked at in a
 * transaction is taken from the text, and a program may reach all.
 */
export async function relationsInReach(subject: Subject, clones: CloneStages): Promise<ReadonlySet<string>> {
  const { up, down } = subject.migration
  const relations = relationsByOid(subject.legacy)
  const reached = new Set<string>()
  await clones.run(async (stage) => {
    await using looking = await stage.database.connect()
    await using observer = await stage.database.connect()
    await using locks = watchLocks(looking, () => [])
    for (const step of down === undefined ? [up] : [up, down]) {
      await using session = await stage.connect()
      const { outcome, statements } = await applyWatched(session, step, { relations, observer, locks, url: stage.url })
      for (const statement of statements) for (const { relation } of statement.locks) reached.add(relation)
      if (outcome.outcome === 'failed') return
    }
  })
  for (const step of [up, down]) {
    if (step === undefined || (step.kind === 'sql' && step.script.mode !== 'autocommit')) continue
    for (const path of fromText(subject, step)) reached.add(path)
  }
  return reached
}

function fromText({ legacy, scope }: Subject, step: Step): Iterable<string> {
  if (step.kind === 'program') return scope
  return reachedRelations([step.script], legacy, []) ?? scope
}
