import {
  type Finding,
  noOrphans,
  quantityParity,
  type RunObservation,
  rollbackRestoresState,
  roundTrip,
  runInvariants,
  zeroLoss,
} from '../../invariant/index.ts'
import { parseScript } from '../../migration/index.ts'
import { StatementError } from '../../postgres/index.ts'
import { findingId } from '../collect.ts'
import type { ReplayAnswer } from '../equivalence/index.ts'
import type { RunRequest } from '../execute.ts'
import type { Subject } from '../subject.ts'
import { learned, type ReplayContext } from './context.ts'
import type { SavedCounterexample } from './saved.ts'

/** Make the run of a counterexample again, with what was written after `up`, and judge it by the invariant that found it. */
export async function replayRun(context: ReplayContext): Promise<ReplayAnswer> {
  const { saved, signal } = context
  const { subject, runner } = await learned(context)
  if (needsDown(saved) && subject.migration.down === undefined)
    return { violates: undefined, message: 'there is no down any more: what it restores cannot be looked at' }
  const writes = new SavedWrites(saved.writtenSql)
  const run = await runner.runOnClone(subject, {
    regime: saved.rowsSql.trim() === '' ? 'empty' : 'given',
    extreme: false,
    filling: { kind: 'sql', sql: saved.rowsSql },
    until: saved.writtenSql === undefined ? 'again' : 'written',
    deep: saved.writtenSql === undefined,
    writeSince: writes.write,
    signal,
  })
  const verdict = runInvariants.find((each) => each.id === saved.invariant)?.judge({ run, knowledge: subject.knowledge })
  if (verdict === undefined) return { violates: undefined, message: `there is no invariant "${saved.invariant}" here` }
  const findings = verdict.outcome === 'violated' ? verdict.findings : verdict.outcome === 'not-applicable' ? [] : (verdict.notes ?? [])
  const found = findings.find((each) => isSame(each, saved, subject))
  if (found !== undefined) return answerOf(found, saved, subject)
  const blind = whyBlind(run, saved, subject, writes)
  if (blind !== undefined) return { violates: undefined, message: blind }
  if (verdict.outcome === 'unknown' || verdict.outcome === 'not-applicable') return { violates: undefined, message: verdict.because }
  return { violates: false, message: `${ranWords(run)} on the saved rows, and the finding is not there` }
}

/** A finding that is there: a note is one that `down` acquits, or that does no harm any more. */
function answerOf(found: Finding, saved: SavedCounterexample, subject: Subject): ReplayAnswer {
  if (found.severity !== 'info') return { violates: true, message: found.message }
  if (found.evidence.acquittedFrom === undefined || saved.acquitted !== true) return { violates: false, message: found.message }
  // It was saved because down does not bring it back on other rows: the same files do not on those today.
  if (saved.digest === subject.migration.digest) return { violates: true, message: found.message }
  return { violates: undefined, message: `${found.message}; whether it does so on all rows takes verifying anew` }
}

/** The rows and writes are the same, so a failure with the same cause is the same finding, whomever the server blames for it today. */
function isSame(finding: Finding, saved: SavedCounterexample, { migration }: Subject): boolean {
  if (findingId(migration.name, finding) === saved.finding) return true
  const { kind, evidence, object } = finding
  const isFailure = typeof evidence.sqlstate === 'string' && saved.sqlstate !== undefined
  return isFailure && kind === saved.kind && evidence.sqlstate === saved.sqlstate && (object ?? null) === (saved.object ?? null)
}

/** Why this run could not show the finding; undefined where it could. */
function whyBlind(run: RunObservation, saved: SavedCounterexample, subject: Subject, writes: SavedWrites): string | undefined {
  const failed = (what: string, { message, sqlstate }: { readonly message: string; readonly sqlstate: string }) =>
    `${what} fails on the saved rows in another way: ${message} (${sqlstate})`
  if (run.failure !== undefined) return failed('up', run.failure)
  const { relation } = saved
  if (typeof relation === 'string' && !run.legacy.catalog.relations.has(relation) && run.migrated?.catalog.relations.has(relation) !== true)
    return `there is no ${relation} any more`
  if (saved.writtenSql !== undefined && writes.written === 0) return 'what was written after up is refused now'
  if (needsDown(saved) && run.reverted?.outcome === 'failed') return failed('down', run.reverted.failure)
  const since = run.writtenSince?.outcome
  if (since?.outcome === 'failed') return failed('down', since.failure)
  if (saved.invariant === roundTrip.id && run.again?.outcome === 'failed') return failed('the second up', run.again.failure)
  const byLineage = saved.invariant === zeroLoss.id || (saved.invariant === quantityParity.id && (saved.object ?? null) === null)
  if ((byLineage || saved.invariant === noOrphans.id) && subject.knowledge.lineage === undefined)
    return 'nothing is known of where rows go: up failed on all banded ones'
  if (byLineage && typeof relation === 'string' && subject.knowledge.lineage?.relations.has(relation) !== true)
    return `nothing is known of where the rows of ${relation} go`
  return undefined
}

function needsDown({ invariant }: SavedCounterexample): boolean {
  return invariant === rollbackRestoresState.id || invariant === roundTrip.id
}

function ranWords({ again, reverted, writtenSince }: RunObservation): string {
  const words = [
    'up',
    ...(writtenSince === undefined && reverted === undefined ? [] : ['down']),
    ...(again === undefined ? [] : ['up again']),
  ]
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
