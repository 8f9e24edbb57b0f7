import pc from 'picocolors'
import type { FindingResult, MigrationResult, SourceResult, VerifyResult } from '../result/index.ts'
import { claimLines } from './claims-text.ts'
import { coverageLine, reachedOfAll } from './coverage-text.ts'
import { decisionOf, decisionOn } from './decision.ts'
import { type Excerpts, findingLines, wrapped } from './finding-lines.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { againLine, replayLine } from './replay-line.ts'
import { bySeverity, commonReason, isQuiet, openFindings } from './severity.ts'
import { counted, formatDuration, visibleText } from './visible-text.ts'

export interface TerminalOptions {
  readonly color: boolean
  /** Columns to which sentences are wrapped; infinite in a pipe. Commands and paths that are to be copied stay whole. */
  readonly columns: number
  /** Path of the report of each migration, in the order of the result. */
  readonly reports?: readonly string[]
  /** Lines of the files that findings point to. */
  readonly excerpt?: Excerpts | undefined
}

/** So many findings of one migration are told; of each of many migrations fewer, without the statement. */
const shownFindings = 5
const shownOfMany = 3
const shownNotes = 2

type Colors = ReturnType<typeof pc.createColors>

/**
 * The result for a terminal: each migration with its gravest findings, then folders, then the decision in one sentence; the report has the
 * rest. Sentences are wrapped at the width. Migrations without an open finding share one line.
 */
export function renderTerminal(result: VerifyResult, options: TerminalOptions): string {
  const masked = maskSecretsIn(result)
  const colors = pc.createColors(options.color)
  const quiet = masked.migrations.filter(isQuiet)
  const folded = masked.migrations.length > 1 && quiet.length > 0
  const loud = (migration: MigrationResult) => (folded ? !isQuiet(migration) : true)
  const blocks = masked.migrations.flatMap((migration, index) =>
    loud(migration) ? [...block(migration, masked, { ...options, report: options.reports?.[index] }, colors), ''] : [],
  )
  const lines = (text: string) => wrapped(text, options.columns)
  if (folded) blocks.push(...lines(`${mark('holds')} ${quietText(quiet)}`).map((line) => line.replace('✓', colors.green('✓'))))
  blocks.push(...masked.sources.flatMap((source) => sourceLines(source, options.columns, colors)))
  const reached = masked.migrations.length > 1 && masked.coverage !== undefined ? reachedOfAll(masked.coverage) : undefined
  if (reached !== undefined) blocks.push(...lines(`all migrations: ${reached}`).map(colors.dim))
  if (masked.migrations.length > 1) blocks.push(...lines(countsText(masked)).map(colors.dim))
  const { sentence } = decisionOf(masked)
  blocks.push(...lines(`${mark(masked.verdict)} ${sentence}`).map((line) => paintOf(masked.verdict, colors)(colors.bold(line))))
  // The runner of GitHub Actions takes `##[command]` for a command anywhere in a line.
  return `${blocks.join('\n').replaceAll('##[', '## [')}\n`
}

function quietText(quiet: readonly MigrationResult[]): string {
  const waived = quiet.flatMap((migration) => migration.findings).filter((finding) => finding.waived !== null).length
  const cached = quiet.filter((migration) => migration.cached).length
  const unchecked = quiet.reduce((sum, migration) => sum + migration.notChecked.length, 0)
  const more = [
    ...(cached > 0 ? [`${cached} from the cache`] : []),
    ...(waived > 0 ? [`${waived} waived`] : []),
    ...(unchecked > 0 ? [`${unchecked} not checked`] : []),
  ]
  return `${counted(quiet.length, 'migration')} ${quiet.length === 1 ? 'holds' : 'hold'}${more.length === 0 ? '' : `; ${more.join(', ')}`}`
}

/** What is to be said of a folder as a whole; nothing of pairs, which say all themselves. */
function sourceLines(source: SourceResult, columns: number, colors: Colors): readonly string[] {
  const { brokenAt, endToEnd, notes } = source
  if (source.format === 'pair' && brokenAt === null && endToEnd === null && notes.length === 0) return []
  const inner = (text: string) => wrapped(text, columns - 2).map((line) => `  ${line}`)
  const counts = [
    counted(source.steps, 'step'),
    `${source.verified} verified`,
    ...(source.cached > 0 ? [`${source.cached} from the cache`] : []),
  ]
  const lines = [...wrapped(`${source.path}  ${source.format}: ${counts.join(', ')}`, columns)]
  if (brokenAt !== null) {
    lines.push(...inner(`breaks at ${brokenAt.migration}: ${brokenAt.message}  ${brokenAt.file}:${brokenAt.line}`).map(colors.red))
    if (brokenAt.hint !== null) lines.push(...inner(`→ ${brokenAt.hint}`))
  }
  if (endToEnd !== null) {
    const because = endToEnd.because === '' ? '' : `: ${endToEnd.because}`
    lines.push(...inner(`all ${endToEnd.steps} downs from the end: ${endToEnd.verdict}${because}`).map(paintOf(endToEnd.verdict, colors)))
  }
  lines.push(...notes.slice(0, shownNotes).flatMap((text) => inner(`note  ${text}`).map(colors.dim)))
  if (notes.length > shownNotes) lines.push(colors.dim(`  ${counted(notes.length - shownNotes, 'more note')} in the report`))
  return lines
}

