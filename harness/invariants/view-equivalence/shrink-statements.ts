import { type DrawnStatements, type Statement, StatementCommand } from '../../data/index.ts'
import type { Comparison } from './compare-histories.ts'
import { divergenceKey } from './divergence.ts'
import { compareOn, type Lockstep } from './lockstep.ts'
import type { ShownDivergence } from './model.ts'

type Diverging = Comparison & { readonly outcome: 'diverges' }

const mostAttempts = 150
const mostMs = 2500

/**
 * Walk to the shortest sequence on which table and view part. Which way they part may change on the walk: a shorter sequence that shows
 * something else is a better place to look from.
 *
 * @returns Undefined when the sequence that was found does not show it a second time.
 */
export async function shrinkStatements(
  pair: Lockstep,
  start: DrawnStatements,
  comparison: Diverging,
  ignore: ReadonlySet<string>,
  deadline: number,
): Promise<ShownDivergence | undefined> {
  const end = Math.min(deadline, performance.now() + mostMs)
  let smallest = start
  let shown: Diverging = comparison
  let attempts = 0
  /** Each statement in a plainer form where that shows it too: outside of its savepoint, executed once. */
  const plainest = async (statements: readonly Statement[]): Promise<readonly Statement[]> => {
    let plain = statements
    for (const [at, statement] of statements.entries()) {
      for (const plainer of plainerForms(statement)) {
        const candidate = plain.with(at, plainer)
        const seen = await diverges({ commands: commandsOf(candidate) })
        if (seen === undefined) continue
        ;[plain, shown] = [candidate, seen]
        break
      }
    }
    return plain
  }
  const diverges = async (candidate: Pick<DrawnStatements, 'commands'>): Promise<Diverging | undefined> => {
    const seen = (await compareOn(pair, candidate.commands, ignore)).comparison
    return seen.outcome === 'diverges' && alike(seen.divergence, shown.divergence) ? seen : undefined
  }
  for (let better: DrawnStatements | undefined = start; better !== undefined; ) {
    better = undefined
    for (const candidate of smallest.shrink()) {
      if (attempts >= mostAttempts || performance.now() > end) break
      attempts += 1
      const seen = await diverges(candidate)
      if (seen === undefined) continue
      ;[better, smallest, shown] = [candidate, candidate, seen]
      break
    }
  }
  smallest = { ...smallest, statements: await plainest(smallest.statements) }
  // What comes after the point of divergence adds nothing, however early the walk was cut.
  const statements = smallest.statements.slice(0, shown.at + 1)
  const result: ShownDivergence = { ...shown, statements, times: 1, ignored: [...ignore] }
  // Times and random values may have met by chance: what is reported shows twice.
  const again = await diverges({ commands: commandsOf(statements) })
  return again !== undefined && divergenceKey({ ...again, statements }) === divergenceKey(result) ? result : undefined
}

/** What works on the table and fails on the view is not to become what fails on both. */
function alike(one: Diverging['divergence'], other: Diverging['divergence']): boolean {
  return one.kind === other.kind && (one.sqlstates[0] === undefined) === (other.sqlstates[0] === undefined)
}

function commandsOf(statements: readonly Statement[]): readonly StatementCommand[] {
  return statements.map((each) => new StatementCommand(each))
}

function plainerForms({ form, parts }: Statement): readonly Statement[] {
  const [first, second, third, last] = parts
  if (form === 'savepoint') return [second, last].flatMap((part) => (part === undefined ? [] : [{ form, parts: [part] }]))
  if (form === 'prepared' && parts.length === 4)
    return [{ form, parts: [first, second, last].flatMap((part) => part ?? []) }].concat(
      third === undefined ? [] : [{ form, parts: [first, third, last].flatMap((part) => part ?? []) }],
    )
  return []
}
