import type { FindingResult, MigrationResult, VerifyResult } from '../result/index.ts'
import { BoundedText } from './bounded-text.ts'
import { decisionOf } from './decision.ts'
import { findingBlock, findingLine, type LinkTo } from './finding-block.ts'
import { code, type Markdown, prose } from './markdown-text.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import type { RepositoryLinks } from './repository-links.ts'
import { addMigrations } from './run-summary.ts'
import { bySeverity, isQuiet } from './severity.ts'
import type { SourceFiles } from './source-files.ts'
import { addClaims, describeSource, folded, notChecked, openTrees, quietLine, totals, waived } from './summary-parts.ts'
import { counted, shorten } from './visible-text.ts'

/** Stands first in a comment of ours, so that the next run finds it and writes it anew. */
export const commentMarker = '<!-- godwit -->'

/** GitHub's limit for a comment is 65,536; a little room is left for what a workflow puts around it. */
export const commentLimit = { limit: 65_000, unit: 'characters', comment: true } as const

/** Where the comment may link to. */
export interface CommentContext {
  readonly links: RepositoryLinks
  /** Files as the repository names them, by their path in the result. */
  readonly sources: SourceFiles
  /** Default `commentLimit`. */
  readonly limit?: number | undefined
}

/**
 * The comment on a pull request: the decision in one sentence, the claims, the findings of this branch, and folded what was known before.
 *
 * It never grows past its limit, and what comes from data is neither markup nor a link, and calls nobody.
 */
export function renderPullRequest(given: VerifyResult, { links, sources, limit = commentLimit.limit }: CommentContext): Markdown {
  const result = maskSecretsIn(given)
  const text = new BoundedText({ ...commentLimit, limit: limit - commentMarker.length - 1 })
  const linkTo: LinkTo = ({ file, line }) => {
    const path = file === null ? undefined : sources.get(file)?.path
    // Absolute where it lies outside of the repository.
    return path === undefined || path.startsWith('/') || /^\w:/.test(path) ? undefined : links.toLine(path, line)
  }
  text.add(`### ${prose(shorten(decisionOf(result).sentence, 400))}`)
  text.add([totals(result), ...artifacts(links)].join(' '))
  addClaims(text, result.migrations)

  const found = openTrees(result.migrations)
  if (found.length > 0) text.add(`#### ${knowsOldOnes(result) ? 'New on this branch' : 'Findings'} (${found.length})`)
  text.addAll(
    found.map((each) => findingBlock(each, result, linkTo)),
    'finding',
  )
  const loud = result.migrations.filter((migration) => !isQuiet(migration))
  if (loud.length > 1 || loud.some(({ verdict }) => verdict === 'unknown')) addMigrations(text, loud, { options: {}, part: 0.5 })
  text.add(quietLine(result.migrations))

  text.addAll(folded('Known before this branch, accepted by the baseline', knownBefore(result.migrations, linkTo)), 'older finding')
  text.add(notVerified(result))
  text.addAll(folded('Accepted by a waiver', waived(result.migrations.map(withoutBaseline))), 'waived finding')
  text.addAll(folded('Not judged, or not checked', notChecked(result.migrations)), 'line on what was not checked')
  text.addAll(result.sources.flatMap(describeSource), 'note on what was read')
  return `${commentMarker}\n${text.toString()}`
}

function artifacts({ report, job }: RepositoryLinks): readonly Markdown[] {
  return [...(report === undefined ? [] : [`[Open the report](${report}).`]), ...(job === undefined ? [] : [`[The job](${job}).`])]
}

/** Whether old findings can be told from new ones in this result. */
function knowsOldOnes(result: VerifyResult): boolean {
  return result.since !== undefined || result.migrations.some(({ findings }) => findings.some(isOfBaseline))
}

/** What the baseline accepts has no day on which that ends. */
function isOfBaseline({ waived: by }: FindingResult): boolean {
  return by !== null && by.expires === null
}

function withoutBaseline(migration: MigrationResult): MigrationResult {
  return { ...migration, findings: migration.findings.filter((finding) => !isOfBaseline(finding)) }
}

function knownBefore(migrations: readonly MigrationResult[], linkTo: LinkTo): readonly Markdown[] {
  return migrations.flatMap(({ findings }) => bySeverity(findings.filter(isOfBaseline)).map((each) => findingLine(each, linkTo)))
}

/** How many steps were there before the branch, and so were not looked at. */
function notVerified({ since, sources }: VerifyResult): Markdown {
  const older = sources.reduce((sum, { steps, verified, cached }) => sum + Math.max(0, steps - verified - cached), 0)
  if (since === undefined || older === 0) return ''
  const were = older === 1 ? 'was' : 'were'
  return `Findings of ${counted(older, 'older step')} are not shown: ${older === 1 ? 'it' : 'they'} ${were} there before ${code(since, 120)}.`
}
