import type { Catalog } from '../../catalog/index.ts'
import { StatementError } from '../../postgres/index.ts'
import { BandSource } from '../band/band-source.ts'
import { seedOf } from '../random.ts'
import { filterTuples, type TupleQuestion } from './filter-tuples.ts'
import type { DirtPlan, RelationPlan } from './model.ts'
import type { RelationDraft } from './relation-draft.ts'
import type { Server } from './server.ts'
import { dirtyQuestion } from './tuple-question.ts'

/** So many orphans can be told apart. */
const orphans = 16

/**
 * Values that violate the constraints which are NOT VALID, as rows from before the constraint may: for checks the server finds them (the
 * other checks hold), for foreign keys any value that no parent has.
 */
export async function planDirt(
  server: Server,
  catalog: Catalog,
  drafts: ReadonlyMap<string, RelationDraft>,
  relations: ReadonlyMap<string, RelationPlan>,
): Promise<ReadonlyMap<string, readonly DirtPlan[]>> {
  const dirt = new Map<string, DirtPlan[]>()
  const asked: { path: string; constraint: string; definition: string; attributes: readonly number[]; question: TupleQuestion }[] = []
  for (const [path, relation] of relations) {
    for (const { name, kind, validated, enforced, definition, attributes } of relation.relation.constraints) {
      if (validated || !enforced) continue
      const draft = drafts.get(path)
      if (draft === undefined) continue
      if (kind === 'check') {
        const question = dirtyQuestion(draft, name)
        if (question !== undefined) asked.push({ path, constraint: name, definition, ...question })
      } else if (kind === 'foreign-key' || kind === 'not-null') {
        const positions = attributes.map((attribute) => relation.attributes.findIndex((other) => other.name === attribute))
        if (positions.includes(-1)) continue
        const source = new BandSource(seedOf('orphan', path, name), 2)
        const orphan = (position: number) => {
          const attribute = relation.attributes[position]
          return attribute?.maker.room === true ? attribute.maker.band(source, attribute.context) : (attribute?.maker.vector[0] ?? null)
        }
        const tuples = kind === 'not-null' ? [positions.map(() => null)] : Array.from({ length: orphans }, () => positions.map(orphan))
        dirt.set(path, [...(dirt.get(path) ?? []), { constraint: name, definition, attributes: positions, tuples }])
      }
    }
  }
  const answers = await filterTuples(
    server,
    catalog,
    asked.map(({ question }) => question),
  )
  asked.forEach(({ path, constraint, definition, attributes }, at) => {
    const tuples = answers[at]
    if (tuples === undefined || tuples instanceof StatementError || tuples.length === 0) return
    dirt.set(path, [...(dirt.get(path) ?? []), { constraint, definition, attributes, tuples }])
  })
  return dirt
}
