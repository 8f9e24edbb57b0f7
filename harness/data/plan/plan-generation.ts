import type { Attribute, Catalog, Constraint, Relation } from '../../catalog/index.ts'
import { pathOf, type Session } from '../../postgres/index.ts'
import type { Unfilled } from '../dataset.ts'
import type { Hints } from '../hints.ts'
import type { Maker } from '../value/maker.ts'
import { oddTimesOf } from '../value/odd-times.ts'
import { realisticSource } from '../value/realistic.ts'
import { type AttributeDraft, attributeDrafts } from './attribute-draft.ts'
import { attributesIn } from './expression.ts'
import { knownMakers } from './known-makers.ts'
import type { AttributePlan, GenerationPlan, ReferencePlan, RelationPlan } from './model.ts'
import { componentsOf } from './order.ts'
import { partitionChecks } from './partitions.ts'
import { planDirt } from './plan-dirt.ts'
import { planGroups } from './plan-groups.ts'
import { planKeys } from './plan-keys.ts'
import { type PlanMemory, Server } from './server.ts'

/** A relation while its plan is being made. */
export interface RelationDraft {
  readonly path: string
  readonly relation: Relation
  readonly attributes: AttributeDraft[]
  /** Checks to satisfy: constraints, partition bounds; each with the attributes given by an INSERT that it depends on. */
  readonly checks: readonly DraftCheck[]
  references: readonly ReferencePlan[]
}

export interface DraftCheck {
  readonly name: string
  readonly expression: string
  /** Positions in `attributes`; inputs of generated attributes stand for these. */
  readonly attributes: readonly number[]
  /** Generated attributes that it reads. */
  readonly generated: readonly Attribute[]
}

/**
 * Find out what legal rows of a schema look like: the order of filling, and for every attribute the values that satisfy its checks, which
 * the server itself judges. Works inside an open transaction too (under a savepoint), and leaves nothing behind.
 *
 * @param session  A superuser's, on a database whose catalog `catalog` is.
 * @param memory  What earlier plans asked the same server: hand in one map for all steps of a history, and only what is new is asked.
 * @returns A plan that generates without the server. What cannot be satisfied is in `unfilled`, with the constraint and the reason.
 * @throws {StatementError} Only when the session is broken or its transaction already aborted (`25P02`).
 */
export async function planGeneration(
  session: Session,
  catalog: Catalog,
  hints: Hints,
  memory: PlanMemory = new Map(),
): Promise<GenerationPlan> {
  const server = await Server.open(session, memory)
  try {
    return await plan(server, catalog, hints)
  } finally {
    await server.close()
  }
}

async function plan(server: Server, catalog: Catalog, hints: Hints): Promise<GenerationPlan> {
  const fillable = [...catalog.relations].filter(
    ([, relation]) => (relation.kind === 'table' || relation.kind === 'partitioned-table') && relation.partitionOf === undefined,
  )
  const { unicode, bounds } = await partitionChecks(server, catalog)
  const { known, failures } = await knownMakers(server, catalog, unicode)
  const realistic = realisticSource()
  const oddTimes = oddTimesOf(hints.zones)
  const makers = new Map<string, Maker | undefined>()
  const unfilled: Unfilled[] = []
  const drafts = new Map<string, RelationDraft>()
  for (const [path, relation] of fillable) {
    const attributes = attributeDrafts({ catalog, relation, path, hints, known, unicode, realistic, oddTimes, makers })
    const missing = attributes.find(
      (attribute) => attribute.maker === undefined && !attribute.nullable && attribute.source.default === undefined,
    )
    if (missing !== undefined) {
      const failure = failures.get(missing.source.typePath)
      unfilled.push({
        relation: path,
        constraint: undefined,
        sqlstate: failure?.sqlstate,
        because: `no value is known for attribute "${missing.source.name}" of type ${missing.source.type}${failure ? `: ${failure.because}` : ''}`,
      })
      continue
    }
    const usable = attributes.filter((attribute) => attribute.maker !== undefined)
    drafts.set(path, { path, relation, attributes: usable, checks: checksOf(relation, usable, bounds.get(path)), references: [] })
  }
  const order = linkReferences(drafts)
  const { pools, groups, failed } = await planGroups(server, [...drafts.values()])
  unfilled.push(...failed)
  const unfillable = new Set(unfilled.map((entry) => entry.relation))
  const referenced = new Set(
    [...drafts.values()].flatMap((draft) =>
      draft.references.flatMap((reference) => reference.parentAttributes.map((at) => `${reference.parent}\u0000${at}`)),
    ),
  )
  const relations = new Map<string, RelationPlan>()
  for (const [path, draft] of drafts) {
    if (unfillable.has(path)) continue
    const made = groups.get(path) ?? []
    const { keys, slots } = planKeys(draft)
    const attributes = draft.attributes.map((attribute, position): AttributePlan => {
      const found = pools.get(path)?.[position]
      const { maker, context, nullable } = attribute
      if (maker === undefined || found === undefined) throw new Error(`no pools for ${pathOf(draft.relation, attribute.source.name)}`)
      return {
        name: attribute.source.name,
        type: attribute.source.type,
        maker,
        context,
        nullable: nullable && !(attribute.nullRefused ?? false),
        literals: found.literals,
        pools: found,
        extremes: new Set(found.extremes.filter((text) => !found.literals.includes(text) && !found.edges.includes(text))),
        default: attribute.constant,
        serial: attribute.serial,
        referenced: referenced.has(`${path}\u0000${position}`),
        references: draft.references.flatMap((reference, at) => (reference.attributes.includes(position) ? [at] : [])),
        group: indexOrUndefined(made.findIndex((group) => group.attributes.includes(position))),
        slot: slots.get(position),
      }
    })
    relations.set(path, { path, relation: draft.relation, attributes, references: draft.references, keys, groups: made, dirt: [] })
  }
  for (const [path, dirt] of await planDirt(server, drafts, relations)) {
    const clean = relations.get(path)
    if (clean !== undefined) relations.set(path, { ...clean, dirt })
  }
  dropChildless(relations, unfilled)
  return {
    catalog,
    order: order.map((component) => component.filter((path) => relations.has(path))).filter((component) => component.length > 0),
    relations,
    unfilled,
    softReferences: hints.softReferences,
  }
}

