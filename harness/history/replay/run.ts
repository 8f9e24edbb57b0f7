import { findingsIn, type Invariant, noOrphans, quantityParity, type ReplayAnswer, zeroLoss } from '../../invariants/index.ts'
import type { Subject } from '../../lineage/index.ts'
import { parseScript } from '../../migration/index.ts'
import { StatementError } from '../../postgres/index.ts'
import { type Finding, findingId } from '../../result/index.ts'
import type { Phase, RunObservation, RunRequest } from '../../run/index.ts'
import { learned, type ReplayContext } from './context.ts'
import type { SavedCounterexample } from './saved.ts'

/** Make the run of a counterexample again, with what was written after `up`, and judge it by the invariant that found it. */
export async function replayRun(context: ReplayContext, invariant: Invariant, everyRun: readonly Phase[]): Promise<ReplayAnswer> {
  const { inquiry, saved } = context
  const { subject } = await learned(context)
  const phases = phasesOf(saved, everyRun)
  if (needsDown(saved, phases) && subject.migration.down === undefined)
    return { violates: undefined, message: 'there is no down any more: what it restores cannot be looked at' }
  const writes = new SavedWrites(saved.writtenSql)
  const run = await inquiry.runner.runOnClone(subject, {
    regime: saved.rowsSql.trim() === '' ? 'empty' : 'given',
    extreme: saved.extreme === true,
    filling: { kind: 'sql', sql: saved.rowsSql },
    phases,
    deep: saved.writtenSql === undefined,
    writeSince: writes.write,
    settings: saved.settings,
    signal: inquiry.signal,
  })
  const verdict = invariant.judge(run, subject.knowledge)
  const found = findingsIn(verdict).find((each) => isSame(each, saved, subject))
  if (found !== undefined) return answerOf(found, saved, subject)
  const blind = whyBlind(run, phases, saved, subject, writes)
  if (blind !== undefined) return { violates: undefined, message: blind }
  if (verdict.outcome === 'unknown' || verdict.outcome === 'not-applicable') return { violates: undefined, message: verdict.because }
  return { violates: false, message: `${ranWords(run)} on the saved rows, and the finding is not there` }
}

/** The way of the file where it goes further than all runs do: a file of `zero-loss` ends before the `down` that may acquit. */
function phasesOf({ way = [], writtenSql }: SavedCounterexample, everyRun: readonly Phase[]): readonly Phase[] {
  if (writtenSql !== undefined && way.length === 0) return ['up', 'write', 'down']
  return way.every((phase, at) => everyRun[at] === phase) ? everyRun : way
}

/** A finding that is there: a note is one that `down` acquits, or that does no harm any more. */
function answerOf(found: Finding, saved: SavedCounterexample, subject: Subject): ReplayAnswer {
  if (found.severity !== 'info') return { violates: true, message: found.message }
  if (found.acquittedFrom === undefined || saved.acquitted !== true) return { violates: false, message: found.message }
  // It was saved because down does not bring it back on other rows: the same files do not on those today.
  if (saved.digest === subject.migration.digest) return { violates: true, message: found.message }
  return { violates: undefined, message: `${found.message}; whether it does so on all rows takes verifying anew` }
}

/** The rows and writes are the same, so a failure with the same cause is the same finding, whomever the server blames for it today. */
function isSame(finding: Finding, saved: SavedCounterexample, { migration }: Subject): boolean {
  if (findingId(migration.name, finding) === saved.finding) return true
  const { kind, sqlstate, object } = finding
  const isFailure = sqlstate !== undefined && saved.sqlstate !== undefined
  return isFailure && kind === saved.kind && sqlstate === saved.sqlstate && (object ?? null) === (saved.object ?? null)
}

/** Why this run could not show the finding; undefined where it could. */
function whyBlind(
  run: RunObservation,
  phases: readonly Phase[],
  saved: SavedCounterexample,
  subject: Subject,
  writes: SavedWrites,
): string | undefined {
  const failed = (what: string, { message, sqlstate }: { readonly message: string; readonly sqlstate: string }) =>
    `${what} fails on the saved rows in another way: ${message} (${sqlstate})`
  if (run.failure !== undefined) return failed('up', run.failure)
  const { relation } = saved
  if (typeof relation === 'string' && !run.legacy.catalog.relations.has(relation) && run.migrated?.catalog.relations.has(relation) !== true)
    return `there is no ${relation} any more`
  if (saved.writtenSql !== undefined && writes.written === 0) return 'what was written after up is refused now'
  const later = run.outcomes.find((each) => each.outcome === 'failed')
  if (later?.outcome === 'failed' && (needsDown(saved, phases) || later.phase === 'up'))
    return failed(later.phase === 'up' ? 'the second up' : 'down', later.failure)
  const byLineage = saved.invariant === zeroLoss.id || (saved.invariant === quantityParity.id && (saved.object ?? null) === null)
  if ((byLineage || saved.invariant === noOrphans.id) && subject.knowledge.lineage === undefined)
    return 'it is not known where the rows go: the migration fails on every data set with unique values'
  if (byLineage && typeof relation === 'string' && subject.knowledge.lineage?.relations.has(relation) !== true)
    return `it is not known where the rows of ${relation} go`
  return undefined
}

/** What is lost is seen right after `up`. */
function needsDown({ invariant }: SavedCounterexample, phases: readonly Phase[]): boolean {
  return phases.includes('down') && invariant !== zeroLoss.id
}

function ranWords({ outcomes }: RunObservation): string {
  const words = outcomes.flatMap(({ phase }, at) =>
    phase === 'write' ? [] : [at > 0 && outcomes.slice(0, at).some((each) => each.phase === phase) ? `${phase} again` : phase],
  )
  return words.length === 1 ? 'up goes through' : `${words.join(', ')} go through`
}

/** What a file says was written after `up`, statement by statement, as psql would: past what is refused. */
class SavedWrites {
  readonly #sql: string | undefined
  /** Statements that went through. */
  written = 0

  constructor(sql: string | undefined) {
    this.#sql = sql
  }

  readonly write: NonNullable<RunRequest['writeSince']> = async (stage) => {
    const { statements } = parseScript('rows written after up', this.#sql ?? '')
    await stage.look(async (session) => {
      for (const { text } of statements) {
        try {
          await session.script(text)
          this.written += 1
        } catch (error) {
          if (!(error instanceof StatementError)) throw error
        }
      }
    })
    return { rows: new Map(), extreme: false, focus: undefined, sql: this.#sql }
  }
}
