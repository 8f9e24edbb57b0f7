import { InputError } from '../errors.ts'
import type { Metric } from '../migration/index.ts'
import { type Session, StatementError } from '../postgres/index.ts'

/** What the query of a metric gave: labels → number as text. */
export interface MetricRows {
  /** Names of the columns before the last one. */
  readonly labels: readonly string[]
  /** By the JSON text of the cells of its labels: `[]` for a metric without labels. */
  readonly values: ReadonlyMap<string, string | null>
}

/** One declared metric on one run. */
export interface MetricReading {
  readonly metric: Metric
  /** Undefined where no rule compares. */
  readonly before: MetricRows | undefined
  readonly after: MetricRows
}

/** Whether a rule of the metric compares with what was before `up`. */
export function comparesWithBefore({ min, max, unchanged }: Metric): boolean {
  return unchanged === true || min === 'before' || max === 'before'
}

/**
 * Read metrics before `up`: those that a rule compares.
 *
 * @throws {InputError} Where a query fails, or does not give numbers, each with other labels.
 */
export async function readMetricsBefore(session: Session, metrics: readonly Metric[]): Promise<ReadonlyMap<Metric, MetricRows>> {
  const read = new Map<Metric, MetricRows>()
  for (const metric of metrics.filter(comparesWithBefore))
    read.set(metric, await readRows(session, metric, metric.before ?? metric.sql, 'before'))
  return read
}

/**
 * Read metrics after `up`.
 *
 * @param before  What `readMetricsBefore` gave.
 * @throws {InputError} As `readMetricsBefore`.
 */
export async function readMetricsAfter(
  session: Session,
  metrics: readonly Metric[],
  before: ReadonlyMap<Metric, MetricRows>,
): Promise<readonly MetricReading[]> {
  const read: MetricReading[] = []
  for (const metric of metrics)
    read.push({ metric, before: before.get(metric), after: await readRows(session, metric, metric.sql, 'after') })
  return read
}

async function readRows(session: Session, { name, before }: Metric, sql: string, side: 'before' | 'after'): Promise<MetricRows> {
  const where = `the metric "${name}" of the contract, read ${side} the migration,`
  // As a subquery it can only be one SELECT that writes nothing.
  const results = await session.script(`SELECT * FROM (\n${sql.trim().replace(/;+$/, '')}\n) AS metric`).catch((error: unknown) => {
    if (!(error instanceof StatementError)) throw error
    throw new InputError(`${where} fails: ${error.message} (${error.sqlstate})`, {
      cause: error,
      hint:
        side === 'before' && before === undefined
          ? 'It is read before the migration too, because a rule compares. If it names what only the migration makes, give it `before`, a query for the old schema.'
          : 'A metric is one SELECT. Its last column is a number; the columns before it are labels.',
    })
  })
  const { fields = [], rows = [] } = results.at(-1) ?? {}
  const values = new Map<string, string | null>()
  for (const row of rows) {
    const [labels, value = null] = [row.slice(0, -1), row.at(-1)]
    const key = JSON.stringify(labels)
    if (values.has(key))
      throw new InputError(
        `${where} gives ${labels.length === 0 ? `${rows.length} rows of one column` : `two rows with the labels ${key}`}`,
        { hint: 'Give one row, or columns before the number that tell the rows apart.' },
      )
    if (value !== null && !isNumber(value))
      throw new InputError(`${where} gives ${JSON.stringify(value)}, which is no number`, {
        hint: 'The last column must be a number: count(*), sum(…), or a condition as (…)::int.',
      })
    values.set(key, value)
  }
  return { labels: fields.slice(0, -1).map((each) => each.name), values }
}

/** As PostgreSQL prints numbers of any type. */
function isNumber(value: string): boolean {
  return /^-?(\d+(\.\d+)?(e[-+]?\d+)?|Infinity)$|^NaN$/.test(value)
}
