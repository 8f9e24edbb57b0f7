import type { Finding, Verdict } from '../../result/index.ts'
import type { Invariant } from '../invariant.ts'
import type { FaultsSeen } from './model.ts'
import { injections } from './observe.ts'
import { rules } from './rules.ts'

/**
 * An error or a killed backend at any statement leaves the legacy or the migrated state, or one from which running again ends in the migrated one.
 *
 * Kind: `partial`.
 */
export const atomicity: Invariant<FaultsSeen> = {
  id: 'atomicity',
  holds: 'an error at any statement leaves the legacy or the migrated state',
  violation: 'an error in the middle leaves it half done',
  rules,
  looks: injections,
  judge({ faults, rows }: FaultsSeen): Verdict {
    const saw = { relations: 0, rows, cells: 0, runs: faults.length }
    if (faults.length === 0) return { outcome: 'unknown', because: 'no run interrupted the migration', saw }
    const broken = faults.filter((each) => each.left === 'other' && each.rerun !== 'migrated')
    const first = broken[0]
    if (first === undefined) return { outcome: 'holds', saw }
    const again =
      first.rerun === undefined
        ? ''
        : typeof first.rerun === 'object'
          ? `; running up again fails: ${first.rerun.fails}`
          : '; running up again ends in another state'
    const finding: Finding = {
      invariant: 'atomicity',
      kind: 'partial',
      severity: 'error',
      known: 'observed',
      relation: first.relation,
      file: first.statement?.file,
      line: first.statement?.line,
      message: `an error before ${first.place} leaves a state that is neither legacy nor migrated (${first.difference ?? 'rows differ'})${again}`,
      evidence: {
        faults: faults.length,
        broken: broken
          .map((each) => ({
            fault: each.fault,
            before: each.before,
            line: each.statement?.line ?? null,
            difference: each.difference ?? null,
            rerun: typeof each.rerun === 'object' ? each.rerun.fails : (each.rerun ?? null),
          }))
          .slice(0, 10),
      },
      hint: 'Run it in one transaction, or make every statement safe to run again (IF NOT EXISTS, WHERE … IS NULL).',
    }
    return { outcome: 'violated', findings: [finding], saw }
  },
}
