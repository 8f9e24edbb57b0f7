import {
  type Choose,
  conflict,
  footprintOf,
  heardSession,
  heardSettings,
  type Interleaving,
  type Operation,
  type Play,
  planSessions,
  runInterleaving,
  type SerialOrder,
  SerialOrders,
  type Stage,
} from '../../interleavings/index.ts'
import { controlsTransaction, type Script } from '../../migration/index.ts'
import type { CloneStage, State } from '../../run/index.ts'
import { type Bench, isOver } from '../bench.ts'
import type { ClientWrite, UnexplainedWrite } from './model.ts'
import { missingIn, rowLeft, rowsIn, stateText, type Varying } from './state-text.ts'

/** What interleavings of a migration have in common. */
export interface Scene {
  readonly bench: Bench
  readonly script: Script
  readonly filled: CloneStage
  readonly legacy: State
  readonly facts: Stage['facts']
  readonly varying: Varying
}

/** Interleavings of `up` with one write. */
export interface Beside {
  readonly schedules: number
  /** Places of the write that were left out. */
  readonly cut: number
  readonly unexplained: readonly UnexplainedWrite[]
}

/** The write after each statement of `up` but the last, each time from the beginning. */
export async function beside(scene: Scene, write: ClientWrite, most: number): Promise<Beside> {
  const { bench, legacy, varying, script } = scene
  const planned = planSessions({ up: [{ operation: 'up' }], client: [write.sql] }, 'read committed', { up: upOf(script) })
  const play: Play = {
    ...planned,
    retries: 0,
    invariants: {},
    endState: (session) => stateText(bench.subject, session, legacy, varying),
  }
  const run = (wanted: Play, choose: Choose) => runOnCopy(scene, wanted, choose)
  const orders = new SerialOrders(run, play)
  const unexplained: UnexplainedWrite[] = []
  const places = placesOf(scene, write)
  let schedules = 0
  for (const place of places) {
    if (schedules >= most || isOver(bench)) return { schedules, cut: places.length - schedules, unexplained }
    bench.signal?.throwIfAborted()
    const interleaving = await run(play, afterStatements(place + (isEnclosed(script) ? 1 : 0)))
    if (interleaving === undefined) continue
    schedules += 1
    const { explained, tried } = await orders.explain(interleaving)
    if (!explained) unexplained.push(unexplainedWrite(write, interleaving, tried))
    // One transaction keeps its locks: at each later place the write waits as well, until the end.
    if (isEnclosed(script) && waitedToTheEnd(interleaving)) break
  }
  return { schedules, cut: 0, unexplained }
}

/** Numbers of statements of `up` that come before the write: those after which it can come to something else than one statement earlier. */
function placesOf({ script: { statements }, facts }: Scene, write: ClientWrite): readonly number[] {
  const context = { facts, open: undefined, keepsSnapshot: false }
  const own = footprintOf(write.sql, context)
  return statements.flatMap(({ text }, at) => (conflict(footprintOf(text, context), own) ? [at + 1] : []))
}

function waitedToTheEnd({ statements }: Interleaving): boolean {
  const sent = statements.find(({ session }) => session === 'client')
  return sent !== undefined && sent.waitedFor.length > 0 && sent.answeredAfter === statements.length - 1
}

/** The client has its turn after so many statements of `up`. */
function afterStatements(count: number): Choose {
  let sent = 0
  return ([first, ...others]) => {
    const ready = [first, ...others].map(({ session }) => session)
    const wanted = sent >= count && ready.includes('client') ? 'client' : 'up'
    const chosen = ready.includes(wanted) ? wanted : first.session
    if (chosen === 'up') sent += 1
    return chosen
  }
}

function isEnclosed({ statements, mode }: Script): boolean {
  return mode !== 'autocommit' && !statements.some(controlsTransaction)
}

/** `up` as its tool sends it; a script in one message is one transaction. */
function upOf(script: Script): Operation {
  const enclosed = isEnclosed(script)
  return async (client) => {
    if (enclosed) await client.query('BEGIN')
    for (const { text } of script.statements) await client.query(text)
    if (enclosed) await client.query('COMMIT')
  }
}

/** One interleaving, on a copy of the filled legacy database. */
function runOnCopy(
  { bench, filled, facts }: Scene,
  play: Play,
  choose: Parameters<typeof runInterleaving>[2],
): Promise<Interleaving | undefined> {
  return bench.clones.runCopy(filled, async (copy) => {
    await using observer = await copy.database.connect()
    await using up = await copy.impersonate(heardSettings)
    await using client = await copy.database.connect({ settings: heardSettings })
    const sessions = { up, client }
    const begin = async () => play.sessions.map(({ name }) => heardSession(name === 'up' ? sessions.up : sessions.client))
    return await runInterleaving({ facts, observer, begin }, play, choose)
  })
}

function unexplainedWrite(write: ClientWrite, interleaving: Interleaving, tried: readonly SerialOrder[]): UnexplainedWrite {
  const toldOf = (session: string) => interleaving.units.find((unit) => unit.session === session)
  const client = toldOf('client')
  // A write that is refused after up is no witness of what a write that was accepted leaves.
  const alike = tried.filter(({ told }) => client === undefined || client.outcome === 'refused' || told.get(client.unit) === client.told)
  const left = rowsIn(interleaving.endState)
  const [closest] = alike
    .map(({ endState }) => ({ missing: missingIn(rowsIn(endState), left), extra: missingIn(left, rowsIn(endState)) }))
    .toSorted((one, other) => one.missing.length + one.extra.length - other.missing.length - other.extra.length)
  const up = toldOf('up')
  const at = interleaving.statements.findIndex(({ session }) => session === 'client')
  const own = interleaving.statements.slice(0, at).filter(({ session, sql }) => session === 'up' && sql !== 'BEGIN')
  return {
    write,
    statements: interleaving.statements,
    after: own.length,
    upFailed: up === undefined || up.told === 'null' ? undefined : up.outcome === 'refused' ? 'refused' : up.told,
    missing: (closest?.missing ?? []).map(rowLeft),
    extra: (closest?.extra ?? []).map(rowLeft),
  }
}
