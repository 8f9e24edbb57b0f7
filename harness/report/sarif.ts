import type { Invocation, Location, Log, Notification, ReportingDescriptor, Result } from 'sarif'
import { exampleOf, type NamedRule, ruleOf, rulesOf } from '../invariants/index.ts'
import { packageVersion } from '../package.ts'
import type { FindingResult, MigrationResult, VerifyResult } from '../result/index.ts'
import { claimNotices } from './claims-text.ts'
import { coverageLine, isFunction } from './coverage-text.ts'
import { maskSecrets, maskSecretsIn } from './mask-secrets.ts'
import { findingGravity, nothingJudged, subjectOf } from './severity.ts'
import { plainPath, type SourceFiles } from './source-files.ts'
import { counted, shorten, visibleText } from './visible-text.ts'

/**
 * GitHub refuses a run with more results, and shows the gravest 5,000.
 *
 * @see https://docs.github.com/en/code-security/reference/code-scanning/sarif-files/sarif-support-for-code-scanning
 */
const mostResults = 25_000
const mostShownByGitHub = 5_000
const mostNotifications = 1_000

const levels = { error: 'error', warning: 'warning', info: 'note' } as const
const exitCodes = { holds: 0, violated: 1, unknown: 4 } as const

interface Placed {
  readonly finding: FindingResult
  readonly rule: NamedRule
  readonly migration: MigrationResult
  readonly path: string
  readonly line: number | undefined
  readonly lines: readonly string[] | undefined
}

/**
 * The result of a run as SARIF 2.1.0, for lists of alerts: errors and warnings, worst first; what is for information only is counted.
 *
 * Waived findings are suppressed results; what was not checked, a history that breaks and what did not fit are notifications. Paths are
 * from the root of the repository, and nothing in it depends on the machine, so that the same run gives the same text.
 */
