import type { FindingResult, MigrationResult, SourceResult, VerifyResult } from '../result/index.ts'
import { claimHeader, claimRow } from './claims-markdown.ts'
import { claimsByState, claimsCount } from './claims-text.ts'
import { renderEvidence } from './evidence.ts'
import { code, type Markdown, prose, table } from './markdown-text.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { againLine, replayLine } from './replay-line.ts'
import { findingGravity, isQuiet, openFindings, placeOf, subjectOf, verdictSentence } from './severity.ts'
import { counted, formatDuration, shorten } from './visible-text.ts'

export interface SummaryOptions {
  /** Most that the text may measure. */
  readonly limit: number
  readonly unit: 'characters' | 'bytes'
  /** Relative link to the report of one migration, where the text lies beside it. */
  readonly linkOf?: ((migration: MigrationResult) => string | undefined) | undefined
  /** Name also those that hold without a finding. */
  readonly all?: boolean | undefined
  /** Whether `@name` and `#1` are to stay words: in a comment they would call people and link issues, however they are escaped. */
  readonly comment?: boolean | undefined
}

/** Stands first in a comment of ours, so that the next run finds it and writes it anew. */
export const commentMarker = '<!-- godwit -->'

/** GitHub's limit for a comment is 65,536; a little room is left for what a workflow puts around it. */
export const commentLimit = { limit: 65_000, unit: 'characters' } as const

/** GitHub drops a step summary of more than 1 MiB as a whole. */
export const stepSummaryLimit = { limit: 900_000, unit: 'bytes' } as const

/**
 * The result of a whole run: verdict first, then what was read, the migrations that need a look, and their findings, worst first and folded.
 *
 * It never grows past its limit: what does not fit is counted at the end. What comes from data is escaped.
 */
export function renderRunSummary(given: VerifyResult, options: SummaryOptions): Markdown {
  const result = maskSecretsIn(given)
  const text = new BoundedText(options, cutNoticeSize)
  text.add(`### Godwit: ${result.verdict === 'unknown' ? 'unknown, which is no pass' : result.verdict}`)
  text.add(totals(result))

  const cut: string[] = []
  const note = (left: number, noun: string) => {
    if (left > 0) cut.push(counted(left, noun))
  }
  note(text.addAll(result.sources.flatMap(describeSource)), 'note on what was read')
  // The table gets at most half of what is left, so that the worst finding always has room.
  const loud = byVerdict(result.migrations.filter((migration) => !isQuiet(migration)))
  if (loud.length > 0)
    note(
      text.addTable(
        migrationHeader,
        loud.map((migration) => migrationRow(migration, options)),
        0.5,
      ),
      'migration',
    )
  text.add(quietLine(result.migrations))

  for (const migration of result.migrations) {
    if (!text.add(claimsTitle(migration))) continue
    const rows = claimsByState(migration.claims ?? []).map((claim) => claimRow(claim, { longest: 300 }))
    note(text.addTable(claimHeader, rows, 0.3), 'claim')
  }

  const found = loud.flatMap((migration) => openFindings(migration).map((finding) => ({ finding, migration })))
  const sorted = found.toSorted((a, b) => findingGravity(a.finding, b.finding))
  if (sorted.length > 0) text.add('#### Findings')
  note(text.addAll(sorted.map(({ finding, migration }) => foldedFinding(finding, migration, result))), 'finding')
  note(text.addAll(folded('Not judged, or not checked', notChecked(result.migrations))), 'line on what was not checked')
  note(text.addAll(folded('Waived', waived(result.migrations))), 'waived finding')
  if (options.all === true) {
    const quiet = result.migrations.filter(isQuiet)
    if (quiet.length > 0) {
      text.add('#### Without a finding')
      note(
        text.addTable(
          migrationHeader,
          quiet.map((migration) => migrationRow(migration, options)),
          1,
        ),
        'migration without a finding',
      )
    }
  }
  if (cut.length > 0) text.close(`> **Cut to fit:** ${cut.join(', ')} more. The report directory has everything.`)
  return options.comment === true ? withoutMentions(text.toString()) : text.toString()
}

const cutNoticeSize = 400

