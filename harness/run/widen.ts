import type { Catalog } from '../catalog/index.ts'
import type { Base } from './base.ts'
import type { Runner } from './runner.ts'
import { TransactionStages } from './transaction-stage.ts'
import type { UnderTest } from './under-test.ts'

/** Fewer runs than this do not pay for a second database. */
const fewestRunsForTwo = 20

/**
 * Where nothing else keeps the machine busy: a second database for runs in transactions. How much of a migration can be done at a time: one
 * thing only where a program runs or the whole cluster is changed.
 */
export async function widen(subject: UnderTest, base: Base, runner: Runner, runs: number): Promise<number> {
  const isProgram = [subject.migration.up, subject.migration.down].some((each) => each?.kind === 'program')
  if (base.twin === undefined || isProgram || runner.need.rung === 'cluster' || base.roles !== undefined || runs < fewestRunsForTwo)
    return 1
  if (runner.need.rung === 'clone') runner.widen(undefined)
  else {
    const twin = await base.twin()
    runner.widen(new TransactionStages(() => twin, base.role, withoutFarSequences(subject)))
  }
  return 2
}

/** Sequences that the migration may call: those of other relations need no storage of a run's own. */
export function withoutFarSequences({ legacy, scope }: UnderTest): Catalog {
  return { ...legacy, sequences: legacy.sequences.filter(({ ownedBy }) => ownedBy === undefined || scope.has(ownedBy.relation)) }
}
