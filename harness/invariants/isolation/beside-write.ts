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
import { type CloneStage, type State, seedNumber } from '../../run/index.ts'
import { type Bench, isOver } from '../bench.ts'
import type { ClientWrite, UnexplainedWrite } from './model.ts'
import { missingIn, rowLeft, rowsIn, stateText, type Varying } from './state-text.ts'

/** What interleavings of a migration have in common. */
export interface Scene {
  readonly bench: Bench
  readonly script: Script
  readonly filled: CloneStage
  /** The rows in it. */
  readonly rowsSql: string
  readonly legacy: State
  readonly facts: Stage['facts']
  readonly varying: Varying
}

/** Interleavings of `up` with one write. */
export interface Beside {
  readonly schedules: number
  /** Of these, those in which the transaction of the write stayed open. */
  readonly open: number
  /** Places of the write that were left out. */
  readonly cut: number
  /** Places of its open transaction that were left out. */
  readonly openCut: number
  readonly unexplained: readonly UnexplainedWrite[]
}

/** After how many statements of `up` the write is sent, and its transaction commits; without the latter the write commits by itself. */
interface Place {
  readonly at: number
  readonly commitAt?: number
}

/**
 * The write after each statement of `up`, each time from the beginning; then in a transaction that stays open over statements of `up`.
 *
 * @param most  Most interleavings of the first way; of the second half as many are drawn.
 */
export async function beside(scene: Scene, write: ClientWrite, most: number): Promise<Beside> {
  const places = placesOf(scene, write)
  const alone = await tryPlaces(
    scene,
    write,
    [write.sql],
    places.map((at) => ({ at })),
    most,
  )
  const pairs = openPlaces(scene, write, places)
  const open = await tryPlaces(scene, write, ['BEGIN', write.sql, 'COMMIT'], pairs, Math.ceil(most / 2))
  return {
    schedules: alone.schedules + open.schedules,
    open: open.schedules,
    cut: alone.cut,
    openCut: open.cut,
    unexplained: [...alone.unexplained, ...open.unexplained],
  }
}

async function tryPlaces(
  scene: Scene,
  write: ClientWrite,
  steps: readonly string[],
  places: readonly Place[],
  most: number,
): Promise<Omit<Beside, 'open' | 'openCut'>> {
  const { bench, legacy, varying, script } = scene
  const planned = planSessions({ up: [{ operation: 'up' }], client: steps }, 'read committed', { up: upOf(script) })
  const play: Play = {
    ...planned,
    retries: 0,
    invariants: {},
    endState: (session) => stateText(bench.subject, session, legacy, varying),
  }
  const run = (wanted: Play, choose: Choose) => runOnCopy(scene, wanted, choose)
  const orders = new SerialOrders(run, play)
  const unexplained: UnexplainedWrite[] = []
  const begun = isEnclosed(script) ? 1 : 0
  let schedules = 0
  let waitsFrom = Number.POSITIVE_INFINITY
  for (const [at, place] of places.entries()) {
    // One transaction keeps its locks: at each later place the write waits as well, until the end.
    if (place.at >= waitsFrom) continue
    if (schedules >= most || isOver(bench))
      return { schedules, cut: places.slice(at).filter((each) => each.at < waitsFrom).length, unexplained }
    bench.signal?.throwIfAborted()
    const interleaving = await run(play, atPlace(place, begun))
    if (interleaving === undefined) continue
    schedules += 1
    const { explained, tried } = await orders.explain(interleaving)
    if (!explained) unexplained.push({ ...unexplainedWrite(write, place, interleaving, tried), rowsSql: scene.rowsSql })
    if (isEnclosed(script) && waitedToTheEnd(interleaving, write)) waitsFrom = place.at
  }
  return { schedules, cut: 0, unexplained }
}

/**
 * Where a transaction with the write may begin and commit: it commits after a statement of `up` with which the write can conflict. First the
 * one that stays open longest, then the others in an order that is drawn.
 */
