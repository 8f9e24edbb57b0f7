import type { FindingResult, InvariantResult, LineageEntry, MigrationResult, TargetResult, VerifyResult } from '../result/index.ts'
import { claimsSection } from './claims-markdown.ts'
import { coverageLine } from './coverage-text.ts'
import { renderEvidence } from './evidence.ts'
import { counterexampleLink, findingAnchor } from './finding-link.ts'
import { code, type Markdown, prose, table } from './markdown-text.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { againLine, replayLine } from './replay-line.ts'
import { bySeverity, placeOf, subjectOf, verdictSentence } from './severity.ts'
import { isolationWords, stageWords } from './stage-words.ts'
import { counted, formatDuration } from './visible-text.ts'

/** What a report says of the run as a whole. */
export type RunInfo = Omit<VerifyResult, 'migrations' | 'verdict' | 'warnings'>

/**
 * The report of one migration for those who decide on a release: GitHub-flavoured Markdown, verdict first.
 *
 * The same arguments give the same text. What comes from data is escaped, and passwords in URLs are masked.
 */
export function renderMarkdown(migrationResult: MigrationResult, runInfo: RunInfo): string {
  const migration = maskSecretsIn(migrationResult)
  const run = maskSecretsIn(runInfo)
  const blocks = [
    `# ${code(migration.name)} ${migration.verdict === 'unknown' ? 'is not judged' : migration.verdict}`,
    `**${verdictWord[migration.verdict]}** ${prose(verdictSentence(migration))}`,
    summary(migration, run),
    ...disagreements(migration),
    ...claimsSection(migration),
    '## Invariants',
    invariants(migration.invariants),
    '## Findings',
    ...findings(migration.findings),
    '## Lineage',
    lineage(migration),
    ...coverage(migration),
    '## Not checked',
    list(migration.notChecked, 'Everything that applies was checked.'),
    '## Limits',
    'The verdict holds for what stands here, and for nothing else.',
    limits(migration, run),
    ...sourceNotes(migration, run),
    timings(migration, run),
    '## How to see it again',
    howToReplay(migration, run),
  ]
  return `${blocks.join('\n\n')}\n`
}

const verdictWord = { holds: 'Holds.', violated: 'Violated.', unknown: 'Unknown: no pass.' } as const

function summary(migration: MigrationResult, run: RunInfo): Markdown {
  const open = migration.findings.filter((finding) => finding.waived === null)
  const of = (severity: FindingResult['severity']) => open.filter((finding) => finding.severity === severity).length
  const waived = migration.findings.length - open.length
  const parts = [counted(of('error'), 'error'), counted(of('warning'), 'warning'), `${of('info')} for information`]
  if (waived > 0) parts.push(`${waived} waived`)
  if (migration.notChecked.length > 0) parts.push(`${migration.notChecked.length} not checked`)
  return `${parts.join(', ')}; ${counted(migration.runs, 'run')} on PostgreSQL ${prose(run.postgres.version)}.`
}

function disagreements(migration: MigrationResult): readonly Markdown[] {
  if (migration.disagreements.length === 0) return []
  const why = 'Seen inside a transaction and not confirmed on a clone. This is a fault of Godwit itself, and is not counted:'
  return ['## Disagreements', why, list(migration.disagreements, '')]
}

function invariants(results: readonly InvariantResult[]): Markdown {
  if (results.length === 0) return 'None was judged.'
  const rows = results.map((invariant) => [
    code(invariant.id),
    invariant.verdict === 'holds' ? 'holds' : invariant.verdict === 'not-applicable' ? 'not applicable' : `**${invariant.verdict}**`,
    invariant.verdict === 'not-applicable' ? '' : saw(invariant),
    prose(invariant.because),
    invariant.under.map((exclusion) => code(exclusion)).join('<br>'),
  ])
  return table(['invariant', 'verdict', 'saw', 'because', 'judged only where'], rows)
}

function saw({ saw: { relations, rows, cells, runs } }: InvariantResult): Markdown {
  return [counted(relations, 'relation'), counted(rows, 'row'), counted(cells, 'cell'), counted(runs, 'run')].join(', ')
}

function findings(all: readonly FindingResult[]): readonly Markdown[] {
  if (all.length === 0) return ['None.']
  const sorted = bySeverity(all)
  const open = sorted.filter((finding) => finding.waived === null)
  const groups = [
    { title: 'Errors', members: open.filter((finding) => finding.severity === 'error') },
    { title: 'Warnings', members: open.filter((finding) => finding.severity === 'warning') },
    { title: 'For information', members: open.filter((finding) => finding.severity === 'info') },
    { title: 'Waived', members: sorted.filter((finding) => finding.waived !== null) },
  ]
  return groups
    .filter((group) => group.members.length > 0)
    .flatMap((group) => [`### ${group.title} (${group.members.length})`, ...group.members.flatMap((one) => finding(one, all))])
}

