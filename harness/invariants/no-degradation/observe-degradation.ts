import { type Dataset, seedDataset } from '../../data/index.ts'
import type { Subject } from '../../lineage/index.ts'
import type { Session } from '../../postgres/index.ts'
import type { CloneStage, CloneStages } from '../../run/index.ts'
import type { Bench, Probe } from '../bench.ts'
import { type Multiplied, manyRowsOf, multiplyRows, parentsFirst, rowsInEach } from '../online-safety/multiply-rows.ts'
import { relationsInReach } from '../online-safety/reached-relations.ts'
import { shownIn } from '../online-safety/text.ts'
import { withParents } from '../online-safety/vary-rows.ts'
import type { LeftOut, Look } from '../probe.ts'
import { type Caller, callersUnderRowSecurity, connectAs, statementsOf } from './callers.ts'
import { explain } from './explain.ts'
import { windowTooNoisy } from './growth-findings.ts'
import { measureGrowth } from './measure-growth.ts'
import type { DegradationObservation, StatementTimed } from './model.ts'
import { defaultMost, defaultSeconds, type PerformanceOptions } from './options.ts'
import { howSent, rulingOf } from './ruling.ts'
import { refusalOf, type Sides, timeStatement } from './time-statement.ts'
import { type TimedStatement, timedStatements } from './timed-statements.ts'

/** Statements of clients, timed on a database with many rows before and after the migration; where that was asked for. */
export const timedClients: Probe<DegradationObservation> = {
  name: 'timed statements',
  async observe({
    subject,
    clones,
    first,
    performance: options,
    empty,
    superuser,
    limit,
    signal,
  }: Bench): Promise<Look<DegradationObservation>> {
    if (options === undefined) return { seen: [], notApplicable: 'it was not asked for (--performance)' }
    if (empty.failure !== undefined)
      return { seen: [], leftOut: [{ because: 'the migration fails even on an empty database', upFails: true }] }
    const reached = await relationsInReach(subject, clones)
    if (reached.size === 0) return { seen: [], notApplicable: 'it locks no table that existed before' }
    const plan = { options, reached, dataset: first?.dataset, limit, signal }
    const look = await withGrowth(await compare(subject, clones, plan), subject, clones, { ...plan, superuser })
    return { ...look, notChecked: look.notChecked?.map((each) => `no-degradation: ${each}`) }
  },
}

interface Plan {
  readonly options: PerformanceOptions
  readonly reached: ReadonlySet<string>
  /** Rows with which `up` goes through, to be copied. */
  readonly dataset: Dataset | undefined
  readonly limit: number
  readonly signal: AbortSignal | undefined
}

/** What was seen of statements, and beside it how `up` itself grows. */
async function withGrowth(
  look: Look<DegradationObservation>,
  subject: Subject,
  clones: CloneStages,
  { options, reached, ...plan }: Plan & { readonly superuser: boolean },
): Promise<Look<DegradationObservation>> {
  if (options.growth === false || look.seen.length === 0) return look
  const paths = parentsFirst(subject.plan.order, withParents(subject.legacy, reached))
  const { growth: how, profile } = options
  const growth = await measureGrowth(subject, clones, { ...plan, options: typeof how === 'object' ? how : {}, profile, paths })
  if (typeof growth === 'string')
    return { ...look, notChecked: [...(look.notChecked ?? []), `how the duration of up grows was not measured: ${growth}`] }
  const noisy = windowTooNoisy(growth)
  return {
    ...look,
    seen: look.seen.map((each) => ({ ...each, seen: { ...each.seen, growth } })),
    leftOut: [...(look.leftOut ?? []), ...(noisy === undefined ? [] : [{ because: noisy }])],
  }
}

/** Three databases with the same rows, one of them migrated. */
async function compare(subject: Subject, clones: CloneStages, plan: Plan): Promise<Look<DegradationObservation>> {
  const { options, reached, dataset } = plan
  const paths = parentsFirst(subject.plan.order, withParents(subject.legacy, reached))
  const rows = rowsInEach(options.rows, paths.length)
  return clones.run(async (before) => {
    if (dataset !== undefined) await before.look((session) => seedDataset(session, subject.plan, dataset, subject.takesRows))
    const touched = paths.filter((path) => reached.has(path))
    const known = await before.look((session) => callersUnderRowSecurity(subject, session, touched))
    const filled = await before.look((session) =>
      multiplyRows(session, subject.legacy, paths, { wanted: rows, spread: true, profile: options.profile }),
    )
    await settle(before)
    const found = await before.look((session) => timedStatements(subject, session, touched, filled.ways))
    const notChecked = [...filled.notFilled, ...filled.notProfiled, ...found.notTried, ...known.notTried]
    return clones.runCopy(before, (again) =>
      clones.runCopy(before, async (after): Promise<Look<DegradationObservation>> => {
        const outcome = await after.apply(subject.migration.up, { signal: plan.signal })
        if (outcome.outcome === 'failed') {
          const { message, sqlstate } = outcome.failure
          return { seen: [], leftOut: [{ because: `the migration fails on many rows: ${message} (${sqlstate})` }], notChecked }
        }
        await settle(after)
        const timing = { ...plan, subject, filled, manyRows: manyRowsOf(rows), callers: known.callers }
        const look = await timeAll({ before, after, again }, found.statements, timing)
        return { ...look, notChecked: [...notChecked, ...(look.notChecked ?? [])] }
      }),
    )
  })
}

