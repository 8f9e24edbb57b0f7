import type { Catalog } from '../../catalog/index.ts'
import { StatementError } from '../../postgres/index.ts'
import type { Unfilled } from '../dataset.ts'
import { definitionKey } from './definition-key.ts'
import { expressionsOf } from './filter.ts'
import { columns, type FoundPools, judgeAttributes } from './judge-attributes.ts'
import type { GroupPlan, Tuple } from './model.ts'
import type { DraftCheck, RelationDraft } from './relation-draft.ts'
import type { Server } from './server.ts'
import { askTamer, hasRoom, question } from './tuple-question.ts'

export interface Groups {
  /** By relation path, in the order of its attributes. */
  readonly pools: ReadonlyMap<string, readonly FoundPools[]>
  readonly groups: ReadonlyMap<string, readonly GroupPlan[]>
  readonly failed: readonly Unfilled[]
}

/** Let the server judge values under the checks of one attribute, then rows of values under the checks that link several: two round trips. */
export async function planGroups(server: Server, catalog: Catalog, drafts: readonly RelationDraft[]): Promise<Groups> {
  const failed: Unfilled[] = []
  const pools = await judgeAttributes(server, catalog, drafts, failed)
  const asked = drafts.flatMap((draft) =>
    linked(draft).map((group) => ({ draft, ...group, key: keyOf(catalog, draft, group.attributes, group.checks) })),
  )
  const open = asked.filter(({ key }) => server.remembered(key) === undefined)
  const answers = await askTamer(
    server,
    catalog,
    open.flatMap(({ draft, attributes, checks }) => [
      question(draft, attributes, checks, pools.get(draft.path) ?? [], 'run'),
      question(draft, attributes, checks, pools.get(draft.path) ?? [], 'band'),
    ]),
  )
  const fresh = new Map(open.map((each, at) => [each, [answers[at * 2], answers[at * 2 + 1]] as Answers]))
  const groups = new Map<string, GroupPlan[]>()
  for (const each of asked) {
    const { draft, attributes, checks, key } = each
    const found = fresh.get(each) ?? server.remembered<Answers>(key)
    server.remember(key, found)
    const [tuples, bandTuples] = found ?? []
    const constraints = checks.map((check) => check.name)
    if (tuples === undefined || tuples instanceof StatementError || tuples.length === 0) {
      const sqlstate = tuples instanceof StatementError ? tuples.sqlstate : '23514'
      const because =
        tuples instanceof StatementError
          ? tuples.message
          : `no combination of candidates satisfies ${checks.map((check) => check.expression).join(' AND ')}`
      failed.push({ relation: draft.path, constraint: constraints.join(', '), sqlstate, because })
      continue
    }
    const roomy = attributes.map((position) => hasRoom(draft.attributes[position], pools.get(draft.path)?.[position]))
    const bands = bandTuples === undefined || bandTuples instanceof StatementError ? [] : apart(bandTuples, roomy)
    groups.set(draft.path, [
      ...(groups.get(draft.path) ?? []),
      { constraints, attributes, pairs: pairsOf(draft, checks), tuples: plainestFirst(tuples, draft, attributes), bandTuples: bands },
    ])
  }
  return { pools, groups, failed }
}

type Answers = readonly [tuples: readonly Tuple[] | StatementError | undefined, bands: readonly Tuple[] | StatementError | undefined]

/** All that the answers depend on; undefined where a function of the database has a say. */
function keyOf(catalog: Catalog, draft: RelationDraft, attributes: readonly number[], checks: readonly DraftCheck[]): string | undefined {
  const own = draft.checks.filter((check) => check.attributes.length === 1 && attributes.includes(check.attributes[0] ?? -1))
  const all = [...checks, ...own]
  const generated = all.flatMap(columns)
  const sources = attributes.flatMap((position) => draft.attributes[position] ?? [])
  const expressions = all.map((check) => check.expression)
  const definitions = definitionKey(catalog, [...sources.map(({ source }) => source.type), ...expressions, ...expressionsOf(generated)])
  if (definitions === undefined) return undefined
  const shapes = sources.map(({ source, nullable, nullRefused, mined, context }) => [
    source.name,
    source.type,
    source.collation,
    nullable && nullRefused !== true,
    mined,
    context.jsonKeys,
    context.jsonCasts,
    context.oddTimes,
  ])
  return `group\u0000${JSON.stringify([draft.path, shapes, checks.length, expressions, generated])}\u0000${definitions}`
}

/** Attributes that checks of several attributes link, directly or through others. */
function linked(draft: RelationDraft): { attributes: number[]; checks: DraftCheck[] }[] {
  const linking = draft.checks.filter((check) => check.attributes.length > 1)
  const groups: { attributes: number[]; checks: DraftCheck[] }[] = []
  for (const check of linking) {
    const touching = groups.filter((group) => group.attributes.some((position) => check.attributes.includes(position)))
    const merged = {
      attributes: [...new Set([...touching.flatMap((group) => group.attributes), ...check.attributes])].sort((left, right) => left - right),
      checks: [...touching.flatMap((group) => group.checks), check],
    }
    for (const group of touching) groups.splice(groups.indexOf(group), 1)
    groups.push(merged)
  }
  return groups
}

function pairsOf(draft: RelationDraft, checks: readonly DraftCheck[]): (readonly [number, number])[] {
  const parents = (position: number) =>
    draft.references.filter((reference) => reference.attributes.includes(position)).map((reference) => reference.parent)
  return checks.flatMap((check) =>
    check.attributes.flatMap((left, at) =>
      check.attributes.slice(at + 1).flatMap((right) => {
        const [leftParents, rightParents] = [parents(left), parents(right)]
        if (leftParents.length + rightParents.length === 0 || draft.attributes[left]?.source.type !== draft.attributes[right]?.source.type)
          return []
        const own = leftParents.length === 0 || rightParents.length === 0
        const linked = own
          ? [...leftParents, ...rightParents].includes(draft.path)
          : leftParents.some((parent) => rightParents.includes(parent))
        return linked ? [[left, right] as const] : []
      }),
    ),
  )
}

/** Tuples of which no two share a value of an attribute with room. */
function apart(tuples: readonly Tuple[], roomy: readonly boolean[]): Tuple[] {
  const used = roomy.map(() => new Set<string>())
  const full = [...tuples].sort((left, right) => nullsIn(left) - nullsIn(right))
  return full.filter((tuple) => {
    const free = tuple.every((cell, at) => cell === null || roomy[at] !== true || used[at]?.has(cell) !== true)
    if (free) for (const [at, cell] of tuple.entries()) if (cell !== null) used[at]?.add(cell)
    return free
  })
}

const nullsIn = (tuple: Tuple) => tuple.filter((cell) => cell === null).length

/** Shrinking walks towards the front. */
function plainestFirst(tuples: readonly Tuple[], draft: RelationDraft, attributes: readonly number[]): Tuple[] {
  const weight = (tuple: Tuple) =>
    tuple.reduce(
      (sum, cell, at) => sum + (cell === null ? 0 : cell === draft.attributes[attributes[at] ?? -1]?.maker?.plain ? 1 : 2 + cell.length),
      0,
    )
  return [...tuples]
    .map((tuple) => ({ tuple, weight: weight(tuple) }))
    .sort((left, right) => left.weight - right.weight)
    .map(({ tuple }) => tuple)
}
