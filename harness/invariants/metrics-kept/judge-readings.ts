import { compareNumbers } from '../../lineage/index.ts'
import type { MetricReading, MetricRows } from '../../run/index.ts'

/** A rule that a metric does not keep. */
export interface BrokenRule {
  readonly kind: 'below-minimum' | 'above-maximum' | 'changed'
  readonly reading: MetricReading
  /** In the order of the query: `status=OPEN`; empty for a metric without labels. */
  readonly labels: string
  readonly before: string | null
  readonly after: string | null
  /** How many rows of the metric do not keep it, and how many there are. */
  readonly broken: number
  readonly of: number
  /** One sentence. */
  readonly message: string
}

/** A metric that tells nothing. */
export interface Silent {
  readonly because: string
  /** Whether other rows may make up for it. */
  readonly usual: boolean
}

/** What metrics say of one state. */
export interface MetricsJudged {
  readonly broken: readonly BrokenRule[]
  readonly silent: readonly Silent[]
  /** Numbers that were held against a rule. */
  readonly read: number
}

/** Hold each metric against its rules: the one place that does, for generated rows and for real ones. Pure. */
export function judgeReadings(readings: readonly MetricReading[]): MetricsJudged {
  const judged = readings.map(judgeReading)
  return {
    broken: judged.flatMap(({ broken }) => broken),
    silent: judged.flatMap(({ silent }) => silent),
    read: judged.reduce((sum, { read }) => sum + read, 0),
  }
}

/** Of one metric. */
export function judgeReading(reading: MetricReading): MetricsJudged {
  const { before, after } = reading
  const keys = [...new Set([...(before?.values.keys() ?? []), ...after.values.keys()])].toSorted()
  const rows = keys.map((key): Row => ({ key, before: before?.values.get(key) ?? null, after: after.values.get(key) ?? null }))
  const broken = rulesOf(reading).flatMap(([kind, isBroken, rule]) => {
    const found = rows.filter(isBroken)
    const [first] = found
    return first === undefined ? [] : [describe(reading, kind, rule, first, { broken: found.length, of: rows.length })]
  })
  // A broken rule is enough: that some number is missing need not be said as well.
  return { broken, silent: broken.length > 0 ? [] : silentIn(reading), read: [...after.values.values()].filter(isGiven).length }
}

interface Row {
  readonly key: string
  readonly before: string | null
  readonly after: string | null
}

type RuleOfMetric = readonly [kind: BrokenRule['kind'], isBroken: (row: Row) => boolean, rule: string]

function rulesOf({ metric: { min, max, unchanged } }: MetricReading): readonly RuleOfMetric[] {
  return [
    ...(min === undefined ? [] : [['below-minimum', (row) => isLess(row.after, boundOf(min, row)), leastText(min)] as RuleOfMetric]),
    ...(max === undefined ? [] : [['above-maximum', (row) => isLess(boundOf(max, row), row.after), mostText(max)] as RuleOfMetric]),
    ...(unchanged === undefined
      ? []
      : [['changed', ({ before, after }) => isLess(before, after) || isLess(after, before), 'must stay the same'] as RuleOfMetric]),
  ]
}

/** Undefined: no bound for this row. */
function boundOf(bound: number | 'before', { before, after }: Row): string | null | undefined {
  if (bound === 'before') return before
  return after === null ? undefined : String(bound)
}

function leastText(min: number | 'before'): string {
  return min === 'before' ? 'must not be less than before' : `must be at least ${min}`
}

function mostText(max: number | 'before'): string {
  return max === 'before' ? 'must not be more than before' : `must be at most ${max}`
}

/** No number is less than any number. */
function isLess(left: string | null | undefined, right: string | null | undefined): boolean {
  if (left === undefined || right === undefined || right === null) return false
  return left === null || (compareNumbers(left, right) ?? 0) < 0
}

function describe(
  reading: MetricReading,
  kind: BrokenRule['kind'],
  rule: string,
  { key, before, after }: Row,
  counts: Pick<BrokenRule, 'broken' | 'of'>,
): BrokenRule {
  const labels = labelText(reading, key)
  const { name } = reading.metric
  const compared = reading.before === undefined ? '' : `, ${shown(before)} before it`
  const others = counts.of === 1 ? '' : ` (${counts.broken} of ${counts.of} rows of the metric)`
  const of = labels === '' ? '' : ` for ${labels}`
  const message = `the metric "${name}"${of} is ${shown(after)} after the migration${compared}; it ${rule}${others}`
  return { kind, reading, labels, before, after, ...counts, message }
}

function shown(value: string | null): string {
  return value ?? 'without a number'
}

function labelText({ after, before }: MetricReading, key: string): string {
  const cells: readonly (string | null)[] = JSON.parse(key)
  const names = after.labels.length === cells.length ? after.labels : before?.labels
  return cells.map((cell, at) => `${names?.[at] ?? at + 1}=${cell ?? 'NULL'}`).join(', ')
}

/** Why the metric tells nothing here, where it does not. A query with labels may give no row: there may be nothing to label. */
function silentIn({ metric: { name }, before, after }: MetricReading): readonly Silent[] {
  const gives = (rows: MetricRows, side: string): readonly Silent[] => {
    if (rows.values.size === 0)
      return [{ because: `the metric "${name}" gives no row ${side} the migration`, usual: rows.labels.length > 0 }]
    if ([...rows.values.values()].every(isGiven)) return []
    return [{ because: `the metric "${name}" gives NULL ${side} the migration`, usual: false }]
  }
  return [...(before === undefined ? [] : gives(before, 'before')), ...gives(after, 'after')]
}

function isGiven(value: string | null): boolean {
  return value !== null
}