/** What autovacuum would do soon, so that plans are those that clients get from then on. */
async function settle(stage: CloneStage): Promise<void> {
  await stage.look((session) => session.script('VACUUM (ANALYZE)'))
}

interface Timing extends Plan {
  readonly subject: Subject
  readonly filled: Multiplied
  readonly manyRows: number
  readonly callers: readonly Caller[]
}

/** One caller, with the statements that work before and after. */
interface Comparable {
  readonly caller: Caller | undefined
  readonly sides: Sides
  readonly works: readonly TimedStatement[]
  /** Of the others, what is worth telling. */
  readonly refused: readonly string[]
}

async function timeAll(
  stages: Sides<CloneStage>,
  statements: readonly TimedStatement[],
  timing: Timing,
): Promise<Look<DegradationObservation>> {
  const opened: Session[] = []
  const open = async (stage: CloneStage, caller: Caller | undefined) => {
    const session = caller === undefined ? await stage.connect() : await connectAs(stage, caller)
    opened.push(session)
    return session
  }
  try {
    const comparable: Comparable[] = []
    for (const caller of [undefined, ...timing.callers]) {
      const sides: Sides = {
        before: await open(stages.before, caller),
        after: await open(stages.after, caller),
        again: await open(stages.again, caller),
      }
      const tried = caller === undefined ? statements : statementsOf(caller, statements)
      comparable.push({ caller, sides, ...(await tryOnBoth(sides, tried, caller)) })
    }
    return await lookAt(comparable, statements, timing)
  } finally {
    for (const session of opened) await session.close()
  }
}

async function lookAt(
  comparable: readonly Comparable[],
  statements: readonly TimedStatement[],
  timing: Timing,
): Promise<Look<DegradationObservation>> {
  const notChecked = comparable.flatMap(({ refused }) => refused)
  const count = comparable.reduce((sum, each) => sum + each.works.length, 0)
  if (count === 0) {
    const because = 'no statement of clients works before and after up'
    // What the author declared is to be timed; what is derived is only what clients may send.
    if (statements.some((each) => each.given)) return { seen: [], leftOut: [{ because }], notChecked }
    return { seen: [], notApplicable: because, notChecked }
  }
  const timed = await timeInTurn(comparable, count, timing)
  const leftOut = timed.flatMap((each): readonly LeftOut[] => {
    const { state, because } = rulingOf(each)
    if (state !== 'not-checked') return []
    return [{ because: `the ${shownIn(each.name)}${howSent(each)}: ${because.replace(/\.$/, '')}` }]
  })
  const { filled, reached, manyRows } = timing
  const rows = new Map([...filled.rows].filter(([path]) => reached.has(path)))
  return { seen: [{ seen: { statements: timed, rows, manyRows, growth: undefined } }], leftOut, notChecked }
}

/** Statements that both databases take; what a role may not do before is no statement of its. */
async function tryOnBoth(
  { before, after }: Sides,
  statements: readonly TimedStatement[],
  caller: Caller | undefined,
): Promise<Pick<Comparable, 'works' | 'refused'>> {
  const works: TimedStatement[] = []
  const refused: string[] = []
  for (const statement of statements) {
    const atFirst = await refusalOf(before, statement)
    const afterwards = atFirst ?? (await refusalOf(after, statement))
    const who = caller === undefined ? '' : ` as ${caller.role}`
    if (afterwards === undefined) works.push(statement)
    else if (atFirst === undefined) refused.push(`the ${shownIn(statement.name)} was not timed${who}: it fails after up: ${afterwards}`)
    else if (caller === undefined) refused.push(`the ${shownIn(statement.name)} was not timed: it fails before up: ${atFirst}`)
  }
  return { works, refused }
}

/** Each statement in each way of sending it, with an equal share of the time that is left. */
async function timeInTurn(comparable: readonly Comparable[], count: number, timing: Timing): Promise<readonly StatementTimed[]> {
  const timed: StatementTimed[] = []
  const endMs = performance.now() + (timing.options.seconds ?? defaultSeconds) * 1000
  let left = count
  for (const { caller, sides, works } of comparable) {
    for (const statement of works) {
      const ways = waysOf(statement)
      for (const [way, sent] of ways.entries()) {
        const share = (endMs - performance.now()) / (ways.length * left - way)
        const one = await timeOne(sides, statement, sent, { ...timing, untilMs: performance.now() + share })
        timed.push({ ...one, role: caller?.role })
      }
      left -= 1
    }
  }
  return timed
}

function waysOf({ parts }: TimedStatement): readonly StatementTimed['sent'][] {
  return parts.some(({ planned }) => planned) ? ['plain', 'prepared'] : ['plain']
}

async function timeOne(
  sides: Sides,
  statement: TimedStatement,
  sent: StatementTimed['sent'],
  { subject, options, untilMs, limit, signal }: Timing & { readonly untilMs: number },
): Promise<Omit<StatementTimed, 'role'>> {
  const { name, given, relation, sql } = statement
  const most = statement.most ?? subject.migration.contract.performance?.most ?? options.most ?? defaultMost
  const timing = await timeStatement(sides, statement, sent, most, { untilMs, limit, signal })
  const [before, after] = [await explain(sides.before, statement), await explain(sides.after, statement)]
  const plans = before === undefined || after === undefined ? undefined : { before, after }
  return { name, given, relation, sql, most, plans, ...timing }
}
