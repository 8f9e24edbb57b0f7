import { setTimeout as pause } from 'node:timers/promises'
import type { Subject } from '../../lineage/index.ts'
import { applyStep, type Outcome, type Step } from '../../migration/index.ts'
import { type CloneStage, type Filling, fillStage, seedNumber } from '../../run/index.ts'
import { type Bench, type Crashable, isOver } from '../bench.ts'
import { type Fingerprint, fingerprintOf, lookAtWhatIsLeft, placeOf, relationBefore } from './left-behind.ts'
import type { FaultObservation, FaultsSeen } from './model.ts'
import { type CrashOptions, defaultKills } from './options.ts'

/** When the server is killed: before a statement, or after a part of the time that `up` takes. */
type Moment = { readonly before: number } | { readonly part: number }

export interface Crashes extends FaultsSeen {
  /** What was to be tried and was not. */
  readonly notTried: readonly string[]
}

/**
 * Kill the server by SIGKILL in the middle of `up`, start it again, and look at what is left; half of the times before a statement (or COMMIT), half
 * at any moment. The server is one of its own, and durable; each time the rows are seeded anew.
 *
 * @returns Undefined where `up` fails on these rows.
 */
export async function crashInTheMiddle(bench: Bench, options: CrashOptions, filling: Filling): Promise<Crashes | undefined> {
  const { subject, seed, signal } = bench
  const kills = options.kills ?? defaultKills
  const { cluster, clones } = await bench.crashable()
  await using _ = cluster
  const undisturbed = await clones.run(async (stage) => {
    await fillStage(subject, stage, filling)
    const outcome = await stage.apply(subject.migration.up, { signal })
    return outcome.outcome === 'failed' ? undefined : { ms: outcome.durationMs, migrated: await lookOnce(subject, stage) }
  })
  if (undisturbed === undefined) return undefined
  const moments = momentsOf(subject.migration.up, kills, seed)
  const faults: FaultObservation[] = []
  for (const moment of moments) {
    if (isOver(bench)) break
    faults.push(await crashOnce(bench, { cluster, clones }, { moment, filling, ...undisturbed }))
  }
  const cut = moments.length - faults.length
  return { faults, rows: 0, notTried: cut === 0 ? [] : [`${cut} crashes of the server were not tried: the time limit was reached`] }
}

/** Places between statements are drawn where there are more of them than half of the kills. */
function momentsOf(up: Step, kills: number, seed: string): readonly Moment[] {
  const places =
    up.kind === 'sql' && up.script.mode !== 'message' ? up.script.statements.length + (up.script.mode === 'transaction' ? 1 : 0) : 0
  const most = Math.min(places, Math.ceil(kills / 2))
  const all = Array.from({ length: places }, (_, at) => at)
  const drawn = (purpose: string) => seedNumber(seed, `crash ${purpose}`) / 2 ** 31
  const order = new Map(all.map((at) => [at, drawn(`before ${at}`)]))
  const between = all.toSorted((left, right) => (order.get(left) ?? 0) - (order.get(right) ?? 0)).slice(0, most)
  const parts = Array.from({ length: kills - most }, (_, at) => drawn(`at ${at}`))
  return [...between.toSorted((left, right) => left - right).map((before) => ({ before })), ...parts.map((part) => ({ part }))]
}

/**
 * Temporary tables outlive the session that a crash ended, until autovacuum drops them (postgres/src/backend/postmaster/autovacuum.c, "orphan temp
 * table"): here at once, since they are none of the migration's.
 */
const dropOrphans = `DO $godwit$
DECLARE orphaned text;
BEGIN
  FOR orphaned IN SELECT nspname FROM pg_catalog.pg_namespace WHERE nspname ~ '^pg_temp_' AND oid <> pg_catalog.pg_my_temp_schema() LOOP
    EXECUTE pg_catalog.format('DROP SCHEMA %I CASCADE', orphaned);
  END LOOP;
END $godwit$`

interface Once {
  readonly moment: Moment
  readonly filling: Filling
  readonly ms: number
  readonly migrated: Fingerprint
}

async function crashOnce(bench: Bench, { cluster, clones }: Crashable, { moment, filling, ms, migrated }: Once): Promise<FaultObservation> {
  const { subject, signal } = bench
  return clones.run(async (stage) => {
    await fillStage(subject, stage, filling)
    const legacy = await lookOnce(subject, stage)
    if ('before' in moment) await crashBefore(stage, subject.migration.up, moment.before, () => cluster.crash())
    else await crashAfter(stage, subject.migration.up, moment.part * ms, () => cluster.crash())
    // Its session has died with the server.
    await stage.disconnect()
    await stage.look((session) => session.script(dropOrphans))
    const before = 'before' in moment ? moment.before : undefined
    const { up } = subject.migration
    const statement = up.kind === 'sql' && before !== undefined ? up.script.statements[before] : undefined
    return {
      fault: 'crash',
      before,
      place: before === undefined ? placeAfter('part' in moment ? moment.part * ms : 0, ms) : placeOf(subject, before),
      relation: relationBefore(subject, before ?? Number.MAX_SAFE_INTEGER),
      statement: statement === undefined ? undefined : { text: statement.text, file: statement.file, line: statement.line },
      ...(await lookAtWhatIsLeft(subject, stage, { legacy, migrated, signal })),
    }
  })
}

/** Read, and leave nobody connected: the server is killed next. */
async function lookOnce(subject: Subject, stage: CloneStage): Promise<Fingerprint> {
  const seen = await stage.look((session) => fingerprintOf(subject, session))
  await stage.disconnect()
  return seen
}

async function crashBefore(stage: CloneStage, up: Step, before: number, crash: () => Promise<void>): Promise<void> {
  await using session = await stage.connect()
  const onStatement = async (index: number) => {
    if (index === before) await crash()
  }
  await applyStep(session, up, { url: stage.url, onStatement })
}

async function crashAfter(stage: CloneStage, up: Step, ms: number, crash: () => Promise<void>): Promise<void> {
  await using session = await stage.connect()
  const over = new AbortController()
  const applying: Promise<Outcome> = applyStep(session, up, { url: stage.url }).finally(() => over.abort())
  applying.catch(() => undefined)
  // Sooner where it is done sooner: then what it has committed has to be there.
  await pause(ms, undefined, { signal: over.signal }).catch(() => undefined)
  await crash()
  await applying
}

function placeAfter(ms: number, whole: number): string {
  return `after ${ms.toFixed(1)} of ${whole.toFixed(1)} ms`
}
