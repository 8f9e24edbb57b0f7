import { EnvironmentError } from '../../errors.ts'
import { applyStep, type Failure } from '../../migration/index.ts'
import {
  type OpenedDatabase,
  openDatabase,
  pathOf,
  quoteName,
  type Session,
  StatementError,
  shownName,
  withTransaction,
} from '../../postgres/index.ts'
import { judgeCode, judgeDatabase, type RemovalCheck } from '../remove/judge-removal.ts'
import { askChecks, cancelOnAbort } from './ask.ts'
import { type CheckReadiness, judgeCheck } from './judge.ts'
import { type LockedTable, lockTables } from './lock-tables.ts'
import { addObservations, cleanUpId, type Observation, readObservations } from './observations.ts'
import type { LoadedPlan } from './read-plan.ts'
import { refusalOf, withRefusals } from './refusal.ts'
import type { CheckAnswer } from './run-check.ts'

export interface ReadyOptions {
  readonly url: string
  readonly plan: LoadedPlan
  /** Run the clean-up if everything is ready. */
  readonly run: boolean
  readonly signal: AbortSignal
  /** Gets a line for people before anything is locked. */
  readonly say: (line: string) => void
}

/** Whether a clean-up may run, or has run. */
export interface Readiness {
  /** `host:port/database`. */
  readonly place: string
  /** By the server's clock. */
  readonly at: string
  readonly checks: readonly CheckReadiness[]
  /** Whether anything still uses what goes; empty where the plan removes nothing. */
  readonly removal: readonly RemovalCheck[]
  /** What the clean-up itself was refused with; nothing was changed then. */
  readonly failure: Pick<Failure, 'file' | 'line' | 'message' | 'sqlstate' | 'hint'> | undefined
  readonly ready: boolean
  /** Whether the clean-up has run and is committed. */
  readonly ran: boolean
}

/**
 * Say whether the clean-up of a plan may run, and run it if that is asked for.
 *
 * With `run`, checks and clean-up are one transaction, in which nobody else can write to the tables that the checks read. Whatever refuses
 * leaves the database as it was.
 *
 * @throws {InputError} where a check or the clean-up is not for this database, or there is no table of observations.
 * @throws {EnvironmentError} where the server does not answer, a right is missing, or a lock is not given in time.
 */
export async function ready({ url, plan, run, signal, say }: ReadyOptions): Promise<Readiness> {
  const database = await openDatabase(url)
  await using session = await database.connect({ writes: run, lockTimeoutMs: plan.lockWaitMs })
  using _ = cancelOnAbort(database, session, signal)
  const { place } = database
  // First without locks: where it is not ready, nobody has to wait.
  const code = plan.removes === undefined ? [] : [await judgeCode(plan.removes, signal)]
  const asked = { database, session, plan, code, signal }
  const looked = await withRefusals(`the plan "${plan.name}" cannot be judged in ${place}`, () =>
    withTransaction(session, () => look(asked), 'ISOLATION LEVEL REPEATABLE READ READ ONLY'),
  )
  const readiness: Readiness = { place, ...looked.judged, failure: undefined, ran: false }
  if (!run || !readiness.ready) return readiness
  const tables = toLock(plan, looked.tables)
  const named = tables.map((table) => shownName(pathOf(table))).join(', ')
  say(`locks     ${named === '' ? 'no table' : `${named}: writers wait`}`)
  say(`runs      ${plan.cleanUp.file} in the same transaction as the checks`)
  return { place, ...(await cleanUp(asked, tables)) }
}

interface Look {
  readonly judged: Pick<Readiness, 'at' | 'checks' | 'removal' | 'ready'>
  readonly observations: readonly Observation[]
  /** What the checks have read. */
  readonly tables: readonly LockedTable[]
}

interface Asked {
  readonly database: OpenedDatabase
  readonly session: Session
  readonly plan: LoadedPlan
  /** What files say, which no lock keeps as they are. */
  readonly code: readonly RemovalCheck[]
  readonly signal: AbortSignal
}

async function look({ database, session, plan, code, signal }: Asked): Promise<Look> {
  const observations = plan.checks.length === 0 ? [] : await readObservations(session, plan.observations, plan.name)
  const { at, answers, tables: read } = await askChecks(session, plan, signal)
  const { cleanDays } = plan
  const checks = plan.checks.map((check, index) => judgeCheck(check, answers[index] as CheckAnswer, { observations, now: at, cleanDays }))
  // The observations are read by us alone.
  const tables = read.filter((table) => quoteName(table) !== quoteName(plan.observations))
  const removal = plan.removes === undefined ? [] : [...code, ...(await judgeDatabase(database, session, plan.removes))]
  const ready = [...checks, ...removal].every(({ reasons }) => reasons.length === 0)
  return { judged: { at, checks, removal, ready }, observations, tables }
}

