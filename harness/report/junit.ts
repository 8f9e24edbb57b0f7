import type { Builder, TestSuite } from 'junit-report-builder'
import type { FindingResult, InvariantResult, MigrationResult, SourceResult, VerifyResult } from '../result/index.ts'
import { claimsCount, claimWord, whyOf } from './claims-text.ts'
import { coverageLine } from './coverage-text.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { bySeverity, nothingJudged, placeOf, subjectOf, verdictSentence } from './severity.ts'
import { counted } from './visible-text.ts'

/**
 * The result as JUnit XML: a test suite for each migration, a test case for each invariant; a history that breaks, or that was taken back
 * end to end, has a suite of its own.
 *
 * Violated is a failure; unknown is an error, because it never counts as a pass; what does not apply is skipped. A migration
 * that does not hold although no invariant says so (none was judged) gets a test case `verdict` with an error.
 */
export async function renderJUnit(result: VerifyResult): Promise<string> {
  const { default: junit } = await import('junit-report-builder')
  // The package's types promise `.default` once more than its CommonJS build has under Node.
  const library = junit as unknown as Builder
  const masked = withoutLoneSurrogates(maskSecretsIn(result))
  const builder = library.newBuilder().name('godwit')
  for (const migration of masked.migrations) addSuite(builder.testSuite(), migration, masked)
  for (const source of masked.sources) if (source.brokenAt !== null || source.endToEnd !== null) addSource(builder.testSuite(), source)
  if (masked.migrations.length === 0) {
    const test = builder.testSuite().name('godwit').testCase().className('godwit').name('verdict')
    if (masked.verdict !== 'holds') test.error(nothingJudged(masked), 'unknown')
  }
  return `${builder.build()}\n`
}

/** The library removes a lone surrogate, and the character before it, after it has escaped the text. JSON writes them escaped, and no others. */
function withoutLoneSurrogates(result: VerifyResult): VerifyResult {
  return JSON.parse(JSON.stringify(result).replaceAll(/(?<!\\)((?:\\\\)*)\\ud[89a-f][0-9a-f]{2}/g, '$1\ufffd')) as VerifyResult
}

function addSuite(suite: TestSuite, migration: MigrationResult, run: VerifyResult): void {
  const took = Object.values(migration.timings).reduce((sum, ms) => sum + ms, 0)
  suite.name(migration.name).time(took / 1_000)
  suite
    .property('verdict', migration.verdict)
    .property('cached', String(migration.cached))
    .property('seed', run.seed)
    .property('postgres', run.postgres.version)
  const reached = coverageLine(migration)
  if (reached !== undefined) suite.property('coverage', reached)
  const claims = claimsCount(migration)
  if (claims !== undefined) suite.property('claims', claims)
  for (const claim of migration.claims ?? [])
    suite.property(`claim.${claim.id}`, `${claimWord[claim.state]}: ${claim.text} (${whyOf(claim)})`)
  for (const [part, digest] of Object.entries(run.digest)) suite.property(`digest.${part}`, digest)
  for (const invariant of migration.invariants) addCase(suite, migration, invariant)

  const judged = migration.invariants.map((invariant) => invariant.verdict)
  const said = migration.verdict === 'holds' ? judged.includes('holds') : judged.includes(migration.verdict)
  if (!said) suite.testCase().className(migration.name).name('verdict').error(verdictSentence(migration), migration.verdict)
}

function addSource(suite: TestSuite, { path, format, steps, verified, cached, brokenAt, endToEnd }: SourceResult): void {
  suite.name(path).property('format', format).property('steps', String(steps))
  suite.property('verified', String(verified)).property('cached', String(cached))
  const start = suite.testCase().className(path).name('applies to an empty database')
  if (brokenAt !== null) {
    const hint = brokenAt.hint === null ? '' : `\nhint: ${brokenAt.hint}`
    const text = `${brokenAt.migration} at ${brokenAt.file}:${brokenAt.line}\n${brokenAt.message}${hint}`
    start.file(brokenAt.file).error(brokenAt.message, 'broken', cdata(text))
  }
  if (endToEnd === null) return
  const end = suite.testCase().className(path).name('all downs from the end')
  const because = endToEnd.because || endToEnd.verdict
  if (endToEnd.verdict === 'violated')
    end.failure(because, 'end-to-end').stacktrace(cdata(`${counted(endToEnd.steps, 'step')}: ${because}`))
  if (endToEnd.verdict === 'unknown') end.error(because, 'unknown')
}

function addCase(suite: TestSuite, migration: MigrationResult, invariant: InvariantResult): void {
  const own = bySeverity(migration.findings.filter((finding) => finding.invariant === invariant.id))
  const text = [...under(invariant), ...own.map(findingText)].join('\n\n')
  const test = suite.testCase().className(migration.name).name(invariant.id)
  const file = own.find((finding) => finding.file !== null)?.file
  if (file != null) test.file(file)
  switch (invariant.verdict) {
    case 'violated':
      test.failure(invariant.because || own[0]?.message || 'violated', own[0]?.kind ?? invariant.id).stacktrace(cdata(text))
      break
    case 'unknown':
      test.error(invariant.because || 'not judged', 'unknown', cdata(text))
      break
    case 'not-applicable':
      test.skipped().standardOutput(cdata(invariant.because))
      break
    case 'holds':
      test.standardOutput(cdata(text))
      break
  }
}

function under(invariant: InvariantResult): readonly string[] {
  return invariant.under.length === 0 ? [] : [`Judged only where ${invariant.under.join(' and ')}.`]
}

function findingText(finding: FindingResult): string {
  const waived = finding.waived === null ? '' : ` (waived by ${finding.waived.owner} until ${finding.waived.expires ?? 'its files change'})`
  const evidence = JSON.stringify(finding.evidence)
  return [
    `${finding.severity}${waived}: ${finding.kind}${optional(' of ', subjectOf(finding))}${optional(' at ', placeOf(finding))}`,
    finding.message,
    evidence.length > 4_000 ? `evidence: ${counted(evidence.length, 'character')} in results.json` : `evidence: ${evidence}`,
    ...(finding.hint === null ? [] : [`hint: ${finding.hint}`]),
    ...(finding.preflight === null ? [] : [`how many rows are concerned: ${finding.preflight}`]),
    ...(finding.counterexample === null ? [] : [`counterexample: ${finding.counterexample}`]),
  ].join('\n')
}

function optional(before: string, text: string | null): string {
  return text === null ? '' : `${before}${text}`
}

/** The library splits only the first `]]>` of a text. */
function cdata(text: string): string {
  return text.replaceAll(']]>', ']] >')
}
