import { diffObjects } from '../../catalog/index.ts'
import type { Failure } from '../../migration/index.ts'
import { shownName } from '../../postgres/index.ts'
import { counted } from '../../report/index.ts'
import { counts, type FindingResult, type MigrationResult, type Outcome } from '../../result/index.ts'
import { causesFirst, findingOf, findingsOf, type JudgeContext } from './judge-checks.ts'
import type { CheckResult, ContractMetric, Prediction, RehearsalFinding } from './model.ts'
import type { RevertedRows } from './reverted-rows.ts'
import type { RevertedState, StateOfCopy } from './state-of-copy.ts'

/** What was seen on the copy. */
export interface Seen {
  readonly checks: readonly CheckResult[]
  readonly up: Failure | undefined
  readonly down: Failure | undefined
  readonly before: StateOfCopy
  /** After `up`, `down`; undefined where `down` was not applied. */
  readonly reverted: RevertedState | undefined
  /** Legacy relations whose rows get other keys by `down`. */
  readonly keysByDown: ReadonlySet<string>
}

export interface Judged {
  readonly findings: readonly RehearsalFinding[]
  /** Whether everything was as before after `down`; null where it was not applied. */
  readonly equal: boolean | null
}

/** Everything that was found on real rows, gravest kinds first. */
export function judgeSeen(seen: Seen, context: JudgeContext): Judged {
  const failures = [
    ...(seen.up === undefined ? [] : [failureFinding('applies', 'fails', 'up', seen.up, context)]),
    ...(seen.down === undefined ? [] : [failureFinding('rollback-restores-state', 'fails', 'down', seen.down, context)]),
  ]
  const back = revertedFindings(seen, context)
  return {
    findings: [...failures, ...findingsOf(causesFirst(seen.checks), context), ...back],
    equal: seen.reverted === undefined ? null : equalOf(seen.before, seen.reverted, back),
  }
}

/** Null where a table that was counted before has not been counted again. */
function equalOf(before: StateOfCopy, reverted: RevertedState, back: readonly RehearsalFinding[]): boolean | null {
  if (back.some(({ severity }) => severity !== 'info')) return false
  return [...reverted.notCounted.keys()].some((path) => before.totals.has(path)) ? null : true
}

function failureFinding(invariant: string, kind: string, step: 'up' | 'down', failure: Failure, context: JudgeContext): RehearsalFinding {
  const { message, sqlstate, file, line, detail } = failure
  // The detail of a violated constraint quotes the row.
  const more = detail === undefined || /^(Key|Failing row) /.test(detail) ? '' : ` ${detail}`
  const predicted = context.predicted.find((each) => each.invariant === invariant && each.file === file && each.line === line)
  const finding = findingOf(
    { invariant, kind, message: `${step} fails on real rows: ${message} (${sqlstate}).${more}`, file, line, sqlstate },
    context,
  )
  if (predicted === undefined) return finding
  return { ...finding, predictedBy: predicted.id, waived: predicted.waived, hint: predicted.hint ?? finding.hint }
}

function revertedFindings({ before, reverted, keysByDown }: Seen, context: JudgeContext): readonly RehearsalFinding[] {
  if (reverted === undefined) return []
  const invariant = 'rollback-restores-state'
  const data = [...before.totals].flatMap(([path, { rows, digest }]): readonly RehearsalFinding[] => {
    const found = reverted.totals.get(path)
    if (found === undefined || found.digest === digest) return []
    const findings = revertedTable(path, rows, found.rows, reverted.rows).map((each) =>
      findingOf({ invariant, kind: 'data', relation: path, ...each }, context),
    )
    return keysByDown.has(path) && rows === found.rows ? findings.map((each) => ({ ...each, severity: 'info' })) : findings
  })
  const schema = diffObjects(before.objects, reverted.objects).map((each): RehearsalFinding => {
    const word = { missing: 'is missing', added: 'was not there before', changed: `has another ${each.property ?? 'definition'}` }[
      each.change
    ]
    const message = `after down the ${each.kind} ${shownName(each.path)} ${word}`
    const { relation = null, attribute = null } = each
    const finding = findingOf({ invariant, kind: 'schema', relation, attribute, message }, context)
    return { ...finding, severity: finding.predictedBy === null ? each.severity : finding.severity }
  })
  return [...data, ...schema]
}

