import { readCatalog } from '../catalog/index.ts'
import { InputError } from '../errors.ts'
import {
  accessParity,
  atomicity,
  backwardCompatibility,
  determinism,
  onlineSafety,
  runInvariants,
  viewEquivalence,
} from '../invariant/index.ts'
import type { Migration, Source } from '../migration/index.ts'
import { mentionsName, parseClusterRequest, StatementError, startCluster } from '../postgres/index.ts'
import { type Base, onPairBase } from './base.ts'
import { type ReplayAnswer, replayLimits, replaySequence } from './equivalence/index.ts'
import { storedRelations } from './execute.ts'
import type { VerifyHooks, VerifyOptions } from './options.ts'
import { prepareSubject } from './prepare.ts'
import { replayClients } from './replay/clients.ts'
import { replayRun } from './replay/run.ts'
import type { SavedCounterexample } from './replay/saved.ts'
import { CloneStages } from './stage.ts'
import type { Subject } from './subject.ts'
import { readSources } from './verify.ts'

/**
 * Look once more at what a saved counterexample shows: the same rows and writes, on a clone, against the migration as it is now.
 *
 * @returns Whether the same finding is there still, with its message, or with what happens instead; undetermined, with the reason, where
 *   this could not be looked at.
 * @throws {InputError} When the migration is not there any more, or the saved rows do not fit its legacy schema.
 */
export async function replay(saved: SavedCounterexample, options: VerifyOptions = {}, hooks: VerifyHooks = {}): Promise<ReplayAnswer> {
  const { migration, skipped } = await migrationNamed(await readSources(saved.paths, { format: options.format }), saved.migration)
  const because = notReplayable(saved)
  if (because !== undefined) return { violates: undefined, message: because }
  await using shared = await startCluster(parseClusterRequest(options.postgres), hooks.signal === undefined ? {} : { signal: hooks.signal })
  const answer = await onPairBase(shared, migration, options, (base, adapted) => replayOn(base, adapted, saved, hooks))
  if (answer.violates !== false || skipped === undefined) return answer
  return { violates: undefined, message: `the database before it could not be made as it was: "${skipped}" is no SQL` }
}

const byRepetition: ReadonlySet<string> = new Set([determinism.id, atomicity.id, onlineSafety.id])

/** Why a file of this kind of finding says too little to look again; undefined where it does not. */
function notReplayable({ invariant, relation }: SavedCounterexample): string | undefined {
  const again = 'Verify the migration instead.'
  if (byRepetition.has(invariant)) return `${invariant} is not seen by one run on saved rows: it compares several runs. ${again}`
  const known = [viewEquivalence.id, backwardCompatibility.id, accessParity.id, ...runInvariants.map((each) => each.id)]
  if (!known.includes(invariant)) return `there is no invariant "${invariant}" here. ${again}`
  if (invariant === viewEquivalence.id && typeof relation !== 'string') return `the file does not name its view. ${again}`
  return undefined
}

/** A step of a history stands on the steps before it, as a pair does on its legacy schema. */
async function migrationNamed(
  sources: readonly Source[],
  name: string,
): Promise<{ readonly migration: Migration; readonly skipped: string | undefined }> {
  for (const source of sources) {
    if (source.kind === 'pairs') {
      const found = source.migrations.find(({ migration }) => migration.name === name)
      if (found !== undefined) return { migration: found.migration, skipped: undefined }
    }
    if (source.kind === 'history') {
      const at = source.history.steps.findIndex((step) => step.name === name)
      const step = source.history.steps[at]
      if (step !== undefined && step.up.kind !== 'opaque') {
        const before = source.history.steps.slice(0, at)
        const legacy = before.flatMap(({ up }) => (up.kind === 'sql' ? [up.script] : []))
        const skipped = before.find(({ up }) => up.kind !== 'sql')?.name
        return { migration: { ...step, up: step.up, legacy, legacyData: [] }, skipped }
      }
    }
  }
  throw new InputError(`there is no migration "${name}" any more`)
}

async function replayOn(base: Base, migration: Migration, saved: SavedCounterexample, hooks: VerifyHooks): Promise<ReplayAnswer> {
  const subject = await subjectOf(base, migration, saved)
  const clones = new CloneStages(base)
  const context = { base, subject, clones, saved, signal: hooks.signal }
  try {
    if (saved.invariant === viewEquivalence.id) {
      const { sequence, relation, finding, rowsSql } = saved
      const view = { relation: relation ?? '', finding, rowsSql, signal: hooks.signal }
      return sequence === undefined
        ? await replayLimits(subject, clones, base.role, view)
        : await replaySequence(subject, clones, base.role, { ...view, sequence })
    }
    const asClients = saved.invariant === backwardCompatibility.id || saved.invariant === accessParity.id
    return await (asClients ? replayClients(context) : replayRun(context))
  } catch (error) {
    return unfitting(error)
  }
}

/** All that the saved rows fill is looked at, beside what the migration is seen to reach. */
async function subjectOf(base: Base, migration: Migration, { rowsSql, writtenSql = '', relation }: SavedCounterexample): Promise<Subject> {
  const catalog = await readCatalog(base.session())
  const text = `${rowsSql}\n${writtenSql}`
  const also = storedRelations(catalog).filter((path) => path === relation || mentionsName(text, catalog.relations.get(path)?.name ?? path))
  return prepareSubject(base.session(), migration, {
    catalog,
    scope: migration.legacy.length > 1 ? 'reached' : 'all',
    also: new Set(also),
  })
}

function unfitting(error: unknown): never {
  if (!(error instanceof StatementError)) throw error
  throw new InputError(`the saved rows do not fit the legacy schema any more: ${error.message} (${error.sqlstate})`, {
    cause: error,
    hint: 'Verify anew, which saves new ones.',
  })
}