function totals(result: VerifyResult): Markdown {
  const of = (verdict: VerifyResult['verdict']) => result.migrations.filter((migration) => migration.verdict === verdict).length
  const errors = result.migrations.flatMap(openFindings).filter((finding) => finding.severity === 'error').length
  const parts = [`${of('violated')} violated`, `${of('unknown')} unknown`, `${of('holds')} hold`]
  const server = `PostgreSQL ${prose(shorten(result.postgres.version, 60))}${result.postgres.assumed ? ' (assumed)' : ''}`
  const counts = `${counted(result.migrations.length, 'migration')}: ${parts.join(', ')}; ${counted(errors, 'error')}, ${counted(result.warnings, 'warning')}.`
  return `**${verdictWord[result.verdict]}** ${counts} ${server}, seed ${code(result.seed, 60)}, ${formatDuration(result.durationMs)}.`
}

const verdictWord = { holds: 'Holds.', violated: 'Violated.', unknown: 'Unknown: no pass.' } as const

function describeSource(source: SourceResult): readonly Markdown[] {
  const { brokenAt, endToEnd } = source
  const plain = source.format === 'pair' && brokenAt === null && endToEnd === null && source.notes.length === 0
  if (plain) return []
  const cached = source.cached === 0 ? '' : `, ${source.cached} from the cache`
  return [
    `- ${code(source.path, 300)} (${prose(shorten(source.format, 60))}): ${counted(source.steps, 'step')}, ${source.verified} verified${cached}`,
    ...(brokenAt === null
      ? []
      : [
          `  - **breaks at** ${code(brokenAt.migration, 300)} (${code(`${brokenAt.file}:${brokenAt.line}`, 300)}): ${prose(shorten(brokenAt.message, 500))}${brokenAt.hint === null ? '' : `<br>${prose(shorten(brokenAt.hint, 500))}`}`,
        ]),
    ...(endToEnd === null
      ? []
      : [
          `  - all ${endToEnd.steps} downs from the end: ${endToEnd.verdict === 'holds' ? 'holds' : `**${endToEnd.verdict}**`}${endToEnd.because === '' ? '' : `: ${prose(shorten(endToEnd.because, 500))}`}`,
        ]),
    ...source.notes.map((text) => `  - ${prose(shorten(text, 500))}`),
  ]
}

const migrationHeader = ['migration', 'verdict', 'errors', 'warnings', 'waived', 'not checked', 'why']