const indexOrUndefined = (index: number) => (index < 0 ? undefined : index)

function checksOf(relation: Relation, attributes: readonly AttributeDraft[], bound: string | undefined): DraftCheck[] {
  const enforced = relation.constraints.filter(
    (constraint) => constraint.kind === 'check' && constraint.enforced && constraint.expression !== undefined,
  )
  const all = enforced.map((constraint) => ({ name: constraint.name, expression: constraint.expression ?? '' }))
  if (bound !== undefined) all.push({ name: 'partition bounds', expression: bound })
  return all.map(({ name, expression }) => ({ name, expression, ...inputsOf(expression, relation, attributes) }))
}

/** The given attributes that an expression depends on, generated ones replaced by their inputs. */
export function inputsOf(
  expression: string,
  relation: Relation,
  attributes: readonly AttributeDraft[],
): Pick<DraftCheck, 'attributes' | 'generated'> {
  const names = namesIn(expression, relation)
  const generated = relation.attributes.filter((attribute) => attribute.generated !== undefined && names.has(attribute.name))
  for (const attribute of generated) for (const name of namesIn(attribute.default ?? '', relation)) names.add(name)
  return { attributes: attributes.flatMap((attribute, position) => (names.has(attribute.source.name) ? [position] : [])), generated }
}

function namesIn(expression: string, relation: Relation): Set<string> {
  return new Set(attributesNamed(expression, relation.attributes))
}

function attributesNamed(expression: string, attributes: readonly Attribute[]): string[] {
  return attributesIn(expression, attributes).map((attribute) => attribute.name)
}

/** Resolve the foreign keys to positions, and find the order of filling. */
function linkReferences(drafts: Map<string, RelationDraft>): string[][] {
  const keysOf = (draft: RelationDraft) =>
    draft.relation.constraints.filter((constraint) => constraint.kind === 'foreign-key' && constraint.enforced)
  const targets = (path: string) => {
    const draft = drafts.get(path)
    return draft === undefined ? [] : keysOf(draft).flatMap((key) => (key.references === undefined ? [] : [key.references.relation]))
  }
  const order = componentsOf([...drafts.keys()], targets)
  const rank = new Map(order.flat().map((path, position) => [path, position]))
  for (const draft of drafts.values()) {
    draft.references = keysOf(draft).flatMap((key) => {
      const reference = referenceOf(key, draft, drafts)
      return reference === undefined ? [] : [{ ...reference, late: (rank.get(reference.parent) ?? 0) > (rank.get(draft.path) ?? 0) }]
    })
  }
  return order
}

function referenceOf(
  key: Constraint,
  draft: RelationDraft,
  drafts: ReadonlyMap<string, RelationDraft>,
): Omit<ReferencePlan, 'late'> | undefined {
  const position = (of: RelationDraft, name: string) => of.attributes.findIndex((attribute) => attribute.source.name === name)
  const parent = drafts.get(key.references?.relation ?? '')
  const attributes = key.attributes.map((name) => position(draft, name))
  const nullable = attributes.filter((at) => draft.attributes[at]?.nullable === true)
  const common = {
    name: key.name,
    attributes,
    validated: key.validated,
    nullable: key.matchFull && nullable.length < attributes.length ? [] : nullable,
  }
  if (attributes.includes(-1)) return undefined
  if (parent === undefined || key.references === undefined)
    return { ...common, parent: key.references?.relation ?? '', parentAttributes: [] }
  const parentAttributes = key.references.attributes.map((name) => position(parent, name))
  return parentAttributes.includes(-1) ? undefined : { ...common, parent: parent.path, parentAttributes }
}

/** A relation that must reference one that cannot be filled cannot be filled either. */
function dropChildless(relations: Map<string, RelationPlan>, unfilled: Unfilled[]): void {
  for (let changed = true; changed; ) {
    changed = false
    for (const [path, relation] of relations) {
      const broken = relation.references.find((reference) => reference.nullable.length === 0 && !relations.has(reference.parent))
      if (broken === undefined) continue
      relations.delete(path)
      unfilled.push({
        relation: path,
        constraint: broken.name,
        sqlstate: undefined,
        because: `it must reference ${broken.parent}, which cannot be filled`,
      })
      changed = true
    }
  }
}
