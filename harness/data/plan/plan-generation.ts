import type { Catalog, Relation } from '../../catalog/index.ts'
import { pathOf, type Session } from '../../postgres/index.ts'
import type { Unfilled } from '../dataset.ts'
import type { Hints } from '../hints.ts'
import { clockChangesOf, oddTimesOf, type Turn, turnsOf, usualTurns } from '../value/odd-times.ts'
import { realisticTexts } from '../value/realistic.ts'
import { type AttributeDraft, attributeDrafts, type DraftOptions } from './attribute-draft.ts'
import type { FoundPools } from './judge-attributes.ts'
import { knownMakers, type TypeFailure } from './known-makers.ts'
import { linkReferences } from './link-references.ts'
import type { AttributePlan, GenerationPlan, RelationPlan } from './model.ts'
import { partitionChecks } from './partitions.ts'
import { planDirt } from './plan-dirt.ts'
import { planGroups } from './plan-groups.ts'
import { planKeys } from './plan-keys.ts'
import { plannedRelations, topOf } from './plan-scope.ts'
import { planSpans } from './plan-spans.ts'
import { checksOf, type RelationDraft } from './relation-draft.ts'
import { takenKeys } from './rows-there.ts'
import { type PlanMemory, Server } from './server.ts'
import { preferSoftTargets } from './soft-order.ts'

export interface PlanOptions {
  /** Paths of the relations to plan; what their foreign keys lead to is planned too. Default: all. */
  readonly relations?: readonly string[] | undefined
  /** Whether generated rows come to those that are there already: they keep clear of their keys. */
  readonly rowsStay?: boolean | undefined
}

/**
 * Find out what legal rows of a schema look like: the order of filling, and for every attribute the values that satisfy its checks, which
 * the server itself judges. Works inside an open transaction too (under a savepoint), and leaves nothing behind.
 *
 * @param session  A superuser's, on a database whose catalog `catalog` is.
 * @param memory  What earlier plans asked the same server: hand in one map for all steps of a history, and only what is new is asked.
 * @param options  Plan some relations and what their foreign keys lead to only; default all.
 * @returns A plan that generates without the server. What cannot be satisfied is in `unfilled`, with the constraint and the reason.
 * @throws {StatementError} Only when the session is broken or its transaction already aborted (`25P02`).
 */
export async function planGeneration(
  session: Session,
  catalog: Catalog,
  hints: Hints,
  memory: PlanMemory = new Map(),
  options: PlanOptions = {},
): Promise<GenerationPlan> {
  const server = new Server(session, memory)
  try {
    const planned = plannedRelations(catalog, options.relations)
    const asked = options.relations === undefined ? planned : new Set(options.relations.map((path) => topOf(catalog, path)))
    return await plan(server, catalog, hints, { planned, asked, rowsStay: options.rowsStay === true })
  } finally {
    await server.close()
  }
}

async function plan(
  server: Server,
  catalog: Catalog,
  hints: Hints,
  { planned, asked, rowsStay }: { readonly planned: ReadonlySet<string>; readonly asked: ReadonlySet<string>; readonly rowsStay: boolean },
): Promise<GenerationPlan> {
  const fillable = [...planned].flatMap((path) => {
    const relation = catalog.relations.get(path)
    return relation === undefined ? [] : [[path, relation] as const]
  })
  const { unicode, bounds } = await partitionChecks(server, catalog, planned)
  const { known, failures } = await knownMakers(server, catalog, unicode, typesOf(catalog, fillable))
  const turns = turnsOf(hints.zones)
  const given = { catalog, hints, known, unicode, realistic: await realisticTexts(), oddTimes: oddTimesOf(turns), makers: new Map() }
  const { drafts, unfilled } = draftsOf(fillable, given, { failures, bounds })
  const order = preferSoftTargets(linkReferences(drafts, asked), drafts, hints.softReferences)
  const { pools, groups, failed } = await planGroups(server, catalog, [...drafts.values()])
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
    const spans = planSpans(draft)
    const { keys, slots, nowhere } = planKeys(draft, spans)
    const attributes = draft.attributes.map((attribute, position): AttributePlan => {
      const found = pools.get(path)?.[position]
      if (found === undefined) throw new Error(`no pools for ${pathOf(draft.relation, attribute.source.name)}`)
      return {
        ...ownPlan(draft, attribute, found),
        referenced: referenced.has(`${path}\u0000${position}`),
        references: draft.references.flatMap((reference, at) => (reference.attributes.includes(position) ? [at] : [])),
        group: indexOrUndefined(made.findIndex((group) => group.attributes.includes(position))),
        slot: slots.get(position),
        nowhere: nowhere.get(position),
      }
    })
    relations.set(path, { path, relation: draft.relation, attributes, references: draft.references, keys, spans, groups: made, dirt: [] })
  }
  for (const [path, dirt] of await planDirt(server, catalog, drafts, relations)) {
    const clean = relations.get(path)
    if (clean !== undefined) relations.set(path, { ...clean, dirt })
  }
  for (const [path, keys] of rowsStay ? await takenKeys(server, relations) : []) {
    const clear = relations.get(path)
    if (clear !== undefined) relations.set(path, { ...clear, keys })
  }
  dropChildless(relations, unfilled)
  const meeting = meetingPositions(relations, hints)
  return {
    catalog,
    order: order.map((component) => component.filter((path) => relations.has(path))).filter((component) => component.length > 0),
    relations,
    unfilled,
    softReferences: hints.softReferences,
    meetings: hints.meetings ?? [],
    emptied: (hints.emptied ?? []).filter((path) => relations.has(path)),
    doubled: new Set(hints.doubled),
    unified: new Set([...(hints.unified ?? []), ...meeting.keys()]),
    unifiedAttributes: unifiedPositions(relations, hints),
    meeting,
    clocks: clocksOf(turns, relations),
  }
}

