import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Session } from 'godwit'
import contract from '../../migrations/stock-batches/contract.ts'
import { type LegacyData, seedLegacyData } from './legacy-data.ts'
import { readState, type State } from './state.ts'

/** A folder with `legacy.sql`, `up.sql` and `down.sql`. */
export interface Scripts {
  readonly legacy: string
  readonly up: string
  readonly down: string
  /** Its own verification queries. */
  readonly verification: string
}

export const corrected = readScripts('migrations/stock-batches')
export const asPlanned = readScripts('fixtures/specimens/stock-batches-as-planned')

/** What the copy of the plan demands of an item. A status it demands only of items with stock. */
export const demanded = ['quantityInStock', 'costPerUnitUSD', 'freightCostUSD'] as const

/** What one data set went through. */
export type Passage =
  | { readonly outcome: 'refused'; readonly sqlstate: string }
  | {
      readonly outcome: 'passed'
      readonly before: State
      readonly after: State
      readonly reverted: State
      readonly measures: readonly MeasurePair[]
    }

/** A measure of the contract: value by key, exact decimals without trailing zeros; the total under the key `total`. */
export interface MeasurePair {
  readonly name: string
  readonly before: ReadonlyMap<string, string>
  readonly after: ReadonlyMap<string, string>
}

/** Seed, up and down in a transaction that is rolled back; the database holds the legacy schema and no rows. */
export async function pass(session: Session, scripts: Scripts, data: LegacyData): Promise<Passage> {
  return passSeeded(session, scripts, () => seedLegacyData(session, data))
}

/** The same, with rows that the caller inserts. */
export async function passSeeded(session: Session, scripts: Scripts, seed: () => Promise<unknown>): Promise<Passage> {
  return rolledBack(session, async () => {
    await seed()
    const before = await readState(session)
    const measuredBefore = await measure(session, 'before')
    const sqlstate = await failureOf(session.script(scripts.up))
    if (sqlstate !== undefined) return { outcome: 'refused', sqlstate }
    const after = await readState(session)
    const measuredAfter = await measure(session, 'after')
    await session.script(scripts.down)
    const reverted = await readState(session)
    const measures = measuredBefore.map(({ name, values }, index) => ({
      name,
      before: values,
      after: measuredAfter[index]?.values ?? new Map(),
    }))
    return { outcome: 'passed', before, after, reverted, measures }
  })
}

/** Do the work inside a transaction and roll it back, whatever comes of it. */
export async function rolledBack<Result>(session: Session, work: () => Promise<Result>): Promise<Result> {
  await session.script('BEGIN')
  try {
    return await work()
  } finally {
    await session.script('ROLLBACK')
  }
}

/** The SQLSTATE that the work failed with; `undefined` when it did not. */
export async function failureOf(work: Promise<unknown>): Promise<string | undefined> {
  try {
    await work
    return undefined
  } catch (error) {
    if (error instanceof Error && 'sqlstate' in error && typeof error.sqlstate === 'string') return error.sqlstate
    throw error
  }
}

async function measure(
  session: Session,
  side: 'before' | 'after',
): Promise<readonly { name: string; values: ReadonlyMap<string, string> }[]> {
  const measured = []
  for (const { name, [side]: sql } of contract.measures ?? []) {
    const rows = await session.query<{ key: string; value: string }>(
      `WITH m AS (${sql}) SELECT 'item ' || key AS key, trim_scale(value)::text AS value FROM m
      UNION ALL SELECT 'total', trim_scale(coalesce(sum(value), 0))::text FROM m`,
    )
    measured.push({ name, values: new Map(rows.map(({ key, value }) => [key, value])) })
  }
  return measured
}

/** A file of the repository, as text. */
export function readText(path: string): string {
  return readFileSync(resolve(import.meta.dirname, '../..', path), 'utf8')
}

function readScripts(directory: string): Scripts {
  const read = (file: string) => readText(`${directory}/${file}`)
  return { legacy: read('legacy.sql'), up: read('up.sql'), down: read('down.sql'), verification: read('verification.sql') }
}