function block(
  migration: MigrationResult,
  run: VerifyResult,
  { columns, report, excerpt }: TerminalOptions & { readonly report: string | undefined },
  colors: Colors,
): readonly string[] {
  const many = run.migrations.length > 1
  const lines = wrapped(`${mark(migration.verdict)} ${migration.name}  ${migration.verdict}  (${testedOn(migration, run)})`, columns).map(
    (line) => paintOf(migration.verdict, colors)(colors.bold(line)),
  )
  const inner = (text: string) => wrapped(text, columns - 2).map((line) => `  ${line}`)
  const open = bySeverity(openFindings(migration))
  const shown = open.filter((finding) => !follows(finding, open)).slice(0, many ? shownOfMany : shownFindings)
  const base = baseOf(migration, run)
  for (const finding of shown) {
    const following = open.filter(({ cause }) => cause === finding.id).length
    const severity = finding.severity === 'error' ? colors.red : colors.yellow
    const layout = { columns, base, excerpt: many ? undefined : excerpt, paint: { severity, dim: colors.dim } }
    lines.push(...findingLines(finding, following, layout))
  }
  if (migration.verdict !== 'holds' && shown.length === 0) lines.push(...inner(decisionOn(migration).sentence).map(colors.yellow))
  lines.push(...claimLines(migration).flatMap(inner))
  const reached = coverageLine(migration)
  for (const text of [reached ?? '', ...restOf(migration, shown)]) if (text !== '') lines.push(...inner(text).map(colors.dim))
  if (report !== undefined) lines.push(`  report  ${visibleText(report)}`)
  if (migration.verdict !== 'holds') {
    const replay = replayLine(migration)
    lines.push(`  replay  ${visibleText(replay === null ? againLine(migration, run) : `${replay}  # seed ${run.seed}`)}`)
  }
  return lines
}

/** `100 generated data sets, PostgreSQL 18.4, 3.2 s`: its own time, where it is one of many. */
function testedOn(migration: MigrationResult, run: VerifyResult): string {
  const own = Object.values(migration.timings).reduce((sum, ms) => sum + ms, 0)
  const durationMs = run.migrations.length === 1 ? run.durationMs : own
  return [
    migration.cached ? 'from the cache' : migration.runs === 0 ? 'on no generated rows' : counted(migration.runs, 'generated data set'),
    `PostgreSQL ${run.postgres.version}`,
    ...(migration.cached ? [] : [formatDuration(durationMs)]),
  ].join(', ')
}

/** The folder that the reader named: of a pair its own, of a step that of its history. */
function baseOf(migration: MigrationResult, { sources }: VerifyResult): string {
  const holding = sources.filter(({ path }) => migration.path === path || migration.path.startsWith(`${path}/`))
  return holding.toSorted((left, right) => right.path.length - left.path.length)[0]?.path ?? migration.path
}

function follows({ cause }: FindingResult, others: readonly FindingResult[]): boolean {
  return cause !== null && others.some(({ id, waived, severity }) => id === cause && waived === null && severity !== 'info')
}

/** What the report has beside the findings that are told. */
function restOf(migration: MigrationResult, shown: readonly FindingResult[]): readonly string[] {
  const rest = migration.findings.filter((finding) => !shown.includes(finding))
  const unwaived = rest.filter((finding) => finding.waived === null)
  const open = unwaived.filter((finding) => finding.severity === 'info' || !follows(finding, migration.findings))
  const of = (severity: FindingResult['severity']) => open.filter((finding) => finding.severity === severity).length
  const unknown = migration.invariants.filter((invariant) => invariant.verdict === 'unknown')
  const counts = [
    of('error') > 0 ? counted(of('error'), 'more error') : '',
    of('warning') > 0 ? counted(of('warning'), 'more warning') : '',
    of('info') > 0 ? `${of('info')} for information` : '',
    rest.length > unwaived.length ? `${rest.length - unwaived.length} waived` : '',
    migration.notChecked.length > 0 ? `${migration.notChecked.length} not checked` : '',
    migration.disagreements.length > 0 ? `${counted(migration.disagreements.length, 'disagreement')} of Godwit with itself` : '',
  ].filter((part) => part !== '')
  const told = commonReason(migration) === undefined && unknown.length > 0
  return [
    told ? `not tested: ${unknown.map((invariant) => invariant.id).join(', ')} (${unknown[0]?.because ?? ''})` : '',
    counts.length === 0 ? '' : `in the report: ${counts.join(', ')}`,
  ]
}

function countsText(result: VerifyResult): string {
  const of = (verdict: VerifyResult['verdict']) => result.migrations.filter((migration) => migration.verdict === verdict).length
  const parts = [`${of('violated')} violated`, `${of('unknown')} unknown`, `${of('holds')} hold`, counted(result.warnings, 'warning')]
  return `${counted(result.migrations.length, 'migration')}: ${parts.join(', ')}; ${formatDuration(result.durationMs)}; seed ${result.seed}`
}

function mark(verdict: VerifyResult['verdict']): string {
  return { holds: '✓', violated: '✗', unknown: '?' }[verdict]
}

function paintOf(verdict: VerifyResult['verdict'], colors: Colors): (text: string) => string {
  return { holds: colors.green, violated: colors.red, unknown: colors.yellow }[verdict]
}
