import { InputError } from '../errors.ts'
import type { HistoryStep, Source } from '../formats/index.ts'
import {
  type AnyInvariant,
  accessParity,
  type ClientsSeen,
  type Invariant,
  isolation,
  type Probe,
  type ReplayAnswer,
  replayLimits,
  replaySequence,
  viewEquivalence,
  withOwn,
} from '../invariants/index.ts'
import type { Migration, Script } from '../migration/index.ts'
import { parseClusterRequest, StatementError, startCluster } from '../postgres/index.ts'
import { type Base, fullDepth, onPairBase } from '../run/index.ts'
import { Inquiry, type VerifyHooks, type VerifyOptions } from '../verify/index.ts'
import { withRecorded } from './command-history.ts'
import { replayClients } from './replay/clients.ts'
import { replayInterleaved } from './replay/interleaved.ts'
import { replayRun } from './replay/run.ts'
import type { SavedCounterexample } from './replay/saved.ts'
import { readSources } from './verify.ts'

/** No runs are drawn: so many only say how often the same rows are migrated to see what varies. */
const fewRuns = 2

/**
 * Look once more at what a saved counterexample shows: the same rows and writes, on a clone, against the migration as it is now.
 *
 * @param options  As for `verify`, the user's own invariants and formats among them.
 * @returns Whether the same finding is there still, with its message, or with what happens instead; undetermined, with the reason, where
 *   this could not be looked at.
 * @throws {InputError} When the migration is not there any more, or the saved rows do not fit its legacy schema.
 */
export async function replay(saved: SavedCounterexample, options: VerifyOptions = {}, hooks: VerifyHooks = {}): Promise<ReplayAnswer> {
  const invariant = withOwn(options.invariants).find(({ id }) => id === saved.invariant)
  const again = 'Verify the migration instead.'
  const read = await readSources(saved.paths, options)
  // Known without a server, except where a tool must be asked.
  if (!read.some(({ kind }) => kind === 'command')) migrationNamed(read as readonly Known[], saved.migration)
  if (invariant === undefined) return { violates: undefined, message: `there is no invariant "${saved.invariant}" here. ${again}` }
  const because = notReplayable(invariant, saved)
  if (because !== undefined) return { violates: undefined, message: `${because}. ${again}` }
  await using shared = await startCluster(parseClusterRequest(options.postgres), hooks.signal === undefined ? {} : { signal: hooks.signal })
  return await withRecorded(shared, read, { options, hooks }, async (sources) => {
    const named = migrationNamed(sources, saved.migration)
    const answer = await onPairBase(shared, contracted(named, options), options, async (base, migration) =>
      replayOn(await inquiryOf(migration, base, { named, saved, options, hooks }), invariant, saved),
    )
    if (answer.violates !== false || named.skipped === undefined) return answer
    return { violates: undefined, message: `the database before it could not be made as it was: "${named.skipped}" is no SQL` }
  })
}

type Known = Exclude<Source, { kind: 'command' }>

/** Why a file of this kind of finding says too little to look again; undefined where it does not. */
function notReplayable({ id, looks }: AnyInvariant, { relation, interleaving }: SavedCounterexample): string | undefined {
  if (id === viewEquivalence.id) return typeof relation === 'string' ? undefined : 'the file does not name its view'
  if (id === isolation.id) return interleaving === undefined ? 'the file does not say what the client does' : undefined
  return 'everyRun' in looks || looks === accessParity.looks ? undefined : `${id} is not seen by one run on saved rows`
}

/** A migration as a source has it. */
interface Named {
  readonly migration: Migration
  readonly path: string
  /** Whether it is a step of a history. */
  readonly isStep: boolean
  /** A step before it that is no SQL. */
  readonly skipped: string | undefined
}

function contracted({ migration, isStep }: Named, { contracts = {} }: VerifyOptions): Migration {
  return isStep ? { ...migration, contract: { ...migration.contract, ...contracts[migration.name] } } : migration
}

interface Asked {
  readonly named: Named
  readonly saved: SavedCounterexample
  readonly options: VerifyOptions
  readonly hooks: VerifyHooks
}

function inquiryOf(migration: Migration, base: Base, { named, saved, options, hooks }: Asked): Promise<Inquiry> {
  const full = fullDepth(fewRuns)
  return Inquiry.begin(migration, base, {
    options,
    seed: saved.seed,
    hooks: hooks.signal === undefined ? {} : { signal: hooks.signal },
    path: named.path,
    depth: () => (named.isStep ? { ...full, scope: 'reached' } : full),
  })
}

/** A step of a history stands on the steps before it, as a pair does on its legacy schema. */
function migrationNamed(sources: readonly Known[], name: string): Named {
  for (const source of sources) {
    if (source.kind === 'pairs') {
      const found = source.migrations.find(({ migration }) => migration.name === name)
      if (found !== undefined) return { ...found, isStep: false, skipped: undefined }
    }
    if (source.kind === 'history') {
      const at = source.history.steps.findIndex((step) => step.name === name)
      const step = source.history.steps[at]
      if (step !== undefined && step.up.kind !== 'opaque') {
        const before = source.history.steps.slice(0, at)
        const legacy = before.flatMap(({ up }) => scriptOnEmpty(up) ?? [])
        const skipped = before.find(({ up }) => scriptOnEmpty(up) === undefined)?.name
        return { migration: { ...step, up: step.up, legacy, legacyData: [] }, path: source.history.path, isStep: true, skipped }
      }
    }
  }
  throw new InputError(`there is no migration "${name}" any more`)
}

/** What a step does on an empty database; of one that its tool runs, what it was recorded to send there. */
function scriptOnEmpty(up: HistoryStep['up']): Script | undefined {
  return up.kind === 'sql' ? up.script : up.kind === 'program' ? up.sends : undefined
}

async function replayOn(inquiry: Inquiry, invariant: AnyInvariant, saved: SavedCounterexample): Promise<ReplayAnswer> {
  const context = { inquiry, saved }
  const { looks } = invariant
  try {
    if (invariant.id === viewEquivalence.id) {
      const { subject, clones, base, signal } = inquiry
      const { sequence, relation, finding, rowsSql } = saved
      const view = { relation: relation ?? '', finding, rowsSql, signal }
      return sequence === undefined
        ? await replayLimits(subject, clones, base.role, view)
        : await replaySequence(subject, clones, base.role, { ...view, sequence })
    }
    if (invariant.id === isolation.id && saved.interleaving !== undefined) return await replayInterleaved(context, saved.interleaving.write)
    if ('everyRun' in looks) return await replayRun(context, invariant as Invariant, looks.everyRun)
    return await replayClients(context, invariant as Invariant<ClientsSeen>, looks as Probe<ClientsSeen>)
  } catch (error) {
    return unfitting(error)
  }
}

function unfitting(error: unknown): never {
  if (!(error instanceof StatementError)) throw error
  throw new InputError(`the saved rows do not fit the legacy schema any more: ${error.message} (${error.sqlstate})`, {
    cause: error,
    hint: 'Verify anew, which saves new ones.',
  })
}
