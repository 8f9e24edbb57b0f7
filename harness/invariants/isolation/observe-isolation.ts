import { bandedDataset, type Dataset, renderInserts } from '../../data/index.ts'
import { readFacts } from '../../interleavings/index.ts'
import type { Script } from '../../migration/index.ts'
import { type Session, StatementError } from '../../postgres/index.ts'
import { type CloneStage, fillStage, type State, seedNumber, tiedRows } from '../../run/index.ts'
import { readRows } from '../../snapshot/index.ts'
import { answerLegacy } from '../backward-compatibility/workload/observe-workload.ts'
import { type Bench, isOver, type Probe } from '../bench.ts'
import { volatileAttributes } from '../determinism/judge.ts'
import { withoutDrawn } from '../drawn.ts'
import { relationsInReach } from '../online-safety/reached-relations.ts'
import type { Look } from '../probe.ts'
import { beside, type Scene } from './beside-write.ts'
import type { ClientWrite, IsolationObservation, UnexplainedWrite } from './model.ts'
import { defaultSchedules } from './options.ts'
import type { Varying } from './state-text.ts'

/** `up`, statement by statement, interleaved with each write of a client; where that was asked for. */
export const besideWrites: Probe<IsolationObservation> = {
  name: 'up beside writes',
  async observe(bench: Bench): Promise<Look<IsolationObservation>> {
    const { subject, first, clones } = bench
    if (bench.isolation === undefined) return { seen: [], notApplicable: 'it was not asked for (--isolation)' }
    const script = interleavable(bench)
    if ('seen' in script) return script
    if (bench.empty.failure !== undefined || (first === undefined && subject.scope.size > 0))
      return { seen: [], leftOut: [{ because: 'the migration fails on every generated data set', upFails: true }] }
    const reached = await relationsInReach(subject, clones)
    if (reached.size === 0) return { seen: [], notApplicable: 'it locks no table that existed before' }
    return united(await observeOn(bench, script, [...reached]))
  },
}

/** The statements of `up`, where it can be interleaved. */
function interleavable({ subject, superuser }: Bench): Script | Look<IsolationObservation> {
  const { up } = subject.migration
  if (up.kind === 'program') return { seen: [], notApplicable: 'it is a program, whose statements are not known' }
  if (up.script.statements.some(({ copyData }) => copyData !== undefined))
    return { seen: [], leftOut: [{ because: 'up copies rows from its own text, which cannot be interleaved' }] }
  if (!superuser) return { seen: [], leftOut: [{ because: 'Godwit is no superuser on this server, whom alone it tells who waits' }] }
  return up.script
}

/** Most places of a saved write in each of the two ways: all of them but in the longest scripts. */
const mostPlaces = 500

/** `up` beside one write on saved rows, at every place; where the write can be sent. */
export async function besideSavedWrite(bench: Bench, rowsSql: string, write: ClientWrite): Promise<Look<IsolationObservation>> {
  const script = interleavable(bench)
  if ('seen' in script) return script
  return await bench.clones.run(async (filled): Promise<Look<IsolationObservation>> => {
    await fillStage(bench.subject, filled, { kind: 'sql', sql: rowsSql })
    const refused = await filled.look((session) => refusalOf(session, write))
    if (refused !== undefined) return { seen: [], leftOut: [{ because: `the write is refused before up too: ${refused}` }] }
    const scene = await sceneOn(bench, script, filled, rowsSql)
    const { cut: alone, openCut, ...found } = await beside(scene, write, mostPlaces)
    const cut = alone + openCut
    const leftOut = cut === 0 ? [] : [{ because: `${cut} places of the write were not tried` }]
    return { seen: [{ seen: { writes: 1, relations: 1, rows: rowsOf(scene.legacy), ...found } }], leftOut }
  })
}

async function refusalOf(session: Session, { sql }: ClientWrite): Promise<string | undefined> {
  await session.script('BEGIN')
  try {
    await session.script(sql)
    return undefined
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    return `${error.message} (${error.sqlstate})`
  } finally {
    await session.script('ROLLBACK')
  }
}

async function sceneOn(bench: Bench, script: Script, filled: CloneStage, rowsSql: string): Promise<Scene> {
  const { subject } = bench
  const rows = await filled.look((session) => readRows(session, subject.legacy, [...subject.scope]))
  const facts = await filled.look(readFacts)
  return { bench, script, filled, rowsSql, legacy: { catalog: subject.legacy, rows }, facts, varying: varyingOf(bench) }
}

function rowsOf({ rows }: State): number {
  return [...rows.values()].reduce((sum, table) => sum + table.rows.length, 0)
}

