import type { Finding, Verdict } from '../../result/index.ts'
import type { Invariant } from '../invariant.ts'
import type { FaultObservation, FaultsSeen } from './model.ts'
import { injections } from './observe.ts'
import { rules } from './rules.ts'

/**
 * An error or a killed backend at any statement, and with `--crash` a killed server at any moment, leaves the legacy or the migrated state, or one from which running again ends in the migrated one.
 *
 * Kind: `partial`.
 */
export const atomicity: Invariant<FaultsSeen> = {
  id: 'atomicity',
  holds: 'an error at any statement leaves the legacy or the migrated state; with `--crash` also a killed server ([crash](docs/crash.md))',
  violation: 'an error in the middle leaves it half done',
  rules,
  looks: injections,
  judge({ faults, rows }: FaultsSeen): Verdict {
    const saw = { relations: 0, rows, cells: 0, runs: faults.length }
    if (faults.length === 0) return { outcome: 'unknown', because: 'no run interrupted the migration', saw }
    const broken = faults.filter((each) => each.left === 'other' && each.rerun !== 'migrated')
    const first = broken[0]
    if (first === undefined) return { outcome: 'holds', saw }
    const finding: Finding = {
      invariant: 'atomicity',
      kind: 'partial',
      severity: 'error',
      known: 'observed',
      relation: first.relation,
      file: first.statement?.file,
      line: first.statement?.line,
      message: `${first.fault === 'crash' ? 'a crash of the server' : 'an error'} ${first.place} leaves a state that is neither legacy nor migrated (${first.difference ?? 'rows differ'})${againText(first)}`,
      evidence: {
        faults: faults.length,
        broken: broken
          .map((each) => ({
            fault: each.fault,
            before: each.before ?? null,
            line: each.statement?.line ?? null,
            difference: each.difference ?? null,
            rerun: rerunText(each.rerun),
          }))
          .slice(0, 10),
      },
      hint: 'Run it in one transaction, or make every statement safe to run again (IF NOT EXISTS, WHERE … IS NULL).',
    }
    return { outcome: 'violated', findings: [finding], saw }
  },
}

function againText({ rerun }: FaultObservation): string {
  if (rerun === undefined || rerun === 'migrated') return ''
  if ('fails' in rerun) return `; running up again fails: ${rerun.fails}`
  return `; running up again ends in another state${rerun.differs === undefined ? '' : ` than an undisturbed run (${rerun.differs})`}`
}

function rerunText(rerun: FaultObservation['rerun']): string | null {
  if (rerun === undefined || rerun === 'migrated') return rerun ?? null
  return 'fails' in rerun ? rerun.fails : (rerun.differs ?? 'other')
}
