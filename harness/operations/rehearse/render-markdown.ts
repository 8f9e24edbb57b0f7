import { shownName } from '../../postgres/index.ts'
import { code, counted, formatDuration, prose, table } from '../../report/index.ts'
import { growthSentences, rowsText } from '../../result/index.ts'
import { sizeText } from '../evidence/describe.ts'
import type { DirectionResult, Rehearsal, RehearsalFinding, WorkloadResult } from './model.ts'
import {
  adjustments,
  checksText,
  directionText,
  growthText,
  locksOf,
  predictionCounts,
  restoreText,
  seenText,
  verdictText,
  windowText,
  workloadText,
} from './words.ts'

const MOST_WAITS = 10

const verdictWord = { holds: 'Holds.', violated: 'Violated.', unknown: 'Unknown: no pass.' } as const

/** The results document of a rehearsal: verdict, issues, what to adjust, metrics. What comes from data is escaped. */
export function renderMarkdownRehearsal(rehearsal: Rehearsal): string {
  const { copy, migration, notChecked, disagreements } = rehearsal
  const blocks = [
    `# Rehearsal of ${code(migration)}`,
    `**${verdictWord[rehearsal.verdict]}** ${prose(verdictText(rehearsal))}`,
    table(
      ['', ''],
      [
        ['copy', `${code(copy.place)} (${copy.kind === 'dump' ? 'a dump, restored into a throw-away server' : 'a database by its URL'})`],
        ['server', `PostgreSQL ${prose(copy.server)}, as role ${code(copy.role)}`],
        ['size before', sizeText(copy.bytes)],
        ['started', `${rehearsal.startedAt}, took ${formatDuration(rehearsal.durationMs)}`],
        ['files of the migration', `sha256 ${rehearsal.digest.slice(0, 12)}`],
        ['Godwit', prose(rehearsal.godwit)],
      ],
    ),
    '## Issues found',
    ...issues(rehearsal),
    '## What to adjust',
    list(adjustments(rehearsal), 'Nothing.'),
    '## Metrics',
    ...metrics(rehearsal),
    '## Rows',
    ...rows(rehearsal),
    '## Predicted and seen',
    ...predictions(rehearsal),
    ...(disagreements.length === 0 ? [] : ['## Disagreements', list(disagreements, '')]),
    '## Checks',
    ...checks(rehearsal),
    '## Growth',
    ...growth(rehearsal),
    '## Not checked',
    list(notChecked, 'Everything was checked.'),
  ]
  return `${blocks.join('\n\n')}\n`
}

function issues({ findings }: Rehearsal): readonly string[] {
  if (findings.length === 0) return ['None.']
  const shown = findings.filter(({ cause }) => cause === null)
  return shown.map(
    (each) =>
      `- ${issue(
        each,
        findings.filter(({ cause }) => cause === each.id),
      )}`,
  )
}

function issue(finding: RehearsalFinding, following: readonly RehearsalFinding[]): string {
  const { severity, message, file, line, samples, predictedBy, waived, sqlstate, alterations } = finding
  const ways = Object.entries(alterations)
  const facts = [
    file === null ? '' : `where: ${code(line === null ? file : `${file}:${line}`)}`,
    sqlstate === null ? '' : `SQLSTATE: ${code(sqlstate)}`,
    ways.length === 0 ? '' : `how: ${ways.map(([way, items]) => `${prose(way)} (${items})`).join(', ')}`,
    samples.length === 0 ? '' : `for example: ${samples.map((each) => code(each)).join(', ')}`,
    predictedBy === null ? 'not predicted by generated rows' : `predicted by generated rows: finding ${code(predictedBy)}`,
    waived === null ? '' : `accepted by ${prose(waived.owner)}: ${prose(waived.reason)}`,
    ...following.map((each) => `follows from it: ${prose(each.message)}`),
  ]
  return [`**${severity}**: ${prose(message)}`, ...facts.filter((each) => each !== '').map((each) => `  - ${each}`)].join('\n')
}

function metrics({ up, down, workload, restore, window }: Rehearsal): readonly string[] {
  const kept = window.kept === null ? 'up failed' : window.kept ? 'kept' : '**missed**'
  return [
    `Window of ${windowText(window.ms)}: ${kept}. The times are those of this server.`,
    `### up: ${directionText(up)}`,
    statements(up),
    ...(workload === null ? [] : ['### Clients', ...clients(workload)]),
    down === null
      ? '### down: not run'
      : `### down: ${directionText(down)}; ${down.outcome === 'failed' ? 'it failed' : down.equal === null ? 'not everything could be compared' : down.equal ? 'everything is as before' : '**not everything is as before**'}`,
    ...(down === null ? [] : [statements(down)]),
    ...(restore === null ? [] : [`### restore: ${prose(restoreText(restore))}`]),
  ]
}