/** On rows that are all different, and on rows with duplicates, in which a migration has something to merge. */
async function observeOn(bench: Bench, script: Script, reached: readonly string[]): Promise<readonly Look<IsolationObservation>[]> {
  const { subject, first, seed, exclusions, clones } = bench
  const ties = first === undefined ? [] : tiedRows(subject, seed, exclusions, 1).slice(0, 1)
  const looks: Look<IsolationObservation>[] = []
  for (const dataset of first === undefined ? [undefined] : [first.dataset, ...ties])
    looks.push(await clones.run((filled) => interleave({ bench, script, reached, dataset, share: 1 + ties.length }, filled)))
  return looks
}

function united(looks: readonly Look<IsolationObservation>[]): Look<IsolationObservation> {
  const all = looks.flatMap(({ seen }) => seen.map((each) => each.seen))
  const sum = (count: (each: IsolationObservation) => number) => all.reduce((total, each) => total + count(each), 0)
  const seen: IsolationObservation = {
    writes: sum(({ writes }) => writes),
    relations: Math.max(0, ...all.map(({ relations }) => relations)),
    rows: sum(({ rows }) => rows),
    schedules: sum(({ schedules }) => schedules),
    open: sum(({ open }) => open),
    unexplained: all.flatMap(({ unexplained }) => unexplained),
  }
  return {
    seen: [{ seen }],
    notChecked: [...new Set(looks.flatMap(({ notChecked = [] }) => notChecked))],
    leftOut: looks.flatMap(({ leftOut = [] }) => leftOut),
  }
}

interface Wanted {
  readonly bench: Bench
  readonly script: Script
  readonly reached: readonly string[]
  readonly dataset: Dataset | undefined
  /** The budget is divided by it. */
  readonly share: number
}

/** Children of so many parents are tried. */
const mostAlike = 3

async function interleave(
  { bench, script, reached, dataset, share: datasets }: Wanted,
  filled: CloneStage,
): Promise<Look<IsolationObservation>> {
  const { subject, isolation } = bench
  if (dataset !== undefined) await fillStage(subject, filled, { kind: 'dataset', dataset })
  const { writes, notTried } = await clientWrites(bench, filled, reached)
  const scene = await sceneOn(bench, script, filled, dataset === undefined ? '' : renderInserts(subject.plan, dataset))
  const most = Math.ceil((isolation?.schedules ?? defaultSchedules) / datasets)
  const unexplained: UnexplainedWrite[] = []
  let [schedules, open, cut, openCut] = [0, 0, 0, 0]
  for (const [at, write] of writes.entries()) {
    // Open transactions come beside these.
    const share = Math.ceil((most - (schedules - open)) / (writes.length - at))
    const found = await beside(scene, write, share)
    schedules += found.schedules
    open += found.open
    cut += found.cut
    openCut += found.openCut
    unexplained.push(...found.unexplained)
  }
  return {
    seen: [{ seen: { writes: writes.length, relations: reached.length, rows: rowsOf(scene.legacy), schedules, open, unexplained } }],
    notChecked: [
      ...notTried.map((each) => each.replace(/^backward-compatibility: /, 'isolation: ')),
      ...(cut === 0
        ? []
        : [`isolation: ${cut} places of writes between the statements of up were not tried (after ${schedules - open} interleavings)`]),
      ...(openCut === 0
        ? []
        : [
            `isolation: ${openCut} places of transactions that stay open over statements of up were not tried (after ${open} interleavings)`,
          ]),
    ],
    leftOut: isOver(bench) && cut + openCut > 0 ? [{ because: 'the time limit was reached' }] : [],
  }
}

/** The writes of the workload, or derived ones, that the legacy database takes. */
async function clientWrites(bench: Bench, filled: CloneStage, reached: readonly string[]) {
  const { subject, seed, exclusions } = bench
  const fresh = bandedDataset(subject.plan, { seed: seedNumber(seed, 'clients'), rows: 4, variant: 1, exclude: exclusions })
  const legacy = await filled.look(async (session) => {
    await session.script('BEGIN')
    try {
      return await answerLegacy(subject, session, reached, { fresh, untouched: [] })
    } finally {
      await session.script('ROLLBACK')
    }
  })
  const writes = legacy.statements.flatMap(({ name, sql, relation, operation, given }, at): readonly ClientWrite[] => {
    // Of derived writes of one kind few stand for all.
    const again = !given && legacy.statements.slice(0, at).filter((each) => each.name === name).length >= mostAlike
    return operation === 'read' || again || legacy.answers[at]?.own.outcome === 'failed' ? [] : [{ name, sql, relation, operation }]
  })
  return { writes, notTried: legacy.notTried }
}

/** Attributes that two runs on the same rows, or on rows in another order, disagree on. */
function varyingOf({ repetitions }: Bench): Varying {
  return new Set(
    repetitions.seen.flatMap(({ seen: { first, second, reordered, legacy } }) => [
      ...volatileAttributes(first, second).keys(),
      ...(reordered === undefined ? [] : volatileAttributes(withoutDrawn(first, legacy), withoutDrawn(reordered, legacy), true).keys()),
    ]),
  )
}
