import { InputError } from '../errors.ts'
import type { Source } from '../formats/index.ts'
import { findingsIn, judgeBy, replaySequence, runInvariantsOf, type SavedSequence, withOwn } from '../invariants/index.ts'
import { learnLineage, writtenRelations } from '../lineage/index.ts'
import type { Migration } from '../migration/index.ts'
import { parseClusterRequest, StatementError, startCluster } from '../postgres/index.ts'
import { findingId } from '../result/index.ts'
import type { Phase, RunRequest } from '../run/index.ts'
import { type Base, bandedFillings, CloneStages, onPairBase, Runner } from '../run/index.ts'
import type { VerifyHooks, VerifyOptions } from '../verify/index.ts'
import { prepareSubject } from '../verify/index.ts'
import { readSources } from './verify.ts'

/** What a saved counterexample says of itself. */
export interface SavedCounterexample {
  readonly paths: readonly string[]
  readonly migration: string
  /** Fingerprint of the finding. */
  readonly finding: string
  readonly invariant: string
  readonly seed: string
  readonly rowsSql: string
  readonly relation?: string | null | undefined
  /** Of a view in the place of a table: the statements that tell the two apart. */
  readonly sequence?: SavedSequence | undefined
}

/**
 * Run a saved counterexample again, on a clone, against the migration as it is now.
 *
 * @returns Whether the same finding is there still, with its message, or with what happens instead.
 * @throws {InputError} When the migration is not there any more, or the saved rows do not fit its legacy schema.
 */
export async function replay(
  saved: SavedCounterexample,
  options: VerifyOptions = {},
  hooks: VerifyHooks = {},
): Promise<{ readonly violates: boolean; readonly message: string }> {
  const { format, formats } = options
  const migration = await migrationNamed(await readSources(saved.paths, { format, formats }), saved.migration)
  await using shared = await startCluster(parseClusterRequest(options.postgres), hooks.signal === undefined ? {} : { signal: hooks.signal })
  return await onPairBase(shared, migration, options, (base, adapted) => replayOn(base, adapted, saved, { options, hooks }))
}

/** A step of a history stands on the steps before it, as a pair does on its legacy schema. */
async function migrationNamed(sources: readonly Source[], name: string): Promise<Migration> {
  for (const source of sources) {
    if (source.kind === 'pairs') {
      const found = source.migrations.find(({ migration }) => migration.name === name)
      if (found !== undefined) return found.migration
    }
    if (source.kind === 'history') {
      const at = source.history.steps.findIndex((step) => step.name === name)
      const step = source.history.steps[at]
      if (step !== undefined && step.up.kind !== 'opaque') {
        const legacy = source.history.steps.slice(0, at).flatMap(({ up }) => (up.kind === 'sql' ? [up.script] : []))
        return { ...step, up: step.up, legacy, legacyData: [] }
      }
    }
  }
  throw new InputError(`there is no migration "${name}" any more`)
}

async function replayOn(
  base: Base,
  migration: Migration,
  saved: SavedCounterexample,
  { options, hooks }: { readonly options: VerifyOptions; readonly hooks: VerifyHooks },
): Promise<{ readonly violates: boolean; readonly message: string }> {
  let subject = await prepareSubject(base.session(), migration, {
    scope: migration.legacy.length > 1 ? 'reached' : 'all',
  })
  const clones = new CloneStages(base)
  if (saved.sequence !== undefined && typeof saved.relation === 'string') {
    const { sequence, relation } = saved
    return await replaySequence(subject, clones, base.role, { ...saved, sequence, relation, signal: hooks.signal }).catch(unfitting)
  }
  const runner = new Runner(undefined, clones, { rung: 'clone', because: 'a replay commits' })
  const runs = []
  for (const { dataset, bands } of bandedFillings(subject, saved.seed, [])) {
    const run = await runner.run(subject, {
      regime: 'banded',
      extreme: false,
      filling: { kind: 'dataset', dataset },
      bands,
      phases: ['up'],
    })
    if (run.failure === undefined) runs.push(run)
  }
  if (runs.length > 0)
    subject = {
      ...subject,
      knowledge: { ...subject.knowledge, lineage: learnLineage(runs), written: new Set(runs.flatMap((run) => [...writtenRelations(run)])) },
    }
  const invariant = runInvariantsOf(withOwn(options.invariants)).find(({ id }) => id === saved.invariant)
  if (invariant === undefined)
    throw new InputError(`no run shows the findings of "${saved.invariant}"`, {
      detail: 'It looks in a way of its own, or the configuration does not have it any more.',
      hint: 'Verify the migration again.',
    })
  const request: RunRequest = {
    regime: saved.rowsSql.trim() === '' ? 'empty' : 'given',
    extreme: false,
    filling: { kind: 'sql', sql: saved.rowsSql },
    phases: phasesFor(invariant.looks.everyRun),
    signal: hooks.signal,
  }
  const run = await runner.run(subject, request).catch(unfitting)
  const found = findingsIn(judgeBy(invariant, run, subject.knowledge)).find(
    (each) => each.severity !== 'info' && findingId(migration.name, each) === saved.finding,
  )
  if (found !== undefined) return { violates: true, message: found.message }
  const instead =
    run.failure === undefined
      ? 'up goes through on the saved rows, and the finding is not there'
      : `up fails on the saved rows in another way: ${run.failure.message}`
  return { violates: false, message: instead }
}

const usualPhases: readonly Phase[] = ['up', 'down', 'up']

/** Where the usual run does not begin with what an invariant asks for, what it asks for. */
function phasesFor(wanted: readonly Phase[]): readonly Phase[] {
  return wanted.every((phase, at) => usualPhases[at] === phase) ? usualPhases : wanted
}

function unfitting(error: unknown): never {
  if (!(error instanceof StatementError)) throw error
  throw new InputError(`the saved rows do not fit the legacy schema any more: ${error.message} (${error.sqlstate})`, {
    cause: error,
    hint: 'Verify anew, which saves new ones.',
  })
}
