import { describeExclusion } from '../data/index.ts'
import { passageOf } from '../lineage/index.ts'
import type { Migration, Script } from '../migration/index.ts'
import type { MigrationResult } from '../result/index.ts'
import type { Base } from '../run/index.ts'
import { assembleResult } from './assemble.ts'
import { type Confirmed, confirmFindings } from './confirm.ts'
import type { MigrationContext, VerifiedMigration } from './context.ts'
import { onlyShown } from './counterexamples/only-shown.ts'
import { rolesSqlOf } from './counterexamples/roles.ts'
import { runEdges } from './edges.ts'
import { type Correction, contextOnceCorrected, correct, withWhatFollows } from './go-on.ts'
import { Inquiry } from './inquiry.ts'
import { learn } from './learn.ts'
import { lookByProbes } from './look.ts'
import { coverageOf } from './measure-coverage.ts'
import { placeFindings } from './place-findings.ts'
import { preflightsOf } from './preflight/preflights.ts'

/**
 * Verify one migration: learn on banded rows, judge on edge rows, let each probe look, and confirm on a clone what was found.
 *
 * @param base  The database just before it; left as it was.
 */
export async function verifyMigration(migration: Migration, base: Base, context: MigrationContext): Promise<VerifiedMigration> {
  const inquiry = await Inquiry.begin(migration, base, context)
  const { clock, collector } = inquiry
  const learned = await learn(inquiry)
  const { failure } = learned.empty.run
  const drawn = failure === undefined && inquiry.depth.runs > 0 && inquiry.subject.scope.size > 0
  const migrated = learned.empty.run.migrated?.catalog
  // A corrected migration is not the one that was asked about.
  if (context.corrections === undefined) context.hooks.onLearned?.({ path: context.path, subject: inquiry.subject, migrated })
  const coverage = drawn ? await coverageOf(base.session(), inquiry.subject, migrated, base.reserved) : undefined
  const runs = coverage === undefined ? 0 : await clock.time('edge', () => runEdges(inquiry, coverage))
  await lookByProbes(inquiry, learned)
  collector.settle()
  inquiry.progress('shrink')
  const confirmed = await clock.time('shrink', async () => placeFindings(inquiry, await confirmFindings(inquiry)))
  const rolesSql = confirmed.length === 0 ? [] : await rolesSqlOf(base.session(), textsOf(migration), base.settings)
  const preflights = await clock.time('shrink', () => preflightsOf(inquiry, confirmed, learned.banded))
  const assembled = assembleResult({
    inquiry,
    confirmed,
    preflights,
    role: base.role ?? 'the user of the URL',
    server: base.cluster.version.text,
    rolesSql,
    runs,
    coverage,
    exclusions: inquiry.exclusions.map(describeExclusion),
    banded: learned.banded.map(({ run }) => run),
    failure,
  })
  const saved = await clock.time('shrink', () => onlyShown(assembled, inquiry.clones, learned.lanes))
  const correction = drawn ? correct(inquiry, confirmed) : undefined
  const known = { inquiry, confirmed, base }
  const whole = correction === undefined ? saved.result : await clock.time('once corrected', () => goneOn(saved.result, correction, known))
  const result = { ...whole, timings: { ...context.before, ...clock.timings() } }
  return {
    result,
    counterexamples: saved.counterexamples,
    passage: passageOf(inquiry.subject, learned.banded[0]?.run),
    broken: failure,
  }
}

/**
 * Verify the migration again, without the statements that always fail, and add what shows then. Where the rest needs one of them, only the
 * first is corrected.
 */
async function goneOn(
  result: MigrationResult,
  all: Correction,
  { inquiry, confirmed, base }: { readonly inquiry: Inquiry; readonly confirmed: readonly Confirmed[]; readonly base: Base },
): Promise<MigrationResult> {
  const { context } = inquiry
  const failOn = context.options.failOn
  const followed = await onceCorrected(all, base, context)
  const first = followed.broken === undefined || all.places.length === 1 ? undefined : correct(inquiry, confirmed, 1)
  if (first === undefined) return withWhatFollows(result, followed, all, failOn)
  return withWhatFollows(result, await onceCorrected(first, base, context), first, failOn)
}

function onceCorrected(correction: Correction, base: Base, context: MigrationContext): Promise<VerifiedMigration> {
  return verifyMigration(correction.migration, base, contextOnceCorrected(context))
}

function textsOf({ legacy, up, down }: Migration): readonly string[] {
  const steps: readonly Script[] = [up, down].flatMap((step) => (step?.kind === 'sql' ? [step.script] : []))
  return [...legacy, ...steps].map((each) => each.text)
}
