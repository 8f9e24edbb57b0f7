import { quoteIdentifier, type Session, StatementError } from '../../postgres/index.ts'
import {
  type BenchmarkOutcome,
  fewestRounds,
  judgeBenchmark,
  measureInTurn,
  medianInterval,
  type Round,
  ratiosOf,
} from '../../result/index.ts'
import type { StatementTimed } from './model.ts'
import type { TimedStatement } from './timed-statements.ts'

/** The same rows three times: before the migration, after it, and before it once more, for the control. */
export interface Sides<Side = Session> {
  readonly before: Side
  readonly after: Side
  readonly again: Side
}

/** When to stop, by `performance.now()`. */
export interface TimeLimits {
  /** Rounds end here, once there are enough of them to tell. */
  readonly untilMs: number
  /** Nothing is measured from here on. */
  readonly limit: number
  readonly signal: AbortSignal | undefined
}

export type Timing = Pick<StatementTimed, 'sent' | 'beforeMs' | 'afterMs' | 'measured'>

/** Long beside what a round trip varies by, short beside the time slices of the machine. */
const messageMs = 2
/** Of a statement that became much slower, so that it does not use up all the time. */
const longestMessageMs = 20
const mostExecutions = 50
const mostRounds = 100
const usualRounds = 9
/** How wide an interval may be to be narrow, as a part of the ratio itself. */
const narrow = 0.08

/**
 * Time a statement before and after the migration, in rounds, until the interval of the ratio is narrow or the time is over. Each measurement is one
 * message that executes it often. What is found slower than `most` allows is measured once more.
 *
 * @param most  How many times as long it may take.
 */
export async function timeStatement(
  sides: Sides,
  statement: TimedStatement,
  sent: StatementTimed['sent'],
  most: number,
  limits: TimeLimits,
): Promise<Timing> {
  const once = sent === 'plain' ? statement.sql : await prepare(sides, statement)
  const executions = executionsFor(await shortestMs(sides.before, once), await shortestMs(sides.after, once))
  const message = Array.from({ length: executions }, () => once).join(';\n')
  const send = (session: Session) => () => session.script(message)
  const contenders = { base: send(sides.before), contender: send(sides.after), again: send(sides.again) }
  const measured: BenchmarkOutcome[] = []
  let rounds: readonly Round[] = []
  const measure = async (untilMs: number) => {
    rounds = await measureInTurn(contenders, (known) => goesOn(known, { ...limits, untilMs }))
    measured.push({ name: statement.name, ...ratiosOf(rounds) })
  }
  const startMs = performance.now()
  await measure(limits.untilMs)
  const [first] = measured
  if (first !== undefined && judgeBenchmark({ most }, first).state === 'refuted')
    await measure(performance.now() + limits.untilMs - startMs)
  if (sent === 'prepared') for (const side of sidesOf(sides)) await side.script('DEALLOCATE ALL')
  const each = (times: readonly number[]) => (medianInterval(times)?.median ?? Number.NaN) / executions
  return { sent, beforeMs: each(rounds.map(({ baseMs }) => baseMs)), afterMs: each(rounds.map(({ contenderMs }) => contenderMs)), measured }
}

/** Whether a database takes a statement; otherwise what it says. */
export async function refusalOf(session: Session, { sql }: TimedStatement): Promise<string | undefined> {
  try {
    await session.script(sql)
    return undefined
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    await session.script('ROLLBACK')
    return `${error.message} (${error.sqlstate})`
  }
}

/** The statement prepared on each side. */
async function prepare(sides: Sides, { parts }: TimedStatement): Promise<string> {
  const named = parts.map((each, at) => ({ ...each, name: quoteIdentifier(`godwit timed ${at}`) }))
  for (const side of sidesOf(sides)) for (const { planned, name, sql } of named) if (planned) await side.script(`PREPARE ${name} AS ${sql}`)
  return named.map(({ planned, name, sql }) => (planned ? `EXECUTE ${name}` : sql)).join(';\n')
}

export function sidesOf<Side>({ before, after, again }: Sides<Side>): readonly Side[] {
  return [before, after, again]
}

async function shortestMs(session: Session, sql: string): Promise<number> {
  let shortest = Number.POSITIVE_INFINITY
  for (let turn = 0; turn < 3; turn += 1) {
    const began = performance.now()
    await session.script(sql)
    shortest = Math.min(shortest, performance.now() - began)
  }
  return shortest
}

function executionsFor(beforeMs: number, afterMs: number): number {
  return Math.max(1, Math.min(mostExecutions, Math.floor(messageMs / beforeMs), Math.floor(longestMessageMs / afterMs)))
}

/** By how wide the intervals are, and not by what they say: that would favour what chance shows first. */
function goesOn(rounds: readonly Round[], { untilMs, limit, signal }: TimeLimits): boolean {
  signal?.throwIfAborted()
  const now = performance.now()
  if (now > limit || rounds.length >= mostRounds) return false
  if (rounds.length < fewestRounds) return true
  if (now > untilMs) return false
  const { ratios, control } = ratiosOf(rounds)
  return rounds.length < usualRounds || !isNarrow(ratios) || !isNarrow(control)
}

function isNarrow(values: readonly number[]): boolean {
  const interval = medianInterval(values)
  return interval !== undefined && interval.high - interval.low <= narrow * interval.median
}
