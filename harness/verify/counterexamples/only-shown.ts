import { type MigrationResult, withClaims } from '../../result/index.ts'
import type { CloneStages } from '../../run/index.ts'
import type { Counterexample } from '../counterexample.ts'
import { checkShown } from './check-shown.ts'

interface WithCounterexamples {
  readonly result: MigrationResult
  readonly counterexamples: ReadonlyMap<string, Counterexample>
}

/** Keep the counterexamples that show their findings with psql alone; of the others the findings have none, and the result says why. */
export async function onlyShown(
  { result, counterexamples }: WithCounterexamples,
  clones: CloneStages,
  lanes: number,
): Promise<WithCounterexamples> {
  const failing = counterexamples.size === 0 ? new Map<string, string>() : await checkShown(counterexamples, clones, lanes)
  if (failing.size === 0) return { result, counterexamples }
  const findings = result.findings.map((each) =>
    each.counterexample !== null && failing.has(each.counterexample) ? { ...each, counterexample: null } : each,
  )
  const notes = [...failing].map(([path, because]) => {
    const finding = counterexamples.get(path)?.finding
    return `no counterexample of ${finding?.invariant} ${finding?.kind} on ${finding?.relation ?? finding?.object ?? 'the migration'} was saved: with psql alone its file does not show it (${because})`
  })
  return {
    result: withClaims({ ...result, findings, notChecked: [...result.notChecked, ...notes] }),
    counterexamples: new Map([...counterexamples].filter(([path]) => !failing.has(path))),
  }
}
