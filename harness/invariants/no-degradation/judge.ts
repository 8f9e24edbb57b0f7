import type { Knowledge } from '../../lineage/index.ts'
import { type Finding, medianInterval, type Verdict } from '../../result/index.ts'
import type { Invariant } from '../invariant.ts'
import { cut, shownIn } from '../online-safety/text.ts'
import { growthFindings, growthNotes } from './growth-findings.ts'
import type { DegradationObservation, PlanSeen, StatementTimed } from './model.ts'
import { timedClients } from './observe-degradation.ts'
import { rules } from './rules.ts'
import { howSent, rulingOf } from './ruling.ts'

/**
 * No statement of existing clients takes longer after `up` than its budget allows, on tables with many rows.
 *
 * Kinds: `slower` is an error, seen in two measurements; `reads-all-rows` and `more-pages` are warnings, told by plans, which no noise changes;
 * `measured` is information: how long each statement takes. Of `up` itself: `window` is an error, `superlinear` a warning, `growth` information.
 */
export const noDegradation: Invariant<DegradationObservation> = {
  id: 'no-degradation',
  holds:
    'no statement of clients is slower after `up` than its budget allows; with `--performance` ([performance](docs/no-degradation.md))',
  violation: 'statements of clients become slower',
  rules,
  looks: timedClients,
  judge(observation: DegradationObservation, { locate }: Knowledge): Verdict {
    const { statements, rows, growth } = observation
    const saw = {
      relations: rows.size,
      rows: [...rows.values()].reduce((sum, each) => sum + each, 0),
      cells: 0,
      runs: statements.reduce((sum, { measured }) => sum + measured.reduce((all, { ratios }) => all + ratios.length, 0), 0),
    }
    if (statements.length === 0) return { outcome: 'unknown', because: 'clients had no statement to send', saw }
    const placed = (finding: Finding): Finding => {
      if (finding.relation === undefined) return finding
      const place = locate(finding.relation)
      return { ...finding, file: place?.file, line: place?.line }
    }
    const [worst, ...rest] = [...slowerFindings(statements), ...planFindings(observation), ...growthFindings(growth)].map(placed)
    const notes = [measuredFinding(observation), ...growthNotes(growth)]
    return worst === undefined ? { outcome: 'holds', saw, notes } : { outcome: 'violated', findings: [worst, ...rest, ...notes], saw }
  },
}

/** One for each statement, the slowest first; sent prepared only where it is not slower otherwise. */
function slowerFindings(statements: readonly StatementTimed[]): readonly Finding[] {
  const slower = statements.filter((each) => rulingOf(each).state === 'refuted')
  const first = slower.filter((each, at) => slower.findIndex(({ name }) => name === each.name) === at)
  const sorted = first.toSorted((left, right) => ratioOf(right).median - ratioOf(left).median)
  return sorted.map((each): Finding => {
    const reads = addedSequential(each, 1)
    const also = reads.length === 0 ? '' : `; it now reads all rows of ${reads.join(' and ')}`
    return {
      ...about(each),
      kind: 'slower',
      severity: 'error',
      message: `${subject(each)} takes ${timesText(ratioOf(each).median)} as long after up: ${msText(each.beforeMs)} before, ${msText(each.afterMs)} after (budget: ${each.most} times)${also}`,
      evidence: evidenceOf(each),
      hint: hintOf(each),
    }
  })
}

/** What plans tell of statements that are not found slower. */
function planFindings({ statements, manyRows }: DegradationObservation): readonly Finding[] {
  const slower = new Set(statements.filter((each) => rulingOf(each).state === 'refuted').map(({ name }) => name))
  const others = statements.filter((each) => !slower.has(each.name))
  const found = others.flatMap((each): readonly Finding[] => {
    const reads = addedSequential(each, manyRows)
    const base = { ...about(each), severity: 'warning', evidence: evidenceOf(each), hint: hintOf(each) } as const
    if (reads.length > 0)
      return [{ ...base, kind: 'reads-all-rows', message: `${subject(each)} reads all rows of ${reads.join(' and ')} after up` }]
    const { before, after } = each.plans ?? {}
    if (before === undefined || after === undefined || after.pages < 2 * before.pages || after.pages - before.pages < fewPages) return []
    const hint = sameScans(each.plans) ? emptyPages : base.hint
    return [
      { ...base, hint, kind: 'more-pages', message: `${subject(each)} reads ${after.pages} pages after up, and ${before.pages} before` },
    ]
  })
  // A plan can be another for a role under row security; one finding tells of the statement all the same.
  return found.filter((each, at) => found.findIndex(({ object }) => object === each.object) === at)
}

/** Fewer are in memory at once. */
const fewPages = 100