function migrationRow(migration: MigrationResult, { linkOf }: SummaryOptions): readonly Markdown[] {
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

function claimsTitle(migration: MigrationResult): Markdown {
  const count = claimsCount(migration)
  return count === undefined ? '' : `#### Claims of ${code(migration.name, 120)}: ${prose(count)}`
}

function quietLine(migrations: readonly MigrationResult[]): Markdown {
  const quiet = migrations.filter(isQuiet)
  if (quiet.length === 0) return ''
  const waivedHere = quiet.flatMap((migration) => migration.findings).filter((finding) => finding.waived !== null).length
  const unchecked = quiet.reduce((sum, migration) => sum + migration.notChecked.length, 0)
  const more = [...(waivedHere > 0 ? [`${waivedHere} waived`] : []), ...(unchecked > 0 ? [`${unchecked} not checked`] : [])]
  return `${counted(quiet.length, 'migration')} ${quiet.length === 1 ? 'holds' : 'hold'} without an open finding${more.length === 0 ? '' : ` (${more.join(', ')})`}.`
}

function foldedFinding(finding: FindingResult, migration: MigrationResult, run: VerifyResult): Markdown {
  const subject = subjectOf(finding)
  const place = placeOf(finding)
  // A summary is HTML, where Markdown is not read.
  const title = `${finding.severity}: ${html(finding.invariant)}, ${html(finding.kind)}${subject === null ? '' : ` of ${html(subject)}`} in ${html(migration.name)}`
  const replay = finding.counterexample === null ? againLine(migration, run) : (replayLine({ ...migration, findings: [finding] }) ?? '')
  const facts = [
    ...(place === null ? [] : [`- where: ${code(place, 300)}`]),
    ...(finding.cause === null ? [] : [`- follows from: ${code(finding.cause)}`]),
    ...(finding.hint === null ? [] : [`- what to do: ${prose(shorten(finding.hint, 500))}`]),
    `- see it again: ${code(replay, 1_000)}`,
  ]
  const evidence = renderEvidence(finding.evidence).join('\n\n')
  const small = evidence.length > 6_000 ? 'The evidence is in the report.' : evidence
  return [
    `<details><summary>${title}</summary>`,
    prose(shorten(finding.message, 1_000)),
    facts.join('\n'),
    ...(small === '' ? [] : [small]),
    '</details>',
  ].join('\n\n')
}

function html(text: string): string {
  return prose(shorten(text, 120))
}

function notChecked(migrations: readonly MigrationResult[]): readonly Markdown[] {
  return migrations.flatMap((migration) => [
    ...migration.disagreements.map(
      (text) => `- ${code(migration.name, 120)}: **Godwit disagrees with itself:** ${prose(shorten(text, 500))}`,
    ),
    ...migration.invariants
      .filter((invariant) => invariant.verdict === 'unknown')
      .map((invariant) => `- ${code(migration.name, 120)}: ${code(invariant.id)} is unknown: ${prose(shorten(invariant.because, 500))}`),
    ...migration.notChecked.map((text) => `- ${code(migration.name, 120)}: ${prose(shorten(text, 500))}`),
  ])
}

function waived(migrations: readonly MigrationResult[]): readonly Markdown[] {
  return migrations.flatMap((migration) =>
    migration.findings.flatMap((finding) => {
      if (finding.waived === null) return []
      const { owner, expires, reason } = finding.waived
      const until = prose(shorten(expires ?? 'its files change', 40))
      const what = `${code(`${finding.invariant}/${finding.kind}`, 120)} ${code(subjectOf(finding) ?? '', 200)}`
      return [`- ${code(migration.name, 120)}: ${what} by ${prose(shorten(owner, 120))} until ${until}: ${prose(shorten(reason, 300))}`]
    }),
  )
}

/** One folded block for each hundred lines, so that a part of them fits where all do not. */
function folded(title: string, lines: readonly Markdown[]): readonly Markdown[] {
  const size = 100
  return Array.from({ length: Math.ceil(lines.length / size) }, (_, index) => {
    const part = lines.slice(index * size, (index + 1) * size)
    const range = lines.length <= size ? `${lines.length}` : `${index * size + 1} to ${index * size + part.length} of ${lines.length}`
    return `<details><summary>${title} (${range})</summary>\n\n${part.join('\n')}\n\n</details>`
  })
}

function byVerdict(migrations: readonly MigrationResult[]): readonly MigrationResult[] {
  const order = { violated: 0, unknown: 1, holds: 2 } as const
  return migrations.toSorted((a, b) => order[a.verdict] - order[b.verdict])
}

/** A zero-width space after the sign: GitHub looks for names in the text as it is shown, after all escapes are undone. */
function withoutMentions(text: Markdown): Markdown {
  return text.replaceAll('&#64;', '&#64;&#8203;').replaceAll('&#35;', '&#35;&#8203;')
}

/** Blocks of text up to a limit, with room kept for the notice of what was cut. */
class BoundedText {
  readonly #blocks: Markdown[] = []
  readonly #limit: number
  readonly #measure: (text: string) => number
  #size = 0

  constructor({ limit, unit, comment }: SummaryOptions, reserve: number) {
    this.#limit = limit - reserve
    const length = unit === 'bytes' ? (text: string) => Buffer.byteLength(text) : (text: string) => text.length
    this.#measure = (text) => length(comment === true ? withoutMentions(text) : text) + 2
  }

  /** Whether it fitted. An empty block takes no room. */
  add(block: Markdown): boolean {
    if (block === '') return true
    const size = this.#measure(block)
    if (this.#size + size > this.#limit) return false
    this.#blocks.push(block)
    this.#size += size
    return true
  }

  /** @returns How many did not fit: the first that does not, and all after it, for they are less grave. */
  addAll(blocks: readonly Markdown[]): number {
    const at = blocks.findIndex((block) => !this.add(block))
    return at < 0 ? 0 : blocks.length - at
  }

  /** Add as many rows as fit into a part of the room that is left. */
  addTable(header: readonly Markdown[], rows: readonly (readonly Markdown[])[], part: number): number {
    const room = (this.#limit - this.#size) * part
    let size = this.#measure(table(header, []))
    const fitting = rows.findIndex((row) => {
      size += this.#measure(`| ${row.join(' | ')} |`)
      return size > room
    })
    const shown = fitting < 0 ? rows : rows.slice(0, fitting)
    if (shown.length > 0) this.add(table(header, shown))
    return rows.length - shown.length
  }

  close(notice: Markdown): void {
    this.#blocks.push(notice)
  }

  toString(): string {
    return `${this.#blocks.join('\n\n')}\n`
  }
}
