import cliTruncate from 'cli-truncate'
import pc from 'picocolors'
import type { FindingResult, MigrationResult, SourceResult, VerifyResult } from '../result/index.ts'
import { coverageLine, reachedOfAll } from './coverage-text.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { againLine, replayLine } from './replay-line.ts'
import { bySeverity, commonReason, isQuiet, nothingJudged, openFindings, placeOf, subjectOf, verdictSentence } from './severity.ts'
import { counted, formatDuration, visibleText } from './visible-text.ts'

export interface TerminalOptions {
  readonly color: boolean
  /** Width to which lines are cut; commands and paths that are to be copied stay whole. */
  readonly columns: number
  /** Path of the report of each migration, in the order of the result. */
  readonly reports?: readonly string[]
}

const shownFindings = 5
const shownNotes = 2

type Colors = ReturnType<typeof pc.createColors>

/**
 * The result for a terminal: at most ten lines for each migration, worst first; the report has the rest. A history has up to seven lines of
 * its own.
 *
 * Where more than ten migrations hold, those without an open finding share one line.
 */
export function renderTerminal(result: VerifyResult, options: TerminalOptions): string {
  const masked = maskSecretsIn(result)
  const colors = pc.createColors(options.color)
  const quiet = masked.migrations.filter(isQuiet)
  const folded = quiet.length > 10
  const loud = (migration: MigrationResult) => (folded ? !isQuiet(migration) : true)
  const blocks = masked.migrations.flatMap((migration, index) =>
    loud(migration) ? block(migration, masked, { ...options, report: options.reports?.[index] }, colors) : [],
  )
  if (folded) blocks.push(`${mark(colors, 'holds')} ${cliTruncate(quietText(quiet), options.columns - 2)}`)
  blocks.push(...masked.sources.flatMap((source) => sourceLines(source, options.columns, colors)))
  if (masked.migrations.length > 1 && masked.coverage !== undefined)
    blocks.push(colors.dim(cliTruncate(`all migrations: ${reachedOfAll(masked.coverage)}`, options.columns)))
  if (masked.migrations.length !== 1) blocks.push(total(masked, colors))
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
  return `${counted(quiet.length, 'migration')} hold${more.length === 0 ? '' : `; ${more.join(', ')}`}`
}

/** What is to be said of a folder as a whole; nothing of pairs, which say all themselves. */
function sourceLines(source: SourceResult, columns: number, colors: Colors): readonly string[] {
  const { brokenAt, endToEnd, notes } = source
  if (source.format === 'pair' && brokenAt === null && endToEnd === null && notes.length === 0) return []
  const cut = (text: string) => cliTruncate(visibleText(text), Math.max(columns - 2, 10))
  const counts = [
    counted(source.steps, 'step'),
    `${source.verified} verified`,
    ...(source.cached > 0 ? [`${source.cached} from the cache`] : []),
  ]
  const lines = [cut(`${source.path}  ${source.format}: ${counts.join(', ')}`)]
  if (brokenAt !== null) {
    const broken = cut(`breaks at ${brokenAt.migration}: ${brokenAt.message}  ${brokenAt.file}:${brokenAt.line}`)
    lines.push(`  ${colors.red(broken)}`, ...(brokenAt.hint === null ? [] : [`  ${cut(`hint  ${brokenAt.hint}`)}`]))
  }
  if (endToEnd !== null) {
    const text = cut(
      `all ${endToEnd.steps} downs from the end: ${endToEnd.verdict}${endToEnd.because === '' ? '' : `: ${endToEnd.because}`}`,
    )
    lines.push(`  ${endToEnd.verdict === 'holds' ? text : endToEnd.verdict === 'violated' ? colors.red(text) : colors.yellow(text)}`)
  }
  lines.push(...notes.slice(0, shownNotes).map((text) => colors.dim(`  ${cut(`note  ${text}`)}`)))
  if (notes.length > shownNotes) lines.push(colors.dim(`  ${counted(notes.length - shownNotes, 'more note')} in the report`))
  return lines
}

