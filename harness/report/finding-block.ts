import type { FindingResult, MigrationResult, VerifyResult } from '../result/index.ts'
import { renderEvidence } from './evidence.ts'
import type { FindingNode } from './finding-tree.ts'
import { code, type Markdown, prose } from './markdown-text.ts'
import { againLine, replayLine } from './replay-line.ts'
import { placeOf, subjectOf } from './severity.ts'
import { sidesOf } from './sides.ts'
import { shorten } from './visible-text.ts'

/** A finding with those that follow from it, and where it was found. */
export interface PlacedFinding extends FindingNode {
  readonly migration: MigrationResult
}

/** The target of a link to where a finding was made; undefined where none can be given. */
export type LinkTo = (finding: FindingResult) => string | undefined

const longestEvidence = 6_000
const shownFollowing = 20

/**
 * A finding as a folded block: its sentence as the title; where it is, what to do, the row before and after, how to see it again, and what
 * follows from it.
 */
export function findingBlock({ finding, following, migration }: PlacedFinding, run: VerifyResult, linkTo?: LinkTo): Markdown {
  const replay = finding.counterexample === null ? againLine(migration, run) : (replayLine({ ...migration, findings: [finding] }) ?? '')
  const place = placeLink(finding, linkTo)
  const sides = sidesOf(finding)
  const left = Object.entries(finding.evidence).filter(([key]) => sides?.shown.has(key) !== true)
  const evidence = renderEvidence(Object.fromEntries(left)).join('\n\n')
  const facts = [
    ...(place === undefined ? [] : [`- where: ${place}`]),
    ...(finding.hint === null ? [] : [`- what to do: ${prose(shorten(finding.hint, 500))}`]),
    ...(finding.preflight === null ? [] : [`- how many rows are concerned: ${code(finding.preflight, 1_000)}`]),
    `- see it again: ${code(replay, 1_000)}`,
  ]
  const blocks = [
    // A summary is HTML, where Markdown is not read.
    `<details><summary>${finding.severity}: ${prose(shorten(sentenceOf(finding), 400))} (${prose(shorten(migration.name, 120))})</summary>`,
    facts.join('\n'),
    sides?.table ?? '',
    evidence.length > longestEvidence ? 'The evidence is in the report.' : evidence,
    consequences(following, linkTo),
    '</details>',
  ]
  return blocks.filter((block) => block !== '').join('\n\n')
}

/** A finding in one line of a list: its sentence and its place. */
export function findingLine(finding: FindingResult, linkTo?: LinkTo): Markdown {
  const place = placeLink(finding, linkTo)
  return `- ${finding.severity}: ${prose(shorten(sentenceOf(finding), 400))}${place === undefined ? '' : ` (${place})`}`
}

function consequences(following: readonly FindingResult[], linkTo: LinkTo | undefined): Markdown {
  if (following.length === 0) return ''
  const more = following.length - shownFollowing
  return [
    'What follows from it:',
    '',
    ...following.slice(0, shownFollowing).map((each) => findingLine(each, linkTo)),
    ...(more > 0 ? [`- ${more} more`] : []),
  ].join('\n')
}

/** The message, with the subject where it does not name it. */
function sentenceOf(finding: FindingResult): string {
  const subject = subjectOf(finding)
  const bare = finding.attribute ?? finding.relation?.split('.').at(-1)
  return subject === null || bare === undefined || finding.message.includes(bare) ? finding.message : `${subject}: ${finding.message}`
}

function placeLink(finding: FindingResult, linkTo: LinkTo | undefined): Markdown | undefined {
  const place = placeOf(finding)
  if (place === null) return undefined
  const target = linkTo?.(finding)
  return target === undefined ? code(place, 300) : `[${code(place, 300)}](${target})`
}
