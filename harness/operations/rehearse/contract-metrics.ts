import { InputError } from '../../errors.ts'
import { judgeReading } from '../../invariants/index.ts'
import type { Metric } from '../../migration/index.ts'
import type { Session } from '../../postgres/index.ts'
import { type MetricReading, type MetricRows, readMetricsAfter } from '../../run/index.ts'
import type { FindingDraft } from './judge-checks.ts'
import type { Mask } from './mask.ts'
import type { ContractMetric } from './model.ts'

const MOST_ROWS = 20

/** A metric on the migrated copy; a reason where it cannot be read. */
export type MetricOnCopy =
  | { readonly metric: Metric; readonly reading: MetricReading }
  | { readonly metric: Metric; readonly because: string }

/**
 * Read the metrics of the contract after `up`. Labels are masked; numbers are shown as totals are.
 *
 * @param before  What they were before `up`.
 */
export async function readMetricsOnCopy(
  session: Session,
  metrics: readonly Metric[],
  before: ReadonlyMap<Metric, MetricRows>,
  mask: Mask,
): Promise<readonly MetricOnCopy[]> {
  const read: MetricOnCopy[] = []
  for (const metric of metrics) {
    try {
      const readings = await readMetricsAfter(session, [metric], before)
      read.push(...readings.map((reading) => ({ metric, reading: masked(reading, mask) })))
    } catch (error) {
      // What is wrong with it is known only after `up`: the copy is migrated, and all else can be judged.
      if (!(error instanceof InputError)) throw error
      read.push({ metric, because: error.message })
    }
  }
  return read
}

function masked(reading: MetricReading, mask: Mask): MetricReading {
  const rows = ({ labels, values }: MetricRows): MetricRows => ({
    labels,
    values: new Map([...values].map(([key, value]) => [maskedKey(key, mask), value])),
  })
  return { ...reading, before: reading.before === undefined ? undefined : rows(reading.before), after: rows(reading.after) }
}

function maskedKey(key: string, mask: Mask): string {
  const cells: readonly (string | null)[] = JSON.parse(key)
  return JSON.stringify(cells.map((cell) => (cell === null ? null : mask(cell))))
}

/** The findings that they make. */
export function metricFindings(metrics: readonly MetricOnCopy[]): readonly FindingDraft[] {
  return metrics.flatMap((each) => {
    if ('because' in each) return []
    const { name, relation = null } = each.metric
    return judgeReading(each.reading).broken.map(({ kind, message }) => ({
      invariant: 'metrics-kept',
      kind,
      message,
      relation,
      subject: name,
    }))
  })
}

/** As the report has them. */
export function metricResults(metrics: readonly MetricOnCopy[]): readonly ContractMetric[] {
  return metrics.map((each): ContractMetric => {
    const { name } = each.metric
    const rule = ruleText(each.metric)
    if ('because' in each) return { name, rule, keeps: null, because: each.because, rows: 0, values: [] }
    const { before, after } = each.reading
    const { broken, silent } = judgeReading(each.reading)
    const keys = [...new Set([...(before?.values.keys() ?? []), ...after.values.keys()])].toSorted()
    const values = keys.slice(0, MOST_ROWS).map((key) => ({
      labels: (JSON.parse(key) as (string | null)[]).map((cell) => cell ?? 'NULL').join(', '),
      before: before?.values.get(key) ?? null,
      after: after.values.get(key) ?? null,
    }))
    const [quiet] = silent
    const keeps = broken.length > 0 ? false : quiet === undefined ? true : null
    return { name, rule, keeps, because: quiet?.because ?? '', rows: keys.length, values }
  })
}

function ruleText({ min, max, unchanged }: Metric): string {
  const bound = (value: number | 'before') => (value === 'before' ? 'before' : String(value))
  return [
    ...(min === undefined ? [] : [`at least ${bound(min)}`]),
    ...(max === undefined ? [] : [`at most ${bound(max)}`]),
    ...(unchanged === undefined ? [] : ['unchanged']),
  ].join(', ')
}