function about({ name, relation }: StatementTimed): Pick<Finding, 'invariant' | 'known' | 'relation' | 'object'> {
  return { invariant: 'no-degradation', known: 'observed', relation, object: name }
}

/** Relations of which a sequential scan reads many rows after `up`, where before fewer such scans did. */
function addedSequential({ plans }: StatementTimed, manyRows: number): readonly string[] {
  const many = ({ sequential }: PlanSeen) => sequential.filter(({ rows }) => rows >= manyRows)
  if (plans === undefined || many(plans.after).length <= many(plans.before).length) return []
  return [...new Set(many(plans.after).map(({ relation }) => relation))]
}

function measuredFinding({ statements, rows }: DegradationObservation): Finding {
  const [slowest] = statements.toSorted((left, right) => ratioOf(right).median - ratioOf(left).median)
  return {
    invariant: 'no-degradation',
    kind: 'measured',
    severity: 'info',
    known: 'observed',
    object: 'up',
    message:
      slowest === undefined
        ? 'No statement was timed'
        : `${subject(slowest)} changes most: it takes ${timesText(ratioOf(slowest).median)} as long after up; ${statementsText(statements)} timed`,
    evidence: { statements: statements.map(figuresOf), rows: Object.fromEntries(rows) },
  }
}

function statementsText(statements: readonly StatementTimed[]): string {
  const { size } = new Set(statements.map(({ name }) => name))
  return size === 1 ? '1 statement was' : `${size} statements were`
}

function evidenceOf(statement: StatementTimed): Record<string, unknown> {
  const { sql, plans, measured } = statement
  return {
    ...figuresOf(statement),
    rounds: measured.map(({ ratios }) => ratios.length),
    client: cut(sql),
    ...(plans === undefined ? {} : { planBefore: plans.before.scans, planAfter: plans.after.scans }),
    ...(plans === undefined ? {} : { pagesBefore: plans.before.pages, pagesAfter: plans.after.pages }),
  }
}

/** Its figures, as the page draws them. */
function figuresOf(statement: StatementTimed): Record<string, unknown> {
  const { name, sent, role, most, beforeMs, afterMs, measured } = statement
  const { low, median, high } = ratioOf(statement)
  const control = medianInterval(measured.at(-1)?.control ?? [])
  return {
    statement: shownIn(name),
    sent: sent === 'plain' ? 'not prepared' : 'prepared',
    ...(role === undefined ? {} : { as: role }),
    ratio: figure(median),
    low: figure(low),
    high: figure(high),
    controlLow: figure(control?.low ?? Number.NaN),
    controlHigh: figure(control?.high ?? Number.NaN),
    budget: most,
    beforeMs: figure(beforeMs),
    afterMs: figure(afterMs),
    state: { held: 'holds', refuted: 'slower', 'not-checked': 'too noisy' }[rulingOf(statement).state],
  }
}

function ratioOf({ measured }: StatementTimed) {
  return medianInterval(measured.at(-1)?.ratios ?? []) ?? { low: Number.NaN, median: Number.NaN, high: Number.NaN }
}

function figure(value: number): number | null {
  return Number.isFinite(value) ? Number(value.toPrecision(3)) : null
}

/** `The read of orders by key (prepared, as anon)`. */
function subject(statement: StatementTimed): string {
  const { name, given } = statement
  return `The ${given ? `statement "${name}"` : shownIn(name)}${howSent(statement)}`
}

function timesText(ratio: number): string {
  return `${ratio >= 10 ? ratio.toFixed(0) : ratio.toFixed(2)} times`
}

function msText(ms: number): string {
  return `${Number(ms.toPrecision(2))} ms`
}

/** What stands in the way, by the plans. */
function hintOf({ plans }: StatementTimed): string {
  if (plans === undefined) return 'Look at the functions, triggers and views that it runs through.'
  const usingBefore = indexesOf(plans.before)
  const lost = usingBefore.filter((each) => !indexesOf(plans.after).includes(each))
  if (lost.length > 0) return `Before up it was served by the index ${lost.join(' and ')}: keep it, or create one on the same columns.`
  if (sameScans(plans)) return 'The plan is the same: look at triggers, functions, policies and views that it runs through since.'
  return 'Compare the plans before and after, in the report.'
}

function sameScans(plans: StatementTimed['plans']): boolean {
  return plans !== undefined && plans.before.scans.join('\n') === plans.after.scans.join('\n')
}

const emptyPages =
  'The plan is the same: the rows lie in more pages, since up wrote them anew. Write only the rows that change, or run VACUUM FULL.'

function indexesOf({ scans }: PlanSeen): readonly string[] {
  return [...new Set(scans.flatMap((each) => / using (.+?)(?: on |$)/.exec(each)?.[1] ?? []))]
}