/** What the unique keys to come hold. */
function unifiedPositions(relations: ReadonlyMap<string, RelationPlan>, hints: Hints): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>()
  for (const { relation, attribute } of hints.unifiedAttributes ?? []) {
    const position = relations.get(relation)?.attributes.findIndex(({ name }) => name === attribute) ?? -1
    if (position >= 0) found.set(relation, (found.get(relation) ?? new Set()).add(position))
  }
  return found
}

/** What a key holds and gets another type or other values. */
function meetingPositions(relations: ReadonlyMap<string, RelationPlan>, { casts, rewritten = [] }: Hints): GenerationPlan['meeting'] {
  const meeting = new Map<string, Set<number>>()
  for (const { relation, attribute } of [...casts.filter(({ direction }) => direction === 'up'), ...rewritten]) {
    const plan = relation === undefined ? undefined : relations.get(relation)
    const position = plan?.attributes.findIndex(({ name }) => name === attribute) ?? -1
    if (plan === undefined || !plan.keys.some((key) => key.attributes.includes(position))) continue
    meeting.set(plan.path, (meeting.get(plan.path) ?? new Set()).add(position))
  }
  return meeting
}

interface Drafted {
  readonly drafts: Map<string, RelationDraft>
  readonly unfilled: Unfilled[]
}

/** What the server said of types and partitions. */
interface Said {
  readonly failures: ReadonlyMap<string, TypeFailure>
  readonly bounds: ReadonlyMap<string, string>
}

/** A draft of each relation whose attributes have values, or why there is none. */
function draftsOf(
  fillable: readonly (readonly [string, Relation])[],
  given: Omit<DraftOptions, 'relation' | 'path'>,
  { failures, bounds }: Said,
): Drafted {
  const unfilled: Unfilled[] = []
  const drafts = new Map<string, RelationDraft>()
  const { shaped = [] } = given.hints
  for (const [path, relation] of fillable) {
    const attributes = attributeDrafts({ ...given, relation, path })
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
    drafts.set(path, {
      path,
      relation,
      attributes: usable,
      checks: checksOf(
        relation,
        usable,
        bounds.get(path),
        shaped.filter((each) => each.relation === path),
      ),
      references: [],
    })
  }
  return { drafts, unfilled }
}

/** What an attribute's plan says of itself, whatever stands beside it. */
function ownPlan(
  { relation }: RelationDraft,
  { source, maker, context, nullable, nullRefused, constant, serial }: AttributeDraft,
  pools: FoundPools,
): Omit<AttributePlan, 'referenced' | 'references' | 'group' | 'slot' | 'nowhere'> {
  if (maker === undefined) throw new Error(`no pools for ${pathOf(relation, source.name)}`)
  return {
    name: source.name,
    type: source.type,
    maker,
    context,
    nullable: nullable && !(nullRefused ?? false),
    literals: pools.literals,
    pools,
    extremes: new Set(pools.extremes.filter((text) => !pools.literals.includes(text) && !pools.edges.includes(text))),
    default: constant,
    serial,
  }
}

/** Paths of the types that values are needed of: of the attributes, and of whatever these are made of. */
function typesOf(catalog: Catalog, relations: readonly (readonly [string, Relation])[]): ReadonlySet<string> {
  const types = new Set<string>()
  const open = relations.flatMap(([, relation]) => relation.attributes.map((attribute) => attribute.typePath))
  for (let path = open.pop(); path !== undefined; path = open.pop()) {
    const type = catalog.types.get(path)
    if (type === undefined || types.has(path)) continue
    types.add(path)
    if (type.kind === 'array') open.push(type.element)
    else if (type.kind === 'domain') open.push(type.base)
    else if (type.kind === 'composite') open.push(...type.attributes.map((attribute) => attribute.type))
    else if (type.kind === 'range' || type.kind === 'multirange') open.push(type.subtype)
  }
  // In the catalog's order, so that a plan does not depend on the order of the relations asked for.
  return new Set([...catalog.types.keys()].filter((path) => types.has(path)))
}

/** Nobody needs the turns of the clocks where nothing tells the time. */
function clocksOf(turns: readonly Turn[], relations: ReadonlyMap<string, RelationPlan>): GenerationPlan['clocks'] {
  const timed = [...relations.values()].some((relation) => relation.attributes.some((attribute) => attribute.maker.clock !== undefined))
  if (!timed) return { hinted: false, changes: [] }
  const hinted = turns.length > 0
  return { hinted, changes: clockChangesOf(hinted ? turns : usualTurns) }
}

const indexOrUndefined = (index: number) => (index < 0 ? undefined : index)

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