function finding(one: FindingResult, all: readonly FindingResult[]): readonly Markdown[] {
  const subject = subjectOf(one)
  const place = placeOf(one)
  const cause = all.find((other) => other.id === one.cause)
  const facts = [
    place === null ? '' : `- where: ${code(place)}`,
    `- known: ${one.known}`,
    one.waived === null
      ? ''
      : `- waived by ${prose(one.waived.owner)} until ${one.waived.expires === null ? 'its files change' : prose(one.waived.expires)}: ${prose(one.waived.reason)}`,
    one.cause === null
      ? ''
      : `- follows from: ${cause === undefined ? code(one.cause) : `[${prose(cause.message)}](#${findingAnchor(cause.id)})`}`,
    one.counterexample === null ? '' : `- counterexample: ${counterexampleLink(one.counterexample)}`,
    one.hint === null ? '' : `- what to do: ${prose(one.hint)}`,
    one.preflight === null ? '' : `- how many rows of a database are concerned: ${code(one.preflight, 2_000)}`,
    `- id: ${code(one.id)}`,
  ]
  return [
    `#### <a id="${findingAnchor(one.id)}"></a>${prose(one.invariant)}, ${prose(one.kind)}${subject === null ? '' : `: ${code(subject)}`}`,
    prose(one.message),
    facts.filter((fact) => fact !== '').join('\n'),
    ...renderEvidence(one.evidence),
  ]
}

function lineage(migration: MigrationResult): Markdown {
  if (migration.lineage.length === 0) return 'None was learned.'
  const rows = migration.lineage.map((entry) => [
    code(entry.from),
    entry.to.length === 0 ? 'nowhere' : entry.to.map((to) => code(to)).join('<br>'),
    prose(entry.transform),
    fateText(entry),
    entry.known,
  ])
  return table(['from', 'to', 'transform', 'fate', 'known'], rows)
}

/** What the generated rows have reached, place by place; what was reached everywhere needs no row. */
function coverage(migration: MigrationResult): readonly Markdown[] {
  const line = coverageLine(migration)
  if (line === undefined || migration.coverage === undefined) return []
  const places = new Map<string, TargetResult[]>()
  for (const target of migration.coverage.targets) {
    const key = JSON.stringify([target.file, target.line, target.text])
    places.set(key, [...(places.get(key) ?? []), target])
  }
  const rows = [...places.values()].map((targets) => {
    const of = (state: TargetResult['state']) => targets.filter((target) => target.state === state)
    const told = (state: TargetResult['state']) =>
      of(state)
        .map(({ outcome, because }) => prose(because === null ? outcome : `${outcome} (${because})`))
        .join('<br>')
    const [{ file = '', line: at = 0, text = '' } = {}] = targets
    return [
      code(`${file}:${at}`),
      code(text),
      of('reached')
        .map(({ outcome }) => prose(outcome))
        .join('<br>'),
      told('left'),
      told('infeasible'),
      told('unmeasured'),
    ]
  })
  return [
    '## What the rows reached',
    prose(`${line}.`),
    table(['where', 'what', 'reached', 'not reached', 'cannot occur', 'not measured'], rows),
  ]
}

function fateText({ fate, because }: LineageEntry): Markdown {
  if (fate === 'lost') return '**lost**'
  return because === undefined ? fate : `${fate}: ${prose(because)}`
}

function limits(migration: MigrationResult, run: RunInfo): Markdown {
  const largest = (of: (invariant: InvariantResult) => number) => Math.max(0, ...migration.invariants.map(of))
  const sizes = `${counted(
    largest(({ saw }) => saw.rows),
    'row',
  )} and ${counted(
    largest(({ saw }) => saw.cells),
    'cell',
  )} in ${counted(
    largest(({ saw }) => saw.relations),
    'relation',
  )}`
  return table(
    ['what', 'value'],
    [
      [
        'PostgreSQL',
        `${prose(run.postgres.version)}, ${run.postgres.from}${run.postgres.assumed ? ', assumed: no version was asked for' : ''}`,
      ],
      ['runs', String(migration.runs)],
      ['most that one invariant saw', sizes],
      ['seed', code(run.seed)],
      ['run as', code(migration.runAs)],
      ['isolated by', prose(isolationWords(migration))],
      ...Object.entries(run.digest).map(([part, digest]) => [`digest of ${prose(part)}`, code(digest)]),
    ],
  )
}

/** What is true of the folder that the migration comes from: how it was found, what was put in place for it. */
function sourceNotes(migration: MigrationResult, run: RunInfo): readonly Markdown[] {
  const own = run.sources.filter((source) => run.sources.length === 1 || isUnder(migration.path, source.path))
  return own.flatMap(({ path, format, brokenAt, endToEnd, notes }) => {
    const facts = [
      ...(brokenAt === null
        ? []
        : [`${brokenAt.migration} does not apply to an empty database (${brokenAt.file}:${brokenAt.line}): ${brokenAt.message}`]),
      ...(endToEnd === null
        ? []
        : [`all ${endToEnd.steps} downs from the end: ${endToEnd.verdict}${endToEnd.because === '' ? '' : `: ${endToEnd.because}`}`]),
      ...notes,
    ]
    return facts.length === 0 ? [] : [`Of ${code(path)} (${prose(format)}):`, list(facts, '')]
  })
}

function isUnder(path: string, folder: string): boolean {
  return path === folder || path.startsWith(`${folder.replace(/\/+$/, '')}/`)
}

function timings(migration: MigrationResult, run: RunInfo): Markdown {
  const took = (ms: number | undefined) => (ms === undefined ? '' : formatDuration(ms))
  const stages = [...new Set([...Object.keys(run.timings), ...Object.keys(migration.timings)])]
  const rows = stages.map((stage) => [prose(stageWords(stage)), took(migration.timings[stage]), took(run.timings[stage])])
  return table(['stage', 'this migration', 'whole run'], [...rows, ['total', '', formatDuration(run.durationMs)]])
}

function howToReplay(migration: MigrationResult, run: RunInfo): Markdown {
  const replay = replayLine(migration)
  const lines = [
    ...(replay === null ? [] : [`- the worst counterexample alone: ${code(replay, 2_000)}`]),
    `- the whole run: ${code(againLine(migration, run), 2_000)}`,
  ]
  return lines.join('\n')
}

function list(items: readonly string[], none: Markdown): Markdown {
  return items.length === 0 ? none : items.map((item) => `- ${prose(item)}`).join('\n')
}
