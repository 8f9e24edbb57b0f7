import { InputError } from '../../errors.ts'
import { type OpenedDatabase, openDatabase, quoteName, type Session, withTransaction } from '../../postgres/index.ts'
import { askChecks, cancelOnAbort } from './ask.ts'
import { addObservations, createObservations, type Entry, hasObservations, readObservations } from './observations.ts'
import type { LoadedPlan } from './read-plan.ts'
import { withRefusals } from './refusal.ts'
import type { CheckAnswer } from './run-check.ts'

export interface ObserveOptions {
  readonly url: string
  readonly plan: LoadedPlan
  /** Make the table of observations where it is not there. */
  readonly create: boolean
  readonly signal: AbortSignal
  /** Gets a line for people before anything but an observation is written. */
  readonly say: (line: string) => void
}

/** What was seen and recorded: one observation for each check. */
export interface Observed {
  /** `host:port/database`. */
  readonly place: string
  /** By the server's clock. */
  readonly at: string
  readonly checks: readonly (CheckAnswer & { readonly text: string; readonly observation: number })[]
}

/**
 * Ask the checks of a plan, and record what they find. The checks see one moment and cannot write.
 *
 * @throws {InputError} where a check is no query for this database, or there is no table of observations and none may be made.
 * @throws {EnvironmentError} where the server does not answer, or the role may not read or record.
 */
export async function observe({ url, plan, create, signal, say }: ObserveOptions): Promise<Observed> {
  if (plan.checks.length === 0)
    throw new InputError(`"${plan.shown}" has no checks to observe`, {
      hint: 'What removes a relation is observed by godwit usage --record.',
    })
  const database = await openDatabase(url)
  await using session = await database.connect({ writes: true })
  using _ = cancelOnAbort(database, session, signal)
  await makeTable(session, database, { plan, create, say })
  return await withRefusals(`the plan "${plan.name}" cannot be observed in ${database.place}`, () =>
    withTransaction(
      session,
      async () => {
        const before = await readObservations(session, plan.observations, plan.name)
        await session.script('SAVEPOINT godwit; SET LOCAL transaction_read_only = on')
        const { at, answers } = await askChecks(session, plan, signal)
        await session.script('ROLLBACK TO SAVEPOINT godwit')
        const entries = plan.checks.map((check, index): Entry => {
          const { wrong, examples, seen } = answers[index] as CheckAnswer
          return { plan: plan.name, checkId: check.id, checkDigest: check.digest, at, wrong, examples, seen }
        })
        const numbers = await addObservations(session, plan.observations, before, entries)
        return { place: database.place, at, checks: answers.map((answer, index) => ({ ...answer, ...recorded(plan, numbers, index) })) }
      },
      'ISOLATION LEVEL REPEATABLE READ READ WRITE',
    ),
  )
}

function recorded(
  { checks }: LoadedPlan,
  numbers: readonly number[],
  index: number,
): { readonly text: string; readonly observation: number } {
  return { text: checks[index]?.text ?? '', observation: numbers[index] ?? 0 }
}

async function makeTable(
  session: Session,
  { place }: OpenedDatabase,
  { plan, create, say }: Pick<ObserveOptions, 'plan' | 'create' | 'say'>,
): Promise<void> {
  const table = plan.observations
  if (await hasObservations(session, table)) return
  if (!create)
    throw new InputError(`${place} has no table ${quoteName(table)} for observations`, {
      hint: 'Run it once with --create, as a role that may make it. Nothing else is made.',
    })
  await withRefusals(`the table ${quoteName(table)} cannot be made in ${place}`, () =>
    withTransaction(session, () => createObservations(session, table)),
  )
  say(`made      the table ${quoteName(table)}`)
}