export function renderSarif(given: VerifyResult, files: SourceFiles): string {
  const result = maskSecretsIn(given)
  const lines = new Map([...files].map(([name, { text }]) => [name, text?.split(/\r\n|\n|\r/)]))
  const all = result.migrations.flatMap((migration) =>
    migration.findings
      .filter((finding) => finding.severity !== 'info')
      .map((finding): Placed => ({ ...place(finding, migration, files, lines), rule: ruleOf(finding, result.ownInvariants) })),
  )
  const kept = all.toSorted((a, b) => findingGravity(a.finding, b.finding)).slice(0, mostResults)
  const driver = driverRules(
    rulesOf(result.ownInvariants),
    kept.map(({ rule }) => rule),
  )
  const index = new Map(driver.map((rule, at) => [rule.id, at]))
  const crowded = new Set(repeated(kept.map(lineKey)))
  const log: Log = {
    $schema: 'https://json.schemastore.org/sarif-2.1.0.json',
    version: '2.1.0',
    runs: [
      {
        tool: { driver: { name: 'Godwit', version: packageVersion(), rules: driver.map(describeRule) } },
        automationDetails: { id: automationId(result) },
        originalUriBaseIds: { SRCROOT: { description: { text: 'The root of the repository.' } } },
        columnKind: 'utf16CodeUnits',
        invocations: [invocation(result, files, all.length)],
        results: kept.map((placed) => describeResult(placed, index, crowded.has(lineKey(placed)))),
        properties: {
          verdict: result.verdict,
          seed: line(result.seed),
          postgres: line(result.postgres.version),
          digest: Object.fromEntries(Object.entries(result.digest).map(([part, digest]) => [part, line(digest)])),
        },
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

/** A path from the repository's root as a URI reference: percent-encoded piece by piece, never taken for a scheme. */
export function uriOf(path: string): string {
  const pieces = plainPath(path)
    .split('/')
    .map((piece) => encodeURIComponent(wellFormed(piece)))
  const uri = pieces.join('/')
  return uri === '' ? '.' : uri.startsWith('/') ? `file://${uri}` : uri
}

function place(
  finding: FindingResult,
  migration: MigrationResult,
  files: SourceFiles,
  lines: ReadonlyMap<string, readonly string[] | undefined>,
): Omit<Placed, 'rule'> {
  // Another finding of the same migration knows its file better than the folder does.
  const named = finding.file ?? migration.findings.find((other) => other.file !== null)?.file ?? migration.path
  const given = finding.file === null ? null : finding.line
  return {
    finding,
    migration,
    path: files.get(named)?.path ?? plainPath(named),
    line: given !== null && Number.isSafeInteger(given) && given >= 1 ? given : undefined,
    lines: lines.get(named),
  }
}

function describeResult(
  { finding, rule, migration, path, line: at, lines }: Placed,
  index: ReadonlyMap<string, number>,
  crowded: boolean,
): Result {
  const subject = subjectOf(finding)
  const parts = [
    `${line(migration.name)}: ${line(finding.message)}`,
    ...(finding.hint === null ? [] : [line(finding.hint)]),
    ...(finding.preflight === null ? [] : [`How many rows are concerned: ${line(finding.preflight)}`]),
    ...(finding.counterexample === null ? [] : [`godwit replay ${line(finding.counterexample)}`]),
  ]
  return {
    ruleId: line(rule.id),
    ruleIndex: index.get(rule.id) ?? -1,
    level: levels[finding.severity],
    message: { text: parts.join('\n') },
    locations: [
      {
        ...physical(path, at, at === undefined ? undefined : lines?.[at - 1]),
        ...(subject === null ? {} : { logicalLocations: [{ fullyQualifiedName: line(subject), kind: 'member' }] }),
      },
    ],
    partialFingerprints: {
      'godwitFinding/v1': line(finding.id),
      // GitHub tells alerts apart by a hash of the line, which it makes itself, and would take two findings of one rule on one line
      // (a DROP TABLE loses every column) for one. It warns of a hash that is not its own, so only those get one.
      ...(crowded ? { primaryLocationLineHash: `${line(finding.id)}:1` } : {}),
    },
    ...(finding.counterexample === null
      ? {}
      : { relatedLocations: [{ id: 1, message: { text: 'counterexample' }, ...physical(finding.counterexample, undefined, undefined) }] }),
    ...(finding.waived === null
      ? {}
      : {
          suppressions: [
            {
              kind: 'external' as const,
              status: 'accepted' as const,
              justification: line(
                `${finding.waived.owner}, until ${finding.waived.expires ?? 'its files change'}: ${finding.waived.reason}`,
              ),
            },
          ],
        }),
    properties: {
      migration: line(migration.name),
      known: finding.known,
      relation: orNull(finding.relation),
      attribute: orNull(finding.attribute),
      object: orNull(finding.object),
      cause: orNull(finding.cause),
    },
  }
}

function physical(path: string, at: number | undefined, snippet: string | undefined): Location {
  const region =
    at === undefined
      ? {}
      : {
          region: {
            startLine: at,
            ...(snippet === undefined ? {} : { snippet: { text: shorten(wellFormed(maskSecrets(snippet)), 400) } }),
          },
        }
  const uri = uriOf(path)
  const artifactLocation = uri.startsWith('file:') ? { uri } : { uri, uriBaseId: 'SRCROOT' }
  return { physicalLocation: { artifactLocation, ...region } }
}

function driverRules(declared: readonly NamedRule[], found: readonly NamedRule[]): readonly NamedRule[] {
  return [...new Map([...declared, ...found].map((rule) => [rule.id, rule])).values()]
}

function describeRule(rule: NamedRule): ReportingDescriptor {
  const [invariant = '', kind = ''] = rule.id.split(/\/(.*)/s)
  const example = exampleOf(rule.id)
  const more = example === undefined ? '' : `\n\nAn example, wrong and right: ${example} of Godwit.`
  return {
    id: line(rule.id),
    name: line(rule.id).replace(/(^|[^A-Za-z0-9]+)([A-Za-z0-9])/g, (_, __, letter: string) => letter.toUpperCase()) || 'Finding',
    shortDescription: { text: line(rule.title) },
    fullDescription: { text: line(rule.meaning) },
    defaultConfiguration: { level: levels[rule.severity] },
    help: {
      text: `${line(rule.meaning)}\n\nWhat to do: ${line(rule.remedy)}${more}`,
      markdown: `${line(rule.meaning)}\n\n**What to do.** ${line(rule.remedy)}\n\nInvariant \`${line(invariant)}\`, kind \`${line(kind)}\`. The counterexample in the report runs with psql alone, and \`godwit replay FILE\` judges it again.${more}`,
    },
    properties: {
      tags: ['postgresql', 'migration', line(invariant)],
      'problem.severity': rule.severity === 'info' ? 'recommendation' : rule.severity,
    },
  }
}

function invocation(result: VerifyResult, files: SourceFiles, results: number): Invocation {
  const notifications = [
    ...runNotes(result, results),
    ...result.sources.flatMap((source) => sourceNotes(source, files)),
    ...result.migrations.flatMap((migration) => migrationNotes(migration, files)),
  ]
  const cut = notifications.length - mostNotifications
  return {
    executionSuccessful: true,
    exitCode: exitCodes[result.verdict],
    exitCodeDescription: result.verdict,
    toolExecutionNotifications: [
      ...notifications.slice(0, mostNotifications),
      ...(cut > 0 ? [note('cut', 'warning', `${counted(cut, 'more notification')}: the reports have them all.`)] : []),
    ],
  }
}

/** @param results  How many findings there were, cut or not. */
function runNotes(result: VerifyResult, results: number): readonly Notification[] {
  const found: Notification[] = []
  const information = result.migrations.flatMap((migration) => migration.findings).filter((finding) => finding.severity === 'info').length
  if (results > mostResults) {
    const left = `${results - mostResults} of ${results} findings did not fit`
    found.push(note('cut', 'warning', `${left}; the gravest stand here, and results.json has them all.`))
  }
  if (results > mostShownByGitHub)
    found.push(note('cut', 'warning', `GitHub shows the gravest ${mostShownByGitHub} of ${Math.min(results, mostResults)} results.`))
  if (information > 0)
    found.push(note('information', 'note', `${counted(information, 'finding')} for information only: results.json has them.`))
  if (result.migrations.length === 0) found.push(note('nothing', result.verdict === 'holds' ? 'note' : 'error', nothingJudged(result)))
  return found
}

function sourceNotes({ path, brokenAt, endToEnd, notes }: VerifyResult['sources'][number], files: SourceFiles): readonly Notification[] {
  const found: Notification[] = []
  if (brokenAt !== null) {
    const { migration, message, hint, file, line: at } = brokenAt
    const text = `${migration} does not apply to an empty database: ${message}${optional(hint)}`
    found.push(note('broken-history', 'error', text, { path: files.get(file)?.path ?? file, line: at }))
  }
  if (endToEnd !== null && endToEnd.verdict !== 'holds') {
    const text = `all downs from the end of ${path}: ${endToEnd.verdict}. ${endToEnd.because}`
    found.push(note('end-to-end', endToEnd.verdict === 'violated' ? 'error' : 'warning', text))
  }
  return [...found, ...notes.map((text) => note('source', 'note', `${path}: ${text}`))]
}

function migrationNotes(migration: MigrationResult, files: SourceFiles): readonly Notification[] {
  const at = { path: files.get(migration.path)?.path ?? migration.path, line: undefined }
  const reached = coverageLine(migration)
  const left = (migration.coverage?.targets ?? []).filter(({ state }) => state === 'left')
  return [
    ...(reached === undefined ? [] : [note('coverage', 'note', `${migration.name}: ${reached}`, at)]),
    ...left.map(({ file, line: start, text, outcome }) =>
      note(
        'not-reached',
        'note',
        `${migration.name}: no generated row reached ${isFunction(file) ? `${file}:${start}: ` : ''}"${text}" ${outcome}`,
        {
          // A function of the database stands in no file.
          ...(isFunction(file) ? at : { path: files.get(file)?.path ?? file, line: start }),
        },
      ),
    ),
    ...migration.disagreements.map((text) => note('disagreement', 'error', `${migration.name}: ${text}`, at)),
    ...migration.invariants
      .filter((invariant) => invariant.verdict === 'unknown')
      .map((invariant) => note('unknown', 'warning', `${migration.name}: ${invariant.id} could not be judged. ${invariant.because}`, at)),
    ...claimNotices(migration).map(({ id, level, text }) => note(id, level, text, at)),
    ...migration.notChecked.map((text) => note('not-checked', 'note', `${migration.name}: ${text}`, at)),
  ]
}

function note(
  id: string,
  level: 'error' | 'warning' | 'note',
  text: string,
  at?: { readonly path: string; readonly line: number | undefined },
): Notification {
  const start = at?.line !== undefined && Number.isSafeInteger(at.line) && at.line >= 1 ? at.line : undefined
  return {
    descriptor: { id: `godwit/${id}` },
    level,
    message: { text: shorten(line(text), 2_000) },
    ...(at === undefined ? {} : { locations: [physical(at.path, start, undefined)] }),
  }
}

/** The category of a run on GitHub is all before the last slash: one for each set of folders, the same from run to run. */
function automationId({ sources }: VerifyResult): string {
  const paths = [...new Set(sources.map((source) => plainPath(source.path)))].toSorted().join('+')
  return paths === '' ? 'godwit/' : `godwit/${shorten(line(paths).replace(/\/+$/, ''), 200)}/`
}

function lineKey({ rule, path, line: at }: Placed): string {
  return JSON.stringify([rule.id, path, at ?? 1])
}

function repeated(keys: readonly string[]): readonly string[] {
  const seen = new Set<string>()
  return keys.filter((key) => {
    const again = seen.has(key)
    seen.add(key)
    return again
  })
}

/** Data in a message is one line, and never a link: `[text](target)` is one in SARIF too. */
function line(text: string): string {
  return visibleText(text).replaceAll('](', '] (')
}

function orNull(text: string | null): string | null {
  return text === null ? null : line(text)
}

function optional(text: string | null): string {
  return text === null ? '' : ` ${text}`
}

function wellFormed(text: string): string {
  return text.replace(/\p{Cs}/gu, '\ufffd')
}
