import type { Catalog } from '../../catalog/index.ts'
import {
  type Dataset,
  type DrawnStatements,
  datasetArbitrary,
  drawStatements,
  noRows,
  type Statement,
  StatementCommand,
  type StatementForm,
  sampleDatasets,
} from '../../data/index.ts'
import type { Subject } from '../../lineage/index.ts'
import { StatementError } from '../../postgres/index.ts'
import type { CloneStages } from '../../run/index.ts'
import { seedNumber } from '../../run/index.ts'
import { type Bench, isOver, type Probe } from '../bench.ts'
import type { Look } from '../probe.ts'
import { divergenceKey } from './divergence.ts'
import type { EquivalencePlan } from './equivalence-plan.ts'
import { type Observed, withFewestRows } from './fewest-rows.ts'
import { type Drawing, findLimits } from './find-limits.ts'
import { orderOfChecks } from './limits.ts'
import { compareOn, inLockstep, type Lockstep } from './lockstep.ts'
import type { EquivalenceObservation, ShownDivergence } from './model.ts'
import { replacedTables } from './replaced-tables.ts'
import { shrinkStatements } from './shrink-statements.ts'
import { unreadable, unseen } from './unseen.ts'

/** Statements on each table and on the view that has its name now, in lockstep. */
export const lockstepSequences: Probe<EquivalenceObservation> = {
  name: 'sequences of statements',
  async observe(bench: Bench): Promise<Look<EquivalenceObservation>> {
    const { subject, clones, depth, empty, seed, role, exclusions, limit, signal } = bench
    if (empty.migrated === undefined)
      return { seen: [], leftOut: [{ because: 'the migration fails even on an empty database', upFails: true }] }
    const sequences = Math.min(60, Math.max(20, 3 * depth.runs))
    const plan: EquivalencePlan = { seed, role, sequences, exclusions, deadline: limit, signal }
    const observed = await observeEquivalence(subject, clones, empty.migrated.catalog, plan)
    if (observed.length === 0) return { seen: [], notApplicable: 'no table became a view' }
    // What a view cannot do it cannot do on any rows.
    const seen = observed.map(({ observation, dataset = noRows }) => ({
      seen: observation,
      request: { regime: 'edge', extreme: false, filling: { kind: 'dataset', dataset }, phases: ['up'] } as const,
    }))
    return { seen, leftOut: isOver(bench) ? [{ because: 'not all sequences of statements were sent: the time limit was reached' }] : [] }
  },
}

/** How often each form is tried alone; and the longest sequence of others. */
const eachForm = 4
const longest = 6
/** So many different divergences say enough of one view. */
const mostDivergences = 12

/**
 * Find the tables that are views after `up`, and try to tell each view from its table: sequences of statements on both, in lockstep.
 *
 * @param migrated  The catalog after `up`.
 * @returns One entry for each divergence and one for each view, with what was seen; nothing where no table became a view, for which no
 *   statement is sent.
 */
export async function observeEquivalence(
  subject: Subject,
  clones: CloneStages,
  migrated: Catalog,
  plan: EquivalencePlan,
): Promise<readonly Observed[]> {
  const replaced = replacedTables(subject.legacy, migrated)
  if (replaced.length === 0) return []
  const blind = (because: string) => replaced.map(({ path }) => ({ observation: { ...unseen(path), because }, dataset: undefined }))
  const arbitrary = datasetArbitrary(subject.plan, {
    rows: { min: 2, max: 4 },
    relations: [...subject.scope],
    profile: 'plausible',
    exclude: plan.exclusions,
  })
  let because = 'no rows were drawn'
  for (const dataset of sampleDatasets(arbitrary, seedNumber(plan.seed, 'equivalence'), 3)) {
    const worked = await inLockstep(subject, clones, { ...plan, filling: { kind: 'dataset', dataset } }, async (pairs) => {
      const observations: EquivalenceObservation[] = []
      for (const pair of pairs) observations.push(await observe(subject, pair, dataset, plan))
      return observations
    })
    if (worked.outcome === 'failed') {
      because = worked.because
      continue
    }
    return await withFewestRows(subject, clones, worked.result, dataset, plan)
  }
  return blind(because)
}

