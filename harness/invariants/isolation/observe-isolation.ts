import { bandedDataset, type Dataset } from '../../data/index.ts'
import { readFacts } from '../../interleavings/index.ts'
import type { Script } from '../../migration/index.ts'
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
    const { up } = subject.migration
    if (bench.isolation === undefined) return { seen: [], notApplicable: 'it was not asked for (--isolation)' }
    if (up.kind === 'program') return { seen: [], notApplicable: 'it is a program, whose statements are not known' }
    if (up.script.statements.some(({ copyData }) => copyData !== undefined))
      return { seen: [], leftOut: [{ because: 'up copies rows from its own text, which cannot be interleaved' }] }
    if (!bench.superuser)
      return { seen: [], leftOut: [{ because: 'Godwit is no superuser on this server, whom alone it tells who waits' }] }
    if (bench.empty.failure !== undefined || (first === undefined && subject.scope.size > 0))
      return { seen: [], leftOut: [{ because: 'the migration fails on every generated data set', upFails: true }] }
    const reached = await relationsInReach(subject, clones)
    if (reached.size === 0) return { seen: [], notApplicable: 'it locks no table that existed before' }
    return united(await observeOn(bench, up.script, [...reached]))
  },
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
  const legacy = await filled.look(async (session): Promise<State> => {
    return { catalog: subject.legacy, rows: await readRows(session, subject.legacy, [...subject.scope]) }
  })
  const { writes, notTried } = await clientWrites(bench, filled, reached)
  const facts = await filled.look(readFacts)
  const scene: Scene = { bench, script, filled, legacy, facts, varying: varyingOf(bench) }
  const most = Math.ceil((isolation?.schedules ?? defaultSchedules) / datasets)
  const unexplained: UnexplainedWrite[] = []
  let [schedules, open, cut] = [0, 0, 0]
  for (const [at, write] of writes.entries()) {
    // Open transactions come beside these.
    const share = Math.ceil((most - (schedules - open)) / (writes.length - at))
    const found = await beside(scene, write, share)
    schedules += found.schedules
    open += found.open
    cut += found.cut
    unexplained.push(...found.unexplained)
  }
  const rows = [...legacy.rows.values()].reduce((sum, table) => sum + table.rows.length, 0)
  return {
    seen: [{ seen: { writes: writes.length, relations: reached.length, rows, schedules, open, unexplained } }],
    notChecked: [
      ...notTried.map((each) => each.replace(/^backward-compatibility: /, 'isolation: ')),
      ...(cut === 0
        ? []
        : [`isolation: ${cut} places of writes between the statements of up were not tried (after ${schedules} interleavings)`]),
    ],
    leftOut: isOver(bench) && cut > 0 ? [{ because: 'the time limit was reached' }] : [],
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