/** What differs in one table after `down`: its columns where rows can be told by a key. */
function revertedTable(path: string, before: number, after: number, compared: readonly RevertedRows[]) {
  const name = shownName(path)
  const own = compared.find(({ relation }) => relation === path)
  const rows = [
    ...(own !== undefined && own.missing > 0
      ? [{ rows: own.missing, message: `${name}: after down ${counted(own.missing, 'row')} are missing` }]
      : []),
    ...(own !== undefined && own.added > 0
      ? [{ rows: own.added, message: `${name}: after down ${counted(own.added, 'row')} are there that were not` }]
      : []),
  ]
  const columns = [...(own?.columns ?? [])].map(([attribute, count]) => ({
    attribute,
    rows: count,
    message: `${name}.${attribute}: after down the value is another one in ${count} of ${counted(before, 'row')}`,
  }))
  const found = [...rows, ...columns]
  const whole = before === after ? 'the digests differ' : `${counted(before, 'row')} before, ${after} now`
  return found.length > 0 ? found : [{ message: `${name}: after down the rows are not as before (${whole})` }]
}

/** What generated rows had predicted, and what real rows show of it. */
export function comparePredictions(
  predicted: readonly FindingResult[],
  findings: readonly RehearsalFinding[],
  concerned: ReadonlyMap<string, number>,
  looked: ReadonlySet<string>,
): readonly Prediction[] {
  return predicted.map((each): Prediction => {
    const { id, invariant, severity, relation, attribute, message } = each
    const found = findings.filter((finding) => finding.predictedBy === id)
    const rows = found.reduce<number | null>((most, finding) => (finding.rows === null ? most : Math.max(most ?? 0, finding.rows)), null)
    const seen = found.length > 0 ? 'seen' : looked.has(invariant) ? 'not-seen' : 'not-looked-at'
    return {
      id,
      invariant,
      severity,
      relation,
      attribute,
      message,
      accepted: each.waived !== null,
      concerned: concerned.get(id) ?? null,
      seen,
      rows,
    }
  })
}

/** What real rows show and generated rows did not, in sentences. */
export function disagreementsOf(findings: readonly RehearsalFinding[]): readonly string[] {
  return findings
    .filter(({ predictedBy, cause, severity }) => predictedBy === null && cause === null && severity !== 'info')
    .map(({ message }) => `Seen on real rows and not on generated ones: ${message.replace(/\.$/, '')}.`)
}

/** Holds only where every check was answered, on rows. */
export function verdictOf({
  findings,
  checks,
  metrics,
  rows,
  failOn,
}: {
  readonly findings: readonly RehearsalFinding[]
  readonly checks: readonly CheckResult[]
  readonly metrics: readonly ContractMetric[]
  /** Of the tables that the migration writes. */
  readonly rows: number | undefined
  readonly failOn: 'error' | 'warning' | undefined
}): { readonly verdict: Outcome; readonly because: string } {
  if (findings.some((each) => each.cause === null && counts(each, failOn))) return { verdict: 'violated', because: '' }
  const refused = checks.filter(({ differing }) => differing === null)
  if (refused.length > 0)
    return {
      verdict: 'unknown',
      because: `The copy did not answer ${refused.length} of ${checks.length} checks: ${refused[0]?.title} (${refused[0]?.because}).`,
    }
  const silent = metrics.find(({ keeps }) => keeps === null)
  if (silent !== undefined) return { verdict: 'unknown', because: `${silent.because}.` }
  if (rows === 0) return { verdict: 'unknown', because: 'The tables that the migration writes have no rows on the copy.' }
  return { verdict: 'holds', because: '' }
}

/** Findings of verification that a rehearsal can see at all. */
export function predictable({ findings }: MigrationResult): readonly FindingResult[] {
  const looked = new Set(['applies', 'zero-loss', 'quantity-parity', 'no-orphans', 'metrics-kept', 'rollback-restores-state'])
  return findings.filter(({ invariant }) => looked.has(invariant))
}
