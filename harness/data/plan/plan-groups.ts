import { StatementError } from '../../postgres/index.ts'
import { BandSource } from '../band/band-source.ts'
import type { Unfilled } from '../dataset.ts'
import { seedOf } from '../random.ts'
import type { AttributeDraft } from './attribute-draft.ts'
import { allCandidates, candidatesFor, poolsOf } from './candidates.ts'
import { filterTuples, filterValues, type GeneratedColumn, type TupleQuestion } from './filter.ts'
import type { GroupPlan, Pools, Tuple } from './model.ts'
import type { DraftCheck, RelationDraft } from './plan-generation.ts'
import type { Server } from './server.ts'

type FoundPools = Pools & { readonly literals: readonly string[] }

export interface Groups {
  /** By relation path, in the order of its attributes. */
  readonly pools: ReadonlyMap<string, readonly FoundPools[]>
  readonly groups: ReadonlyMap<string, readonly GroupPlan[]>
  readonly failed: readonly Unfilled[]
}

/** Let the server judge values under the checks of one attribute, then rows of values under the checks that link several: two round trips. */
export async function planGroups(server: Server, drafts: readonly RelationDraft[]): Promise<Groups> {
  const failed: Unfilled[] = []
  const pools = await judgeAttributes(server, drafts, failed)
  const asked = drafts.flatMap((draft) => linked(draft).map((group) => ({ draft, ...group })))
  const questions = asked.flatMap(({ draft, attributes, checks }) => [
    question(draft, attributes, checks, pools.get(draft.path) ?? [], 'run'),
    question(draft, attributes, checks, pools.get(draft.path) ?? [], 'band'),
  ])
  const answers = await askTamer(server, questions)
  const groups = new Map<string, GroupPlan[]>()
  for (const [at, { draft, attributes, checks }] of asked.entries()) {
    const [tuples, bandTuples] = [answers[at * 2], answers[at * 2 + 1]]
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

/**
 * Ask; where a check fails with an error on some candidates (overflow, division by zero), ask again with ever tamer ones: without the
 * greatest and least, then small numbers only.
 */
async function askTamer(server: Server, questions: readonly TupleQuestion[]): Promise<readonly (Tuple[] | StatementError)[]> {
  const answers: (Tuple[] | StatementError)[] = [...(await filterTuples(server, questions))]
  for (const most of [100_000_000, 10_000, 100]) {
    const failed = answers.flatMap((answer, at) => (answer instanceof StatementError ? [at] : []))
    if (failed.length === 0) break
    const again = await filterTuples(
      server,
      failed.flatMap((at) => {
        const question = questions[at]
        return question === undefined ? [] : [tamed(question, most)]
      }),
    )
    failed.forEach((at, index) => {
      const answer = again[index]
      if (answer !== undefined) answers[at] = answer
    })
  }
  return answers
}

function tamed(question: TupleQuestion, most: number): TupleQuestion {
  const tame = (cell: string | null) =>
    cell === null || !/^[-+]?[\d.]+(e[-+]?\d+)?$|^-?inf|^nan$/i.test(cell) || Math.abs(Number(cell)) <= most
  const small = Array.from({ length: 24 }, (_, at) => String(at + 1))
  return {
    ...question,
    attributes: question.attributes.map((attribute) => {
      const kept = attribute.candidates.filter(tame)
      const numbers = attribute.candidates.some((cell) => cell !== null && /^-?\d+(\.\d+)?$/.test(cell))
      return { ...attribute, candidates: kept.length < 6 && numbers ? [...new Set([...kept, ...small])] : kept }
    }),
  }
}

async function judgeAttributes(server: Server, drafts: readonly RelationDraft[], failed: Unfilled[]): Promise<Map<string, FoundPools[]>> {
  const work = drafts.flatMap((draft) =>
    draft.attributes.flatMap((attribute, position) => {
      const { maker, source } = attribute
      const own = draft.checks.filter((check) => check.attributes.length === 1 && check.attributes[0] === position)
      if (maker === undefined) return []
      // Without a check only constants that the harness cannot judge itself need the server.
      const doubtful = attribute.mined.some((text) => maker.accepts(text) === undefined)
      if (own.length === 0 && !doubtful) return []
      const candidates = candidatesFor(
        maker,
        attribute.context,
        own.map((check) => check.expression),
        attribute.mined,
        `${draft.path}.${source.name}`,
      )
      return [
        {
          draft,
          position,
          attribute,
          own,
          candidates: own.length === 0 ? { ...candidates, plausible: [], edges: [], extremes: [], bands: [], vector: [] } : candidates,
        },
      ]
    }),
  )
  const constant = drafts.flatMap((draft) =>
    draft.checks.filter((check) => check.attributes.length === 0).map((check) => ({ draft, check })),
  )
  const questions = [
    ...work.map(({ draft, attribute, own, candidates }) => ({
      name: attribute.source.name,
      type: attribute.source.type,
      candidates: allCandidates(candidates),
      checks: own.map((check) => check.expression),
      generated: own.flatMap((check) => columns(check)),
      draft,
    })),
    // NULL by itself, where a check might refuse it, and checks without any attribute (`CHECK (false)`).
    ...constant.map(({ check }) => ({
      name: 'value',
      type: 'pg_catalog.int4',
      candidates: ['0'],
      checks: [check.expression],
      generated: [],
    })),
  ]
  const answers = await filterValues(server, questions)
  const nulls = await server.askEach(
    work.filter(({ attribute, own }) => attribute.nullable && own.length > 0).map(({ attribute, own }) => nullQuery(attribute, own)),
  )
  let asked = 0
  const pools = new Map(drafts.map((draft) => [draft.path, draft.attributes.map((attribute) => freePools(attribute))]))
  for (const [at, { draft, position, attribute, own, candidates }] of work.entries()) {
    const answer = answers[at]
    const feasible = answer?.feasible ?? new Set<string>()
    const nullAnswer = attribute.nullable && own.length > 0 ? nulls[asked++] : undefined
    if (nullAnswer !== undefined && (nullAnswer instanceof StatementError || nullAnswer.rows.length === 0)) attribute.nullRefused = true
    const referencing = draft.relation.constraints.some(
      (constraint) => constraint.kind === 'foreign-key' && constraint.attributes.includes(attribute.source.name),
    )
    if (own.length === 0) {
      const list = pools.get(draft.path)
      const free = list?.[position]
      if (list !== undefined && free !== undefined)
        list[position] = { ...free, literals: attribute.mined.filter((text) => feasible.has(text)) }
      continue
    }
    const onlyNull = attribute.nullable && attribute.nullRefused !== true
    if (feasible.size === 0 && !onlyNull && !referencing) {
      failed.push({
        relation: draft.path,
        constraint: own.map((check) => check.name).join(', '),
        sqlstate: answer?.error?.sqlstate ?? '23514',
        because:
          answer?.error?.message ??
          `no candidate for "${attribute.source.name}" satisfies ${own.map((check) => check.expression).join(' AND ')}`,
      })
    }
    const list = pools.get(draft.path)
    if (list !== undefined) list[position] = poolsOf(candidates, feasible)
  }
  for (const [at, { draft, check }] of constant.entries()) {
    if ((answers[work.length + at]?.feasible.size ?? 0) > 0) continue
    failed.push({ relation: draft.path, constraint: check.name, sqlstate: '23514', because: `nothing satisfies ${check.expression}` })
  }
  return pools
}

function nullQuery(attribute: AttributeDraft, own: readonly DraftCheck[]): string {
  const name = `"${attribute.source.name.replaceAll('"', '""')}"`
  const generated = own
    .flatMap(columns)
    .map(
      (column, at) =>
        ` CROSS JOIN LATERAL (SELECT (${column.expression})::${column.type} AS "${column.name.replaceAll('"', '""')}") AS "godwit generated ${at}"`,
    )
  return `SELECT 1 FROM (SELECT NULL::${attribute.source.type} AS ${name}) AS "godwit null"${generated.join('')} WHERE ${own.map((check) => `(${check.expression}) IS NOT FALSE`).join(' AND ')}`
}

/** The pools of an attribute without checks of its own. */
function freePools(attribute: AttributeDraft): FoundPools {
  const { maker, mined } = attribute
  return {
    plausible: undefined,
    edges: maker?.edges ?? [],
    extremes: maker?.extremes ?? [],
    bands: undefined,
    vector: maker?.vector ?? [],
    literals: mined.filter((text) => maker?.accepts(text) === true),
  }
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

/** Whether bands fit: the type has room, and the attribute's own checks leave some. */
function hasRoom(attribute: AttributeDraft | undefined, pool: FoundPools | undefined): boolean {
  return attribute?.maker?.room === true && (pool?.bands === undefined || pool.bands.length >= 12)
}

/** So many candidates an attribute, by how many are combined. */
const widths = [0, 40, 40, 13, 9, 7]

function question(
  draft: RelationDraft,
  attributes: readonly number[],
  checks: readonly DraftCheck[],
  pools: readonly FoundPools[],
  use: 'run' | 'band',
): TupleQuestion {
  const constants = checks.map((check) => check.expression)
  // Checks of one attribute hold for its pools already, but not for the constants that linking checks add.
  const own = draft.checks.filter((check) => check.attributes.length === 1 && attributes.includes(check.attributes[0] ?? -1))
  return {
    attributes: attributes.map((position) => {
      const attribute = draft.attributes[position]
      const pool = pools[position]
      if (attribute?.maker === undefined || pool === undefined) throw new Error('a group without its attribute')
      const banded = use === 'band' && hasRoom(attribute, pool)
      const width = banded ? 80 : (widths[attributes.length] ?? 8)
      const nulls = attribute.nullable && attribute.nullRefused !== true ? [null] : []
      const found = candidatesFor(attribute.maker, attribute.context, constants, [], `${draft.path}.${attribute.source.name}`)
      const values = banded ? bandCandidates(attribute, pool, found) : runCandidates(pool, found)
      const distinct = [...new Set(values)].filter((text) => attribute.maker?.accepts(text) !== false).slice(0, width)
      return { name: attribute.source.name, type: attribute.source.type, candidates: [...nulls, ...distinct] }
    }),
    checks: [...checks, ...own].map((check) => check.expression),
    generated: uniqueColumns([...checks, ...own].flatMap(columns)),
    limit: use === 'band' ? 1200 : 200,
  }
}

/** Candidates that violate one check of a relation and satisfy its others. */
export function dirtyQuestion(
  draft: RelationDraft,
  name: string,
): { readonly attributes: readonly number[]; readonly question: TupleQuestion } | undefined {
  const check = draft.checks.find((each) => each.name === name)
  if (check === undefined || check.attributes.length === 0) return undefined
  const others = draft.checks.filter((each) => each !== check && each.attributes.every((position) => check.attributes.includes(position)))
  const free = draft.attributes.map(freePools)
  const asked = question(draft, check.attributes, [check], free, 'run')
  const violated = `(${check.expression}) IS FALSE`
  return {
    attributes: check.attributes,
    question: {
      ...asked,
      checks: [violated, ...others.map((each) => each.expression)],
      generated: uniqueColumns([check, ...others].flatMap(columns)),
      limit: 40,
    },
  }
}

function runCandidates(pool: FoundPools, found: ReturnType<typeof candidatesFor>): readonly string[] {
  const plausible = pool.plausible ?? found.plausible
  const lists = [pool.literals, found.literals, pool.vector, plausible, pool.edges, pool.extremes.slice(0, 2)]
  return interleave(lists)
}

function bandCandidates(attribute: AttributeDraft, pool: FoundPools, found: ReturnType<typeof candidatesFor>): readonly string[] {
  if (pool.bands !== undefined) return pool.bands
  const source = new BandSource(seedOf('group', attribute.source.name), 3)
  const usual = Array.from({ length: 64 }, () => attribute.maker?.band(source, attribute.context) ?? '')
  return interleave([usual, (found.bands[0] ?? []).slice(0, 16), interleave(found.bands.slice(1).map((shape) => shape.slice(0, 16)))])
}

/** One of each list in turn, so that a cut leaves something of all. */
function interleave(lists: readonly (readonly string[])[]): string[] {
  const longest = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length: longest }, (_, at) => lists.flatMap((list) => list[at] ?? [])).flat()
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

function columns(check: DraftCheck): GeneratedColumn[] {
  return check.generated.map((attribute) => ({ name: attribute.name, type: attribute.type, expression: attribute.default ?? 'NULL' }))
}

function uniqueColumns(all: readonly GeneratedColumn[]): GeneratedColumn[] {
  return [...new Map(all.map((column) => [column.name, column])).values()]
}