function toLock({ locks, name }: LoadedPlan, read: readonly LockedTable[]): readonly LockedTable[] {
  const [other] = read.filter(({ kind }) => kind === 'm' || kind === 'f')
  if (other !== undefined)
    throw new EnvironmentError(`the clean-up of "${name}" cannot be guarded`, {
      detail: `A check reads ${shownName(pathOf(other))}, a ${other.kind === 'm' ? 'materialized view' : 'foreign table'}. PostgreSQL cannot lock it against writers.`,
      hint: 'Let the check read the tables beneath.',
    })
  return [...locks.map((table) => ({ ...table, kind: 'r' })), ...read]
}

type CleanedUp = Omit<Readiness, 'place'>

async function cleanUp(asked: Asked, tables: readonly LockedTable[]): Promise<CleanedUp> {
  const { session, plan, signal } = asked
  let judged: Look['judged'] | undefined
  try {
    // Not one snapshot for all: each statement sees what was committed while the locks were waited for.
    return await withTransaction(
      session,
      async () => {
        await lockTables(session, tables)
        const looked = await look(asked)
        judged = looked.judged
        refuseUnlocked(looked.tables, tables)
        if (!judged.ready) throw new Refused({ ...judged, failure: undefined, ran: false })
        if (plan.checks.length > 0) await record(session, plan, looked)
        const outcome = await applyStep(session, { kind: 'sql', script: plan.cleanUp }, { enclosed: true, signal })
        if (outcome.outcome === 'failed') throw new Refused({ ...judged, ...failed(plan, outcome.failure) })
        signal.throwIfAborted()
        return { ...judged, failure: undefined, ran: true }
      },
      'ISOLATION LEVEL READ COMMITTED READ WRITE',
    )
  } catch (error) {
    if (error instanceof Refused) return error.answer
    if (!(error instanceof StatementError)) throw error
    if (judged !== undefined && isRefusal(error.sqlstate)) return { ...judged, ...refusedBy({ ...error.fields, ...atEnd(plan) }) }
    throw refusalOf(error, `the clean-up of "${plan.name}" did not run`)
  }
}

/** Leaves the transaction, so that it is rolled back. */
class Refused extends Error {
  readonly answer: CleanedUp

  constructor(answer: CleanedUp) {
    super('not ready')
    this.answer = answer
  }
}

/** The clean-up's own refusal is an answer: RAISE, a constraint. A lock, a right, or SQL that does not fit the database is an error. */
function isRefusal(sqlstate: string): boolean {
  return /^(22|23|P0)/.test(sqlstate)
}

function failed(plan: LoadedPlan, failure: Failure): Pick<CleanedUp, 'ready' | 'failure' | 'ran'> {
  if (isRefusal(failure.sqlstate)) return refusedBy(failure)
  throw refusalOf(new StatementError(failure), `${failure.file}:${failure.line}: the clean-up of "${plan.name}" did not run`)
}

type Refusal = NonNullable<Readiness['failure']>

function refusedBy({ file, line, message, sqlstate, hint }: Refusal): Pick<CleanedUp, 'ready' | 'failure' | 'ran'> {
  return { ready: false, failure: { file, line, message, sqlstate, ...(hint === undefined ? {} : { hint }) }, ran: false }
}

/** COMMIT checks deferred constraints. */
function atEnd({ cleanUp: { file, statements } }: LoadedPlan): Pick<Refusal, 'file' | 'line'> {
  return { file, line: statements.at(-1)?.line ?? 1 }
}

/** Between the first look and the locks, a view or a function may have changed. */
function refuseUnlocked(read: readonly LockedTable[], locked: readonly LockedTable[]): void {
  const [other] = read.filter((table) => !locked.some((each) => quoteName(each) === quoteName(table)))
  if (other === undefined) return
  throw new EnvironmentError('the clean-up did not run: the schema has just changed', {
    detail: `A check reads ${shownName(pathOf(other))} now, which it did not read before. Nothing was changed.`,
    hint: 'Run it again.',
  })
}

/** First, since the clean-up may change the role or drop what we need. It counts only if the transaction is committed. */
async function record(session: Session, plan: LoadedPlan, { judged, observations }: Look): Promise<void> {
  const entry = { plan: plan.name, checkId: cleanUpId, checkDigest: plan.cleanUpDigest, at: judged.at, wrong: 0, examples: [], seen: '0' }
  await addObservations(session, plan.observations, observations, [entry])
}