function openPlaces({ bench, script }: Scene, { sql }: ClientWrite, places: readonly number[]): readonly Place[] {
  const begins = [0, ...places].filter((at) => at < script.statements.length)
  const pairs = begins.flatMap((at) => places.filter((commitAt) => commitAt > at).map((commitAt) => ({ at, commitAt })))
  const drawn = ({ at, commitAt }: (typeof pairs)[number]) => seedNumber(bench.seed, `open ${sql} ${at} ${commitAt}`)
  const longest = pairs.reduce((most, { at, commitAt }) => Math.max(most, commitAt - at), 0)
  const order = (pair: (typeof pairs)[number]) => (pair.commitAt - pair.at === longest ? -1 : drawn(pair))
  return pairs.toSorted((one, other) => order(one) - order(other))
}

/** Numbers of statements of `up` that come before the write: those after which it can come to something else than one statement earlier. */
function placesOf({ script: { statements }, facts }: Scene, write: ClientWrite): readonly number[] {
  const context = { facts, open: undefined, keepsSnapshot: false }
  const own = footprintOf(write.sql, context)
  return statements.flatMap(({ text }, at) => (conflict(footprintOf(text, context), own) ? [at + 1] : []))
}

function waitedToTheEnd({ statements }: Interleaving, { sql }: ClientWrite): boolean {
  const sent = statements.findIndex((each) => each.session === 'client' && each.sql === sql)
  const write = statements[sent]
  const lastOfUp = statements.findLastIndex(({ session }) => session === 'up')
  return write !== undefined && write.waitedFor.length > 0 && write.answeredAfter >= lastOfUp
}

/**
 * The client has its turn after so many statements of `up`, and sooner where `up` waits for it.
 *
 * @param begun  Statements with which the harness itself begins `up`.
 */
function atPlace({ at, commitAt = at }: Place, begun: number): Choose {
  let sent = 0
  let told = 0
  return ([first, ...others]) => {
    const ready = [first, ...others].map(({ session }) => session)
    // BEGIN and the write come together.
    const place = at === 0 && told < 2 ? 0 : (told < 2 ? at : commitAt) + begun
    const wanted = sent >= place && ready.includes('client') ? 'client' : 'up'
    const chosen = ready.includes(wanted) ? wanted : first.session
    if (chosen === 'up') sent += 1
    else told += 1
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

function unexplainedWrite(
  write: ClientWrite,
  { commitAt }: Place,
  interleaving: Interleaving,
  tried: readonly SerialOrder[],
): Omit<UnexplainedWrite, 'rowsSql'> {
  const toldOf = (session: string) => interleaving.units.find((unit) => unit.session === session)
  const client = toldOf('client')
  // A write that is refused after up is no witness of what a write that was accepted leaves.
  const alike = tried.filter(({ told }) => client === undefined || client.outcome === 'refused' || told.get(client.unit) === client.told)
  const left = rowsIn(interleaving.endState)
  const [closest] = alike
    .map(({ endState }) => ({ missing: missingIn(rowsIn(endState), left), extra: missingIn(left, rowsIn(endState)) }))
    .toSorted((one, other) => one.missing.length + one.extra.length - other.missing.length - other.extra.length)
  const up = toldOf('up')
  const before = (at: number) =>
    interleaving.statements.slice(0, at).filter(({ session, sql }) => session === 'up' && sql !== 'BEGIN').length
  const at = interleaving.statements.findIndex(({ session }) => session === 'client')
  const committed = interleaving.statements.findLastIndex(({ session }) => session === 'client')
  return {
    write,
    statements: interleaving.statements,
    after: before(at),
    committedAfter: commitAt === undefined ? undefined : before(committed),
    upFailed: up === undefined || up.told === 'null' ? undefined : up.outcome === 'refused' ? 'refused' : up.told,
    missing: (closest?.missing ?? []).map(rowLeft),
    extra: (closest?.extra ?? []).map(rowLeft),
  }
}
