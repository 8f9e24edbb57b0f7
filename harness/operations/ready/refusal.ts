import { EnvironmentError, type GodwitError, InputError } from '../../errors.ts'
import { StatementError } from '../../postgres/index.ts'

/** What PostgreSQL refused, as an error of ours: of what is written in the plan (exit code 2), or of rights, locks and the server (3). */
export function refusalOf(error: StatementError, message: string): GodwitError {
  const { sqlstate, fields } = error
  const more = { detail: `${fields.message} (${sqlstate}).`, hint: hints[sqlstate], cause: error }
  const isOfThePlan = sqlstate !== '42501' && /^(25|3F|42)/.test(sqlstate)
  if (isOfThePlan) return new InputError(message, { hint: 'Is it the right database, and was the migration applied?', ...defined(more) })
  return new EnvironmentError(message, more)
}

const hints: Readonly<Record<string, string>> = {
  '23505': 'Somebody else has just recorded an observation of this plan. Run it again.',
  '25001': 'Checks and clean-up run in one transaction. Run this statement by itself, before or afterwards.',
  '25006': 'A check only reads, and may call no function that writes. A standby cannot record observations.',
  '40P01': 'Another session waited for us while we waited for it. Nothing was changed. Try again.',
  '42501': 'Grant the role what it lacks. A role from which row security hides rows is refused too.',
  '55P03': 'Another session holds the lock of a table. Nothing was changed. Try again when it has ended.',
}

function defined<Fields extends object>(fields: Fields): Partial<Fields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<Fields>
}

/** Do `work`, whose statements may be refused. */
export async function withRefusals<Result>(message: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work()
  } catch (error) {
    throw error instanceof StatementError ? refusalOf(error, message) : error
  }
}