function clients(workload: WorkloadResult): readonly string[] {
  const waits = workload.waits
    .slice(0, MOST_WAITS)
    .map(({ statement, waitedMs, file, line }) => [
      prose(statement),
      formatDuration(waitedMs),
      file === null ? '' : code(`${file}:${line}`),
    ])
  return [
    `${prose(workloadText(workload))}. WAL and growth of up have what the clients wrote and rolled back.`,
    ...(waits.length === 0 ? [] : [table(['statement', 'waited for a lock', 'while this ran'], waits)]),
  ]
}

function statements({ statements: all }: DirectionResult): string {
  const bytes = (value: number | null) => (value === null ? '' : value < 0 ? `-${sizeText(-value)}` : sizeText(value))
  return table(
    ['where', 'statement', 'duration', 'WAL', 'grown', 'temporary files', 'locks', 'rewritten'],
    all.map((each) => [
      code(`${each.file}:${each.line}`),
      code(each.text, 80),
      formatDuration(each.durationMs),
      bytes(each.walBytes),
      bytes(each.grownBytes),
      bytes(each.temporaryBytes),
      prose(locksOf(each)),
      prose(each.rewritten.map(shownName).join(', ')),
    ]),
  )
}

function rows({ totals, made, measures }: Rehearsal): readonly string[] {
  return [
    table(
      ['table', 'rows before', 'rows after', 'digest before', 'sums before'],
      [
        ...totals.map(({ table: path, rows: count, after, digest, sums }) => [
          code(shownName(path)),
          String(count),
          after === null ? 'none' : String(after),
          code(digest),
          prose(
            Object.entries(sums)
              .map(([name, sum]) => `${name} ${sum ?? 'NULL'}`)
              .join(', '),
          ),
        ]),
        ...made.map(({ table: path, rows: count }) => [code(shownName(path)), 'none', String(count), '', '']),
      ],
    ),
    ...(measures.length === 0
      ? []
      : [
          table(
            ['measure before', 'keys', 'total'],
            measures.map(({ name, keys, total }) => [prose(name), String(keys), total ?? 'NULL']),
          ),
        ]),
  ]
}

function predictions({ predictions: all, predicted }: Rehearsal): readonly string[] {
  const sentence = `Verification on generated rows: ${predicted}. ${counted(all.length, 'finding')} that a rehearsal can see: ${predictionCounts(all)}.`
  if (all.length === 0) return [sentence]
  const lines = all.map((each) => [
    `${each.severity}${each.accepted ? ', accepted' : ''}`,
    prose(each.message),
    each.concerned === null ? 'no query tells' : counted(each.concerned, 'row'),
    seenText(each),
  ])
  return [sentence, table(['predicted', 'on generated rows', 'real rows that it concerns', 'after the migration'], lines)]
}

function checks({ checks: all, metrics: ofContract }: Rehearsal): readonly string[] {
  if (all.length === 0) return ['None: up failed.']
  const answers = all.map(({ title, differing, because, durationMs }) => [
    prose(title),
    differing === null ? `not answered: ${prose(because)}` : differing === 0 ? 'as before' : `**${differing} differ**`,
    formatDuration(durationMs),
  ])
  return [
    `${checksText(all)}. All rows were compared on the server.`,
    table(['check', 'answer', 'took'], answers),
    ...contractMetrics(ofContract),
  ]
}

function contractMetrics(all: Rehearsal['metrics']): readonly string[] {
  if (all.length === 0) return []
  const lines = all.flatMap(({ name, rule, keeps, because, rows: count, values }) => {
    const verdict = keeps === null ? `tells nothing: ${prose(because)}` : keeps ? 'kept' : '**not kept**'
    const first = [prose(name), prose(rule), verdict]
    const given = values.map(({ labels, before, after }) => [labels === '' ? '' : code(labels), before ?? '', after ?? ''])
    const more = count > given.length ? [[`${count - given.length} more`, '', '']] : []
    const shown = given.length === 0 ? [['', '', '']] : [...given, ...more]
    return shown.map((each, at) => [...(at === 0 ? first : ['', '', '']), ...each])
  })
  return [table(['metric of the contract', 'rule', 'answer', 'labels', 'before', 'after'], lines)]
}

function growth({ growth: found, window }: Rehearsal): readonly string[] {
  const sentence = growthText(found, window.ms)
  const first = prose(`${sentence.charAt(0).toUpperCase()}${sentence.slice(1)}.`.replace(/\.\.$/, '.'))
  if (found.outcome === 'not-measured') return [first]
  const passes = found.passes.map(({ sample, rows: count, durationMs, temporaryBytes }) => [
    `${sample} %`,
    rowsText(count),
    formatDuration(durationMs),
    temporaryBytes === null ? 'not told' : sizeText(temporaryBytes),
  ])
  const fixed = found.fixedMs > 0 ? `${found.fixedMs.toPrecision(3)} ms + ` : ''
  return [
    first,
    list(growthSentences(found), ''),
    `Fit: ${fixed}${found.factorMs.toPrecision(3)} ms × rows^${found.power.toPrecision(3)}; prediction interval of ${found.level} %.`,
    table(['sample', 'rows', 'up', 'temporary files'], passes),
  ]
}

function list(items: readonly string[], none: string): string {
  return items.length === 0 ? none : items.map((item) => `- ${prose(item)}`).join('\n')
}
