import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readSources, verifyOn } from '../../harness/history/index.ts'
import type { Cluster } from '../../harness/postgres/index.ts'
import type { FindingResult, MigrationResult } from '../../harness/result/index.ts'
import type { VerifyOptions } from '../../harness/verify/index.ts'

/** A label: what the harness must find, or may find. */
export interface Label {
  readonly invariant: string
  readonly kind: string
  readonly severity: string
  readonly relation?: string
  readonly attribute?: string
  readonly object?: string
  readonly why: string
}

export interface Expected {
  readonly title: string
  readonly hazards: readonly string[]
  readonly sound: boolean
  readonly findings: readonly Label[]
  readonly optional: readonly Label[]
}

/** One pair, measured. */
export interface Measured {
  readonly id: string
  readonly expected: Expected
  readonly found: readonly Label[]
  readonly missed: readonly Label[]
  /** Findings at error or warning that no label allows. */
  readonly alarms: readonly FindingResult[]
  readonly result: MigrationResult
  readonly durationMs: number
}

const corpus = 'fixtures/corpus'

/** What the labels speak of; what other invariants find is no false alarm, only not accounted for (README of the corpus). */
export const labelled: ReadonlySet<string> = new Set([
  'applies',
  'zero-loss',
  'quantity-parity',
  'no-orphans',
  'rollback-restores-state',
  'round-trip',
  'determinism',
  'atomicity',
])

/** Ids of all pairs, in order. */
export function corpusIds(): readonly string[] {
  return readdirSync(corpus, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(corpus, entry.name, 'expected.json')))
    .map((entry) => entry.name)
    .sort()
}

/** Verify one pair and hold what was found against its labels. */
export async function measurePair(cluster: Cluster, id: string, options: VerifyOptions): Promise<Measured> {
  const expected: Expected = JSON.parse(readFileSync(join(corpus, id, 'expected.json'), 'utf8'))
  const started = performance.now()
  const { result } = await verifyOn(cluster, await readSources([join(corpus, id)], {}), options, {})
  const migration = result.migrations[0]
  if (migration === undefined) throw new Error(`no result for ${id}`)
  // What a pair is there for counts in it, whatever invariant it is.
  const accounted = new Set([...labelled, ...expected.findings.map((each) => each.invariant)])
  const findings = migration.findings.filter((each) => each.severity !== 'info' && accounted.has(each.invariant))
  const found = expected.findings.filter((label) => findings.some((finding) => matches(label, finding)))
  const alarms = findings.filter((finding) => ![...expected.findings, ...expected.optional].some((label) => matches(label, finding)))
  return {
    id,
    expected,
    found,
    missed: expected.findings.filter((label) => !found.includes(label)),
    alarms: distinct(alarms),
    result: migration,
    durationMs: performance.now() - started,
  }
}

/** The unit of account: the same invariant on the same relation and attribute. */
export function matches(label: Label, finding: FindingResult): boolean {
  if (label.invariant !== finding.invariant) return false
  if (label.relation === undefined) return label.kind === finding.kind || finding.relation === null
  if (label.relation !== finding.relation) return false
  // An error in a whole row or a constraint may be blamed on one of its attributes.
  if ((label.invariant === 'applies' || label.invariant === 'determinism') && label.attribute === undefined) return true
  if (label.attribute !== undefined) return label.attribute === finding.attribute
  if (label.object === undefined) return finding.attribute === null || finding.attribute === undefined
  return true
}

function distinct(findings: readonly FindingResult[]): readonly FindingResult[] {
  const key = (each: FindingResult) => `${each.invariant} ${each.relation} ${each.attribute}`
  return findings.filter((each, at) => findings.findIndex((other) => key(other) === key(each)) === at)
}

/** Wilson's interval of a proportion at 95 %. */
export function wilson(hits: number, total: number): readonly [low: number, high: number] {
  if (total === 0) return [0, 1]
  const [z, p] = [1.96, hits / total]
  const centre = p + (z * z) / (2 * total)
  const spread = z * Math.sqrt((p * (1 - p)) / total + (z * z) / (4 * total * total))
  const scale = 1 + (z * z) / total
  return [Math.max(0, (centre - spread) / scale), Math.min(1, (centre + spread) / scale)]
}

/** Recall and precision by invariant, and every miss and false alarm by name. */
export function summarise(measured: readonly Measured[]): { readonly text: string; readonly recall: number; readonly precision: number } {
  const invariants = [
    ...new Set(measured.flatMap((each) => [...each.expected.findings, ...each.alarms].map(({ invariant }) => invariant))),
  ].sort()
  const percent = (value: number) => `${(value * 100).toFixed(1)} %`
  const line = (name: string, hits: number, misses: number, alarms: number) => {
    const interval = (total: number) => wilson(hits, total).map(percent).join(' … ')
    return `${name.padEnd(26)} recall ${hits}/${hits + misses} ${percent(hits / Math.max(1, hits + misses))} [${interval(hits + misses)}]   precision ${hits}/${hits + alarms} ${percent(hits / Math.max(1, hits + alarms))} [${interval(hits + alarms)}]`
  }
  const count = (list: readonly { readonly invariant: string }[], invariant?: string) =>
    list.filter((each) => invariant === undefined || each.invariant === invariant).length
  const totals = (invariant?: string) => {
    const sum = (pick: (each: Measured) => readonly { readonly invariant: string }[]) =>
      measured.reduce((total, each) => total + count(pick(each), invariant), 0)
    return [sum((each) => each.found), sum((each) => each.missed), sum((each) => each.alarms)] as const
  }
  const [hits, misses, alarms] = totals()
  const names = measured.flatMap((each) => [
    ...each.missed.map(
      (label) =>
        `miss   ${each.id}: ${label.invariant} ${label.kind} ${label.severity} ${label.relation ?? ''}${label.attribute === undefined ? '' : `.${label.attribute}`} ${label.object ?? ''} — ${label.why}`,
    ),
    ...each.alarms.map((finding) => `alarm  ${each.id}: ${finding.severity} ${finding.invariant} ${finding.kind}: ${finding.message}`),
  ])
  const text = [...invariants.map((invariant) => line(invariant, ...totals(invariant))), line('all', hits, misses, alarms), ...names].join(
    '\n',
  )
  return { text, recall: hits / Math.max(1, hits + misses), precision: hits / Math.max(1, hits + alarms) }
}
