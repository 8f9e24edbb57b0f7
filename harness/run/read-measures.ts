import { InputError } from '../errors.ts'
import type { Measure } from '../migration/index.ts'
import { type Session, StatementError } from '../postgres/index.ts'
import type { MeasureReading } from './observation.ts'

/** Read all measures of one side, in one message. */
export async function readMeasures(
  session: Session,
  measures: readonly Measure[],
  side: 'before' | 'after',
): Promise<readonly ReadonlyMap<string, string | null>[]> {
  if (measures.length === 0) return []
  const results = await session.script(measures.map((measure) => measure[side]).join('\n;\n')).catch((error: unknown) => {
    if (!(error instanceof StatementError)) throw error
    throw new InputError(`a measure of the contract fails ${side} the migration: ${error.message} (${error.sqlstate})`, {
      cause: error,
      hint: 'Each measure is one SELECT of two columns, key and value.',
    })
  })
  return measures.map(
    (_, at) => new Map(results[at]?.rows.map((row) => (row.length > 1 ? [row[0] ?? '', row[1] ?? null] : ['', row[0] ?? null])) ?? []),
  )
}

/** Each measure with both sides. */
export function pairMeasures(
  measures: readonly Measure[],
  before: readonly ReadonlyMap<string, string | null>[],
  after: readonly ReadonlyMap<string, string | null>[],
): readonly MeasureReading[] {
  return measures.map((measure, at) => ({
    name: measure.name,
    relation: measure.relation,
    attribute: measure.attribute,
    before: before[at] ?? new Map(),
    after: after[at] ?? new Map(),
  }))
}
