import type { MigrationResult, SourceResult, VerifyResult } from '../result/index.ts'
import type { BoundedText } from './bounded-text.ts'
import { claimHeader, claimRow } from './claims-markdown.ts'
import { claimsByState, claimsCount } from './claims-text.ts'
import type { PlacedFinding } from './finding-block.ts'
import { findingTree } from './finding-tree.ts'
import { code, type Markdown, prose } from './markdown-text.ts'
import { findingGravity, isQuiet, openFindings, subjectOf } from './severity.ts'
import { counted, formatDuration, shorten } from './visible-text.ts'

/** `2 migrations: 1 violated, …; 1 error, 0 warnings. PostgreSQL 18.4, seed 7, 3.2 s.` */
export function totals(result: VerifyResult): Markdown {
  const of = (verdict: VerifyResult['verdict']) => result.migrations.filter((migration) => migration.verdict === verdict).length
  const errors = result.migrations.flatMap(openFindings).filter((finding) => finding.severity === 'error').length
  const parts = [`${of('violated')} violated`, `${of('unknown')} unknown`, `${of('holds')} hold`]
  const server = `PostgreSQL ${prose(shorten(result.postgres.version, 60))}${result.postgres.assumed ? ' (assumed)' : ''}`
  const counts = `${counted(result.migrations.length, 'migration')}: ${parts.join(', ')}; ${counted(errors, 'error')}, ${counted(result.warnings, 'warning')}.`
  return `${counts} ${server}, seed ${code(result.seed, 60)}, ${formatDuration(result.durationMs)}.`
}

/** What was read of a folder, one line each; nothing for a plain pair. */
export function describeSource(source: SourceResult): readonly Markdown[] {
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

/** A table of claims for each migration that declares some. */
export function addClaims(text: BoundedText, migrations: readonly MigrationResult[]): void {
  for (const migration of migrations) {
    const count = claimsCount(migration)
    if (count === undefined || !text.add(`#### Claims of ${code(migration.name, 120)}: ${prose(count)}`)) continue
    const rows = claimsByState(migration.claims ?? []).map((claim) => claimRow(claim, { longest: 300 }))
    text.addTable(claimHeader, rows, { part: 0.3, noun: 'claim' })
  }
}

/** Findings that are open, the gravest first, each with those that follow from it. */
export function openTrees(migrations: readonly MigrationResult[]): readonly PlacedFinding[] {
  const placed = migrations.flatMap((migration) => findingTree(openFindings(migration)).map((node) => ({ ...node, migration })))
  return placed.toSorted((a, b) => findingGravity(a.finding, b.finding))
}

/** One line that counts the migrations that need no look; empty where there are none. */
export function quietLine(migrations: readonly MigrationResult[]): Markdown {
  const quiet = migrations.filter(isQuiet)
  if (quiet.length === 0) return ''
  const waivedHere = quiet.flatMap((migration) => migration.findings).filter((finding) => finding.waived !== null).length
  const unchecked = quiet.reduce((sum, migration) => sum + migration.notChecked.length, 0)
  const more = [...(waivedHere > 0 ? [`${waivedHere} waived`] : []), ...(unchecked > 0 ? [`${unchecked} not checked`] : [])]
  return `${counted(quiet.length, 'migration')} ${quiet.length === 1 ? 'holds' : 'hold'} without an open finding${more.length === 0 ? '' : ` (${more.join(', ')})`}.`
}

/** What no verdict was reached on, one line each. */
export function notChecked(migrations: readonly MigrationResult[]): readonly Markdown[] {
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

/** Findings that are accepted, by whom and until when, one line each. */
export function waived(migrations: readonly MigrationResult[]): readonly Markdown[] {
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
export function folded(title: string, lines: readonly Markdown[]): readonly Markdown[] {
  const size = 100
  return Array.from({ length: Math.ceil(lines.length / size) }, (_, index) => {
    const part = lines.slice(index * size, (index + 1) * size)
    const range = lines.length <= size ? `${lines.length}` : `${index * size + 1} to ${index * size + part.length} of ${lines.length}`
    return `<details><summary>${title} (${range})</summary>\n\n${part.join('\n')}\n\n</details>`
  })
}
