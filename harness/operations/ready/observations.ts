import { createHash } from 'node:crypto'
import { InputError } from '../../errors.ts'
import { quoteIdentifier, quoteName, type RelationName, type Session, StatementError } from '../../postgres/index.ts'
import type { WrongRow } from './run-check.ts'

/** What one check found at one time, or (with `cleanUpId`) that the clean-up ran. */
export interface Entry {
  readonly plan: string
  readonly checkId: string
  /** Hex sha256 of the check's SQL, or of the clean-up. */
  readonly checkDigest: string
  /** By the server's clock, in UTC: `2026-11-29T17:03:21.123456Z`. */
  readonly at: string
  readonly wrong: number
  readonly examples: readonly WrongRow[]
  readonly seen: string
}

/** An entry as the table has it. */
export interface Observation extends Entry {
  readonly number: number
  /** Digest of the entry before it, of the same plan and check; empty for the first. */
  readonly previous: string
  /** Of all of this, `previous` included. */
  readonly digest: string
}

/** Stands for the id of a check where the clean-up ran; no check can have it. */
export const cleanUpId = '(clean-up)'

/** The digest that an entry must have where it follows `previous`. */
export function digestOfEntry({ plan, checkId, checkDigest, at, wrong, examples, seen }: Entry, previous: string): string {
  return createHash('sha256')
    .update(JSON.stringify([plan, checkId, checkDigest, at, wrong, examples, seen, previous]))
    .digest('hex')
}

/** Whether the table is there. */
export async function hasObservations(session: Session, table: RelationName): Promise<boolean> {
  const { there } = await session.one<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [quoteName(table)])
  return there
}

/** Make the table, and its schema where that is not there. */
export async function createObservations(session: Session, table: RelationName): Promise<void> {
  const { there } = await session.one<{ there: boolean }>('SELECT to_regnamespace($1) IS NOT NULL AS there', [
    quoteIdentifier(table.schema),
  ])
  if (!there) await session.script(`CREATE SCHEMA ${quoteIdentifier(table.schema)}`)
  // Two observers at once would write the same "previous": the second one is refused.
  await session.script(`CREATE TABLE ${quoteName(table)} (
  number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  plan text NOT NULL,
  check_id text NOT NULL,
  check_digest text NOT NULL,
  observed_at timestamptz NOT NULL,
  wrong bigint NOT NULL CHECK (wrong >= 0),
  examples json NOT NULL,
  seen text NOT NULL,
  previous text NOT NULL,
  digest text NOT NULL,
  UNIQUE (plan, check_id, previous)
);
COMMENT ON TABLE ${quoteName(table)} IS 'What "godwit observe" saw: one row for each check. Rows are only added.'`)
}

/**
 * The observations of a plan, in the order in which they were recorded.
 *
 * @throws {InputError} where there is no table, or it is a table of something else.
 */
export async function readObservations(session: Session, table: RelationName, plan: string): Promise<readonly Observation[]> {
  if (!(await hasObservations(session, table)))
    throw new InputError(`there is no table ${quoteName(table)} with observations`, {
      hint: 'Make it once: godwit observe PLAN --create --url …',
    })
  try {
    const rows = await session.query<Omit<Observation, 'number' | 'wrong'> & { readonly number: string; readonly wrong: string }>(
      `SELECT number, plan, check_id AS "checkId", check_digest AS "checkDigest",
              coalesce(${utcText('observed_at')}, observed_at::text) AS at,
              wrong, examples, seen, previous, digest
         FROM ${quoteName(table)} AS o WHERE plan = $1 ORDER BY o.number`,
      [plan],
    )
    return rows.map((row) => ({ ...row, number: Number(row.number), wrong: Number(row.wrong), examples: rowsIn(row.examples) }))
  } catch (error) {
    if (!(error instanceof StatementError) || error.sqlstate !== '42703') throw error
    throw new InputError(`${quoteName(table)} is not a table of observations`, { detail: `${error.message} (42703).`, cause: error })
  }
}

/** SQL for a timestamp with time zone as `Entry.at` has it. */
export function utcText(sql: string): string {
  return `to_char(${sql} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`
}

/** What somebody else wrote there is shown as it is; it does not fit the digest. */
function rowsIn(examples: unknown): readonly WrongRow[] {
  const isRows = Array.isArray(examples) && examples.every((row) => Array.isArray(row) && row.every(Array.isArray))
  return isRows ? (examples as unknown as readonly WrongRow[]) : [[['examples', JSON.stringify(examples)]]]
}

/**
 * Add entries of one plan, each after the last one of the same check.
 *
 * @param before  All observations of the plan so far.
 * @throws {StatementError} `23505` where somebody else added one meanwhile.
 */
export async function addObservations(
  session: Session,
  table: RelationName,
  before: readonly Observation[],
  entries: readonly Entry[],
): Promise<readonly number[]> {
  const numbers: number[] = []
  for (const entry of entries) {
    const previous = before.findLast(({ checkId }) => checkId === entry.checkId)?.digest ?? ''
    const { number } = await session.one<{ number: string }>(
      `INSERT INTO ${quoteName(table)} (plan, check_id, check_digest, observed_at, wrong, examples, seen, previous, digest)
       VALUES ($1, $2, $3, $4::text::timestamptz, $5, $6, $7, $8, $9) RETURNING number`,
      [
        entry.plan,
        entry.checkId,
        entry.checkDigest,
        entry.at,
        entry.wrong,
        JSON.stringify(entry.examples),
        entry.seen,
        previous,
        digestOfEntry(entry, previous),
      ],
    )
    numbers.push(Number(number))
  }
  return numbers
}

/** What is wrong with the entries of one check by themselves, in sentences that name the observation; empty where nothing is. */
export function tamperedWith(entries: readonly Observation[], now: string): readonly string[] {
  return entries.flatMap((each, at) => {
    const before = entries[at - 1]
    const named = `observation ${each.number} (${each.at})`
    return [
      ...(each.digest === digestOfEntry(each, each.previous) ? [] : [`${named} was edited: its digest does not fit what it says`]),
      ...(before === undefined || each.previous === before.digest
        ? []
        : [`${named} does not follow observation ${before.number}: one between them was removed, or one of them was edited`]),
      ...(each.at > now ? [`${named} is dated later than the server's clock (${now})`] : []),
      ...(before !== undefined && each.at < before.at
        ? [`${named} is dated before observation ${before.number} (${before.at}), which was recorded first`]
        : []),
    ]
  })
}
