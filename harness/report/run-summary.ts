import type { FindingResult, MigrationResult, VerifyResult } from '../result/index.ts'
import { BoundedText, type TextLimit } from './bounded-text.ts'
import { findingBlock } from './finding-block.ts'
import { code, type Markdown, prose } from './markdown-text.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { isQuiet, openFindings, verdictSentence } from './severity.ts'
import { addClaims, describeSource, folded, notChecked, openTrees, quietLine, totals, waived } from './summary-parts.ts'
import { shorten } from './visible-text.ts'

export interface SummaryOptions extends TextLimit {
  /** Relative link to the report of one migration, where the text lies beside it. */
  readonly linkOf?: ((migration: MigrationResult) => string | undefined) | undefined
  /** Name also those that hold without a finding. */
  readonly all?: boolean | undefined
}

/** GitHub drops a step summary of more than 1 MiB as a whole. */
export const stepSummaryLimit = { limit: 900_000, unit: 'bytes' } as const

/**
 * The result of a whole run: verdict first, then what was read, the migrations that need a look, and their findings, worst first and folded.
 *
 * It never grows past its limit: what does not fit is counted at the end. What comes from data is escaped.
 */
export function renderRunSummary(given: VerifyResult, options: SummaryOptions): Markdown {
  const result = maskSecretsIn(given)
  const text = new BoundedText(options)
  text.add(`### Godwit: ${result.verdict === 'unknown' ? 'unknown, which is no pass' : result.verdict}`)
  text.add(`**${verdictWord[result.verdict]}** ${totals(result)}`)
  text.addAll(result.sources.flatMap(describeSource), 'note on what was read')
  // The table gets at most half of what is left, so that the worst finding always has room.
  addMigrations(text, result.migrations, { options, part: 0.5 })
  text.add(quietLine(result.migrations))
  addClaims(text, result.migrations)
  const found = openTrees(result.migrations)
  if (found.length > 0) text.add('#### Findings')
  text.addAll(
    found.map((each) => findingBlock(each, result)),
    'finding',
  )
  text.addAll(folded('Not judged, or not checked', notChecked(result.migrations)), 'line on what was not checked')
  text.addAll(folded('Waived', waived(result.migrations)), 'waived finding')
  if (options.all === true) {
    const quiet = result.migrations.filter(isQuiet).map((migration) => migrationRow(migration, options))
    if (quiet.length > 0) text.add('#### Without a finding')
    text.addTable(migrationHeader, quiet, { part: 1, noun: 'migration without a finding' })
  }
  return text.toString()
}

const verdictWord = { holds: 'Holds.', violated: 'Violated.', unknown: 'Unknown: no pass.' } as const

/** A table of the migrations that need a look, violated ones first. */
export function addMigrations(
  text: BoundedText,
  migrations: readonly MigrationResult[],
  { options, part }: { readonly options: Pick<SummaryOptions, 'linkOf'>; readonly part: number },
): void {
  const loud = byVerdict(migrations.filter((migration) => !isQuiet(migration)))
  const rows = loud.map((migration) => migrationRow(migration, options))
  text.addTable(migrationHeader, rows, { part, noun: 'migration' })
}

const migrationHeader = ['migration', 'verdict', 'errors', 'warnings', 'waived', 'not checked', 'why']

function migrationRow(migration: MigrationResult, { linkOf }: Pick<SummaryOptions, 'linkOf'>): readonly Markdown[] {
  const open = openFindings(migration)
  const of = (severity: FindingResult['severity']) => open.filter((finding) => finding.severity === severity).length
  const name = code(migration.name, 120)
  const link = linkOf?.(migration)
  const number = (count: number) => (count === 0 ? '' : String(count))
  return [
    link === undefined ? name : `[${name}](${encodeURI(link).replace(/[()]/g, (each) => (each === '(' ? '%28' : '%29'))})`,
    `${migration.verdict === 'holds' ? 'holds' : `**${migration.verdict}**`}${migration.cached ? ' (cached)' : ''}`,
    number(of('error')),
    number(of('warning')),
    number(migration.findings.filter((finding) => finding.waived !== null).length),
    number(migration.notChecked.length),
    isQuiet(migration) ? '' : prose(shorten(verdictSentence(migration), 300)),
  ]
}

function byVerdict(migrations: readonly MigrationResult[]): readonly MigrationResult[] {
  const order = { violated: 0, unknown: 1, holds: 2 } as const
  return migrations.toSorted((a, b) => order[a.verdict] - order[b.verdict])
}