async function observe(subject: Subject, pair: Lockstep, dataset: Dataset, plan: EquivalencePlan): Promise<EquivalenceObservation> {
  const { path } = pair.replaced
  const found = new Map<string, ShownDivergence>()
  const ignore = new Set<string>()
  const totals = { sequences: 0, statements: 0, succeeded: 0, changes: 0, rows: 0, cells: 0, undetermined: 0 }
  const base = unseen(path)
  const known = await findLimits(pair).catch((error: unknown) => {
    if (!(error instanceof StatementError)) throw error
    return error
  })
  if (known instanceof StatementError) return { ...base, divergences: [unreadable(path, known)] }
  const { limits, drawing } = known
  let otherViolation = false

  for (const drawn of sequencesFor(subject, pair, dataset, plan, drawing)) {
    plan.signal?.throwIfAborted()
    if (performance.now() > plan.deadline || found.size >= mostDivergences) break
    const { comparison, seen, statements } = await compareOn(pair, drawn.commands, ignore)
    totals.sequences += 1
    totals.statements += statements.length
    totals.undetermined += comparison.outcome === 'undetermined' ? 1 : 0
    for (const name of ['succeeded', 'changes', 'rows', 'cells'] as const) totals[name] += seen[name]
    otherViolation ||= comparison.outcome === 'same' && comparison.otherViolation
    if (comparison.outcome !== 'diverges') continue
    const shown = { ...comparison, statements, times: 1, ignored: [...ignore] }
    const key = divergenceKey(shown)
    const before = found.get(key)
    if (before !== undefined) {
      found.set(key, { ...before, times: before.times + 1 })
      continue
    }
    const shrunk = await shrinkStatements(pair, drawn, comparison, ignore, plan.deadline)
    if (shrunk === undefined) {
      totals.undetermined += 1
      continue
    }
    const earlier = await followsFrom(pair, shrunk)
    if (earlier !== undefined) {
      const source = found.get(earlier)
      if (source !== undefined) found.set(earlier, { ...source, times: source.times + 1 })
      continue
    }
    const shrunkKey = divergenceKey(shrunk)
    found.set(shrunkKey, { ...shrunk, times: (found.get(shrunkKey)?.times ?? 0) + 1 })
    // What is known of one attribute would hide what else differs.
    const { attribute, kind, other } = shrunk.divergence
    if (attribute !== undefined && other === undefined && (kind === 'rows' || kind === 'contents')) ignore.add(attribute)
  }
  return { ...base, ...totals, divergences: [...found.values()], limits: otherViolation ? [...limits, orderOfChecks] : limits }
}

/** What parted the two before, in an attribute that was left out of the comparison: such a sequence shows nothing of its own. */
async function followsFrom(pair: Lockstep, { statements, at, ignored }: ShownDivergence): Promise<string | undefined> {
  if (ignored.length === 0) return undefined
  const sent = statements as readonly Statement[]
  const { comparison } = await compareOn(
    pair,
    sent.map((each) => new StatementCommand(each)),
    new Set(),
  )
  return comparison.outcome === 'diverges' && comparison.at < at ? divergenceKey({ ...comparison, statements }) : undefined
}

/** Each form alone first, so that none is left to chance; then sequences of all of them. */
function sequencesFor(
  subject: Subject,
  pair: Lockstep,
  dataset: Dataset,
  plan: EquivalencePlan,
  drawing: Drawing,
): readonly DrawnStatements[] {
  const { path } = pair.replaced
  const draw = (of: ReadonlySet<StatementForm>, purpose: string, count: number, most: number) =>
    drawStatements(subject.plan, {
      relation: path,
      neighbours: pair.neighbours,
      held: dataset,
      ...drawing,
      forms: of,
      seed: seedNumber(plan.seed, `equivalence ${path} ${purpose}`),
      count,
      longest: most,
      exclude: plan.exclusions,
    })
  const { forms } = drawing
  const tried = [...forms].filter((form) => form !== 'neighbour' || pair.neighbours.length > 0)
  return [...tried.flatMap((form) => draw(new Set([form]), form, eachForm, 1)), ...draw(forms, 'all', plan.sequences, longest)]
}
