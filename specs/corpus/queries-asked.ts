import type { Subject } from '../../harness/lineage/subject.ts'
import { type CompiledQueries, compileQueries } from '../../harness/operations/index.ts'
import { type Session, StatementError } from '../../harness/postgres/index.ts'
import { fillStage } from '../../harness/run/index.ts'
import type { RandomSource } from './saboteur-random.ts'
import { dataKinds, doFirst, sabotagesOf, vulnerable } from './saboteur-sabotage.ts'
import type { Baseline, Prepared } from './saboteur-subject.ts'

const pins = `SET TimeZone = 'UTC'; SET DateStyle = 'ISO, YMD'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 1; SET bytea_output = 'hex'`

/** The verification queries of a migration that was learned. */
export function queriesOf({ knowledge, legacy, migration }: Subject, { run }: Baseline): CompiledQueries {
  if (run.migrated === undefined) throw new Error('a baseline is a run that went through')
  return compileQueries({ legacy, migrated: run.migrated.catalog, knowledge }, migration.contract)
}

/** What was answered on one data set: of the good migration, and of each sabotage of it. */
export interface Asked {
  /** The titles of queries that report something on the good migration, with their first row. */
  readonly good: readonly string[]
  readonly sabotages: readonly {
    readonly kind: string
    readonly spoils: string
    readonly sql: string
    readonly answers: readonly string[]
  }[]
}

/** Fill, save, migrate and ask; then spoil what is there, `count` times, and ask again. */
export function askOn(prepared: Prepared, baseline: Baseline, random: RandomSource, count: number): Promise<Asked> {
  const { subject, stages } = prepared
  const compiled = queriesOf(subject, baseline)
  return stages.run(async (stage) => {
    await fillStage(subject, stage, { kind: 'dataset', dataset: baseline.dataset })
    const saves = [...compiled.saved.map((each) => each.sql), ...compiled.queries.flatMap((each) => each.saves)]
    await stage.look((session) => session.script([pins, 'CREATE SCHEMA godwit_before', ...saves].join(';\n')))
    const outcome = await stage.apply(subject.migration.up)
    if (outcome.outcome === 'failed') throw new Error(`up fails: ${outcome.failure.message}`)
    return stage.look(async (session): Promise<Asked> => {
      await session.script(pins)
      const good = await ask(session, compiled)
      const sabotages: Asked['sabotages'][number][] = []
      const targets = targetsOf(subject, baseline, compiled)
      for (let at = 0; sabotages.length < count && at < count * 3; at += 1) {
        const kind = dataKinds[at % dataKinds.length]
        const migrated = baseline.run.migrated
        if (kind === undefined || migrated === undefined) continue
        const planned = sabotagesOf(kind, targets, baseline.run, random)
        if (planned.length === 0) continue
        await session.script('SAVEPOINT godwit_queries')
        const before = await contentsOf(session, [...migrated.rows.keys()], migrated.catalog)
        const done = await doFirst(session, migrated, planned)
        const after = await contentsOf(session, [...migrated.rows.keys()], migrated.catalog)
        if (done !== undefined && before !== after) {
          await session.script(pins)
          sabotages.push({
            kind,
            spoils: done.sabotage.spoils,
            sql: `${done.sabotage.relation}: ${done.sql}`,
            answers: await ask(session, compiled),
          })
        }
        await session.script('ROLLBACK TO SAVEPOINT godwit_queries; RELEASE SAVEPOINT godwit_queries')
      }
      return { good, sabotages }
    })
  })
}

/** What may be spoilt and is asked about: cells of attributes that are checked, rows that hold some. */
function targetsOf(subject: Subject, { run }: Baseline, { checked, saved }: CompiledQueries): ReturnType<typeof vulnerable> {
  const { rows, cells } = vulnerable(subject, run)
  const places = (relation: string) => subject.knowledge.lineage?.relations.get(relation)?.places ?? []
  return {
    rows: rows.filter(({ relation, only }) =>
      saved.some(
        (each) =>
          places(each.relation).some((place) => place.relation === relation) &&
          only.some((name) => checked.has(`${each.relation}.${name}`)),
      ),
    ),
    cells: cells.filter(({ legacy }) => checked.has(legacy)),
  }
}

async function ask(session: Session, { presence, queries }: CompiledQueries): Promise<readonly string[]> {
  const all = [presence, ...queries]
  const results = await session.script(all.map((each) => each.finds).join(';\n')).catch(async (error: unknown) => {
    if (!(error instanceof StatementError)) throw error
    throw new Error(`a query fails: ${error.message}\n${all.map((each) => `-- ${each.title}\n${each.finds}`).join(';\n')}`)
  })
  return all.flatMap((each, at) => {
    const [row] = results[at]?.rows ?? []
    return row === undefined ? [] : [`${each.title}: ${row.join(' | ')}`]
  })
}

async function contentsOf(session: Session, paths: readonly string[], catalog: Subject['legacy']): Promise<string> {
  const tables = paths.flatMap((path) => catalog.relations.get(path) ?? []).filter((each) => each.kind !== 'materialized-view')
  const results = await session.script(
    tables
      .map((each) => `SELECT string_agg((t.*)::text, chr(10) ORDER BY (t.*)::text COLLATE "C") FROM "${each.schema}"."${each.name}" AS t`)
      .join(';\n'),
  )
  return JSON.stringify(results.map((each) => each.rows))
}
