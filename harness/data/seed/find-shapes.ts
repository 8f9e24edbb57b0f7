import { type Session, tryEach } from '../../postgres/index.ts'
import type { Cell, Dataset } from '../dataset.ts'
import type { ShapeHint } from '../hints.ts'
import type { GenerationPlan, RelationPlan } from '../plan/model.ts'
import { regexExamples } from '../plan/pattern-examples.ts'
import { Randomness, seedOf } from '../random.ts'
import { insertSql, tableName } from './render-inserts.ts'
import { seedDataset } from './seed-dataset.ts'

/** Patterns of texts that functions of a schema often insist on, the strictest first. */
const shapes = [
  '^[1-9][0-9]{0,2}\\.[0-9]{1,3}\\.[0-9]{1,3}$',
  '^[a-z]{3,9}[0-9]{1,4}@[a-z]{3,9}\\.(com|org)$',
  '^https://[a-z]{3,9}\\.(com|org)/[a-z]{2,9}[0-9]{1,4}$',
  '^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$',
  '^20[0-2][0-9]-0[1-9]-[12][0-9]$',
  '^\\{"[a-z]{3,9}": [1-9][0-9]{0,5}\\}$',
  '^\\+[1-9][0-9]{9,12}$',
  '^[0-9a-f]{32}$',
  '^[1-9][0-9]{0,6}$',
  '^[a-z]{4,12}$',
  '^[A-Z]{4,12}$',
]
const examplesOfEach = 2
const mostRelations = 6
const isText = /^(text|character|citext|public\.citext|extensions\.citext)/

/**
 * Find texts that functions of the schema let in, for relations that refuse all rows of a data set: because of a trigger, a generated
 * attribute or an index whose expression reads the text. Each attribute of a row is tried in each of some usual shapes, the others as they are.
 *
 * @param session  On a database of its own: rows are put in and stay.
 */
export async function findShapes(session: Session, plan: GenerationPlan, dataset: Dataset): Promise<readonly ShapeHint[]> {
  const { bypassed, unfilled } = await seedDataset(session, plan, dataset)
  const refusing = [...bypassed, ...unfilled.filter(({ sqlstate }) => sqlstate !== undefined && sqlstate !== '23503')]
  const found: ShapeHint[] = []
  for (const { relation } of refusing.slice(0, mostRelations)) {
    const [table, planned] = [dataset.tables.get(relation), plan.relations.get(relation)]
    if (table === undefined || planned === undefined) continue
    // Rows that went in past their triggers.
    await session.script(
      `SET session_replication_role = replica; DELETE FROM ${tableName(plan, relation)}; SET session_replication_role = origin`,
    )
    const trials = trialsOf(planned, table.attributes, table.rows[0] ?? [])
    const tried = await tryEach(
      session,
      trials.flatMap(({ rows }) => rows.map((row) => insertSql(plan, table, [row]))),
    )
    // All examples of a shape: one text may be let in by chance.
    const fitting = trials.find((_, at) =>
      tried.slice(at * examplesOfEach, (at + 1) * examplesOfEach).every(({ outcome }) => outcome === 'accepted'),
    )
    if (fitting !== undefined) found.push({ relation, attribute: fitting.attribute, pattern: fitting.pattern })
  }
  return found
}

interface Trial {
  readonly attribute: string
  readonly pattern: string
  readonly rows: readonly (readonly Cell[])[]
}

function trialsOf({ attributes }: RelationPlan, names: readonly string[], row: readonly Cell[]): readonly Trial[] {
  const texts = attributes.filter(({ name, type }) => isText.test(type) && names.includes(name))
  return shapes.flatMap((pattern) =>
    texts.flatMap(({ name, maker }) => {
      const examples = regexExamples(pattern, new Randomness(seedOf('shape', pattern, name)), examplesOfEach)
      if (examples.some((text) => maker.accepts(text) === false)) return []
      return [{ attribute: name, pattern, rows: examples.map((text) => row.map((cell, at) => (names[at] === name ? text : cell))) }]
    }),
  )
}
