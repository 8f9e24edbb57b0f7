import { violationOf } from '../invariants/index.ts'
import { claimsBy, fallsShort, type MigrationResult, type VerifyResult } from '../result/index.ts'
import { shortfallSentence } from './coverage-text.ts'
import { bySeverity, commonReason, nothingJudged } from './severity.ts'
import { counted } from './visible-text.ts'

/** What a release manager is to do. */
export interface Decision {
  readonly decision: 'release' | 'do not release' | 'not enough evidence'
  /** The decision and its reason: `Do not release: data is lost.` */
  readonly sentence: string
}

/** The decision on one migration. */
export function decisionOn(migration: MigrationResult): Decision {
  switch (migration.verdict) {
    case 'violated':
      return { decision: 'do not release', sentence: `Do not release: ${violationsOf([migration])}.` }
    case 'unknown':
      return { decision: 'not enough evidence', sentence: `Not enough evidence: ${unknownReason(migration)}` }
    case 'holds':
      return { decision: 'release', sentence: `Release: ${passed(migration)}.` }
  }
}

/** The decision on a whole run. */
export function decisionOf(result: VerifyResult): Decision {
  const [only, ...others] = result.migrations
  if (only === undefined && result.verdict === 'violated')
    return { decision: 'do not release', sentence: `Do not release: ${broken(result)}.` }
  if (only === undefined)
    return result.verdict === 'holds'
      ? { decision: 'release', sentence: nothingJudged(result) }
      : { decision: 'not enough evidence', sentence: `Not enough evidence: ${lowerFirst(nothingJudged(result))}` }
  if (others.length === 0 && only.verdict === result.verdict) return decisionOn(only)
  const of = (verdict: MigrationResult['verdict']) => result.migrations.filter((migration) => migration.verdict === verdict)
  const [violated, unknown] = [of('violated'), of('unknown')]
  const all = result.migrations.length
  switch (result.verdict) {
    case 'violated': {
      const which =
        violated.length === 0 ? broken(result) : `in ${violated.length} of ${counted(all, 'migration')} ${violationsOf(violated)}`
      return { decision: 'do not release', sentence: `Do not release: ${which}.` }
    }
    case 'unknown':
      return {
        decision: 'not enough evidence',
        sentence:
          unknown.length === 0
            ? `Not enough evidence: ${broken(result)}.`
            : `Not enough evidence: ${unknown.length} of ${counted(all, 'migration')} could not be judged in full.`,
      }
    case 'holds': {
      const read = refutedClaims(result.migrations).map((each) => `; read ${each} first`)
      return { decision: 'release', sentence: `Release: all checks that apply passed in ${counted(all, 'migration')}${read.join('')}.` }
    }
  }
}

/** Refuted claims that nobody accepted, in words: none, or one text. */
function refutedClaims(migrations: readonly MigrationResult[]): readonly string[] {
  const refuted = migrations.flatMap(({ claims }) => claimsBy('refuted', claims)).filter(({ accepted }) => accepted === undefined)
  const ids = refuted.map(({ id }) => id).join(', ')
  return refuted.length === 0 ? [] : [`the refuted ${refuted.length === 1 ? 'claim' : 'claims'} ${ids}`]
}

/** What is wrong, the gravest first, each once: `data is lost, and clients break`. */
function violationsOf(migrations: readonly MigrationResult[]): string {
  const counting = migrations.flatMap(({ findings, invariants }) => {
    const violated = new Set(invariants.filter(({ verdict }) => verdict === 'violated').map(({ id }) => id))
    return bySeverity(findings).filter(({ waived, cause, invariant }) => waived === null && cause === null && violated.has(invariant))
  })
  const words = [...new Set(bySeverity(counting).map(({ invariant }) => violationOf(invariant)))]
  const [first, second, ...more] = words
  if (first === undefined) return 'a check failed'
  if (second === undefined) return first
  return more.length === 0 ? `${first}, and ${second}` : `${first}, ${second}, and ${counted(more.length, 'more check')} failed`
}

/** What is wrong with a run of which no migration is: a history that does not apply, or does not go back. */
function broken({ sources }: VerifyResult): string {
  const stopped = sources.find(({ brokenAt }) => brokenAt !== null)
  if (stopped?.brokenAt != null) return `"${stopped.brokenAt.migration}" does not apply to an empty database`
  const back = sources.find(({ endToEnd }) => endToEnd !== null && endToEnd.verdict !== 'holds')
  return back === undefined ? 'a check failed' : 'the way back from the end of the history does not hold'
}

function unknownReason(migration: MigrationResult): string {
  const unknown = migration.invariants.filter(({ verdict }) => verdict === 'unknown')
  const [first] = unknown
  const common = commonReason(migration)
  if (common !== undefined) return `it was not verified: ${ended(common)}`
  if (first === undefined)
    return migration.coverage !== undefined && fallsShort(migration.coverage)
      ? lowerFirst(shortfallSentence(migration.coverage))
      : 'no check was made.'
  return `${unknown.map(({ id }) => id).join(', ')} could not be judged: ${ended(first.because)}`
}

function passed(migration: MigrationResult): string {
  const { invariants, findings, runs } = migration
  const judged = invariants.filter(({ verdict }) => verdict === 'holds').length
  const on = runs === 0 ? '' : `, on ${counted(runs, 'generated data set')}`
  const warnings = findings.filter(({ severity, waived }) => severity === 'warning' && waived === null).length
  const read = [...(warnings === 0 ? [] : [counted(warnings, 'warning')]), ...refutedClaims([migration])]
  const but = read.length === 0 ? '' : `; read ${read.join(' and ')} first`
  if (judged === 0) return `no check applies to it${but}`
  return `${judged === 1 ? 'the one check that applies passed' : `all ${judged} checks that apply passed`}${on}${but}`
}

function ended(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`
}

function lowerFirst(text: string): string {
  return `${text.charAt(0).toLowerCase()}${text.slice(1)}`
}
