import { type AnyInvariant, runInvariantsOf } from '../invariants/index.ts'
import type { Phase, UnderTest } from '../run/index.ts'

const usual: readonly Phase[] = ['up', 'down']
const written: readonly Phase[] = ['up', 'write', 'down']
/** Every so many runs have rows written after up. */
const writtenEvery = 5
/** Every so many go another way, where one is wanted; every second one where several are. */
export const otherEvery = 4

/** The phases that some invariants ask for and that `up`, `down` does not show, each once. */
export function otherWays(invariants: readonly AnyInvariant[]): readonly (readonly Phase[])[] {
  const all = runInvariantsOf(invariants).map(({ looks }) => looks.everyRun)
  const other = all.filter((phases) => phases.some((phase, at) => usual[at] !== phase))
  return other.filter(
    (phases, at) => !other.some((longer, index) => startsWith(longer, phases) && (longer.length > phases.length || index < at)),
  )
}

/** The phases of one edge run. */
export function wayOf(run: number, others: readonly (readonly Phase[])[], hasDown: boolean): readonly Phase[] {
  if (hasDown && run % writtenEvery === writtenEvery - 1) return written
  const every = others.length > 1 ? otherEvery / 2 : otherEvery
  return run % every === 0 ? (others[(run / every) % others.length] ?? usual) : usual
}

function startsWith(phases: readonly Phase[], beginning: readonly Phase[]): boolean {
  return beginning.every((phase, at) => phases[at] === phase)
}

/** Whether a sequence is in scope. If so, compare sequences in several runs: whether one is left too low depends on the rows. */
export function drawsNumbers({ legacy, scope }: UnderTest): boolean {
  return legacy.sequences.some(({ ownedBy }) => ownedBy === undefined || scope.has(ownedBy.relation))
}