/** At most nine lines, so that the total has room. */
function block(
  migration: MigrationResult,
  run: VerifyResult,
  { columns, report }: { readonly columns: number; readonly report: string | undefined },
  colors: Colors,
): readonly string[] {
  const about = `${counted(migration.runs, 'run')} on PostgreSQL ${visibleText(run.postgres.version)}, ${formatDuration(run.durationMs)}`
  const title = `${visibleText(migration.name)}  ${migration.verdict}  (${about})`
  const lines = [`${mark(colors, migration.verdict)} ${colors.bold(cliTruncate(title, columns - 2))}`]

  const open = bySeverity(openFindings(migration))
  // What follows from another finding is told with it, in the report.
  const reached = coverageLine(migration)
  const room = reached === undefined ? shownFindings : shownFindings - 1
  const shown = open.filter((finding) => !follows(finding, open)).slice(0, room)
  lines.push(...shown.map((finding) => findingLine(finding, columns, colors)))
  if (migration.verdict !== 'holds' && shown.length === 0) {
    lines.push(`  ${colors.yellow(cliTruncate(visibleText(verdictSentence(migration)), columns - 2))}`)
  }

  if (reached !== undefined) lines.push(colors.dim(cliTruncate(`  ${visibleText(reached)}`, columns)))
  const rest = restOf(migration, shown)
  if (rest !== '') lines.push(colors.dim(cliTruncate(`  ${rest}`, columns)))
  if (report !== undefined) lines.push(`  report  ${visibleText(report)}`)
  const again = againLine(migration, run)
  const replay = replayLine(migration)
  if (migration.verdict !== 'holds') {
    lines.push(`  replay  ${visibleText(replay === null ? again : `${replay}  # seed ${run.seed}`)}`)
  }
  return lines
}

function findingLine(finding: FindingResult, columns: number, colors: Colors): string {
  const paint = finding.severity === 'error' ? colors.red : colors.yellow
  const subject = subjectOf(finding)
  const what = visibleText(`${finding.invariant}${subject === null ? '' : `  ${subject}`}`)
  const place = placeOf(finding)
  const tail = place === null ? '' : `  ${visibleText(place)}`
  // The message gives way first, then the subject; the place is what one clicks on.
  const room = Math.max(10, columns - 11 - tail.length)
  const text = cliTruncate(`${what}  ${visibleText(finding.message)}`, room)
  return cliTruncate(`  ${paint(finding.severity.padEnd(7))}  ${text}${colors.dim(tail)}`, Math.max(columns, 40))
}

function follows({ cause }: FindingResult, others: readonly FindingResult[]): boolean {
  return cause !== null && others.some(({ id, waived, severity }) => id === cause && waived === null && severity !== 'info')
}

function restOf(migration: MigrationResult, shown: readonly FindingResult[]): string {
  const rest = migration.findings.filter((finding) => !shown.includes(finding))
  const unwaived = rest.filter((finding) => finding.waived === null)
  const open = unwaived.filter((finding) => finding.severity === 'info' || !follows(finding, migration.findings))
  const of = (severity: FindingResult['severity']) => open.filter((finding) => finding.severity === severity).length
  const unknown = migration.invariants.filter((invariant) => invariant.verdict === 'unknown')
  const parts = [
    of('error') > 0 ? counted(of('error'), 'more error') : '',
    of('warning') > 0 ? counted(of('warning'), 'more warning') : '',
    unwaived.length > open.length ? `${unwaived.length - open.length} that follow from others` : '',
    of('info') > 0 ? `${of('info')} for information` : '',
    rest.length > unwaived.length ? `${rest.length - unwaived.length} waived` : '',
    unknown.length > 0 && commonReason(migration) === undefined
      ? `not tested: ${unknown.map((invariant) => visibleText(invariant.id)).join(', ')} (${visibleText(unknown[0]?.because ?? '')})`
      : '',
    migration.notChecked.length > 0 ? `${migration.notChecked.length} not checked` : '',
    migration.disagreements.length > 0 ? `${counted(migration.disagreements.length, 'disagreement')} of Godwit with itself` : '',
  ]
  return parts.filter((part) => part !== '').join('; ')
}

function total(result: VerifyResult, colors: Colors): string {
  if (result.migrations.length === 0) return `${mark(colors, result.verdict)} ${visibleText(nothingJudged(result))}`
  const of = (verdict: VerifyResult['verdict']) => result.migrations.filter((migration) => migration.verdict === verdict).length
  const parts = [`${of('violated')} violated`, `${of('unknown')} unknown`, `${of('holds')} hold`, counted(result.warnings, 'warning')]
  const about = `${counted(result.migrations.length, 'migration')}: ${parts.join(', ')}`
  return `${mark(colors, result.verdict)} ${colors.bold(`${result.verdict}  (${about}; seed ${visibleText(result.seed)})`)}`
}

function mark(colors: Colors, verdict: VerifyResult['verdict']): string {
  switch (verdict) {
    case 'holds':
      return colors.green('✓')
    case 'violated':
      return colors.red('✗')
    case 'unknown':
      return colors.yellow('?')
  }
}
