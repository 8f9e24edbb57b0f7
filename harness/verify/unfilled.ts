import { isDeepStrictEqual } from 'node:util'
import type { Subject } from '../lineage/index.ts'
import { namedRelations } from '../migration/index.ts'
import { type RunObservation, scriptsOf } from '../run/index.ts'

/** Relations without rows. */
export interface Unfilled {
  /** Those that the migration writes or names: what depends on them is unknown. */
  readonly blocking: readonly string[]
  /** All of them, in words. */
  readonly all: readonly string[]
}

/** The relations that no row could be made for; and, in words, those that refused most rows or were filled past their triggers. */
export function unfilledRelations(subject: Subject, banded: readonly RunObservation[]): Unfilled {
  const seeds = banded.flatMap((run) => run.seed.unfilled)
  const filled = new Set(banded.flatMap((run) => run.seed.filled.filter((each) => each.rows > 0).map((each) => each.relation)))
  // A relation that refused our rows can still have rows from a trigger.
  for (const run of banded) for (const [path, { rows }] of run.legacy.rows) if (rows.length > 0) filled.add(path)
  const unfilled = [...subject.plan.unfilled, ...seeds].filter((each) => !filled.has(each.relation))
  const unique = unfilled.filter((each, at) => unfilled.findIndex((other) => isDeepStrictEqual(other.relation, each.relation)) === at)
  const { up, down } = subject.migration
  const named = namedRelations([...scriptsOf(up), ...scriptsOf(down)], subject.legacy)
  const refused = [...subject.plan.relations.keys()].flatMap((path) => {
    const drops = banded.flatMap((run) => run.seed.dropped.filter(({ relation }) => relation === path))
    const kept = banded.flatMap((run) => run.seed.filled).reduce((sum, { relation, rows }) => sum + (relation === path ? rows : 0), 0)
    const rows = drops.reduce((sum, each) => sum + each.rows, 0)
    const [first] = drops
    // A few are what drawing costs; of more, what was looked at is less than it seems.
    return first === undefined || rows <= kept ? [] : [`the schema refused ${rows} of ${rows + kept} rows for ${path}: ${first.because}`]
  })
  const bypassed = banded
    .flatMap((run) => run.seed.bypassed)
    .filter((each, at, all) => all.findIndex((other) => other.relation === each.relation) === at)
  return {
    blocking: unique
      .map((each) => each.relation)
      .filter((path) => subject.knowledge.written.has(path) || named === 'any' || named.has(path)),
    all: [
      ...unique.map(
        ({ relation, because, constraint, sqlstate }) =>
          `${relation} could not be filled: ${because}${constraint === undefined ? '' : ` (${constraint})`}${sqlstate === undefined ? '' : ` [${sqlstate}]`}`,
      ),
      ...refused,
      ...bypassed.map((each) => `${each.relation} was filled with its triggers off: ${each.because}`),
    ],
  }
}
