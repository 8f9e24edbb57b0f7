import type { Catalog } from '../../catalog/index.ts'
import { StatementError } from '../../postgres/index.ts'
import type { Unfilled } from '../dataset.ts'
import type { AttributeDraft } from './attribute-draft.ts'
import { allCandidates, type Candidates, candidatesFor, poolsOf } from './candidates.ts'
import { definitionKey } from './definition-key.ts'
import { expressionsOf, filterValues, type GeneratedColumn } from './filter.ts'
import type { Pools } from './model.ts'
import { type DraftCheck, partitionBounds, type RelationDraft } from './relation-draft.ts'
import type { Server } from './server.ts'

/** The pools of an attribute, with the constants that are feasible. */
export type FoundPools = Pools & { readonly literals: readonly string[] }

/** What the server said of one attribute: the same as long as its type, its checks and the constants mined for it are. */
interface Judged {
  readonly pools: FoundPools
  readonly nullRefused: boolean
  readonly error: StatementError | undefined
  /** Whether some candidate satisfies the checks. */
  readonly possible: boolean
}

interface Work {
  readonly draft: RelationDraft
  readonly position: number
  readonly attribute: AttributeDraft
  /** The checks of this attribute alone. */
  readonly own: readonly DraftCheck[]
  readonly key: string | undefined
}

/** Let the server judge values under the checks of one attribute. What no value satisfies is added to `failed`. */
export async function judgeAttributes(
  server: Server,
  catalog: Catalog,
  drafts: readonly RelationDraft[],
  failed: Unfilled[],
): Promise<Map<string, FoundPools[]>> {
  const work = drafts.flatMap((draft) =>
    draft.attributes.flatMap((attribute, position): readonly Work[] => {
      const own = draft.checks.filter((check) => check.attributes.length === 1 && check.attributes[0] === position)
      if (attribute.maker === undefined) return []
      // Without a check only constants that the harness cannot judge itself need the server.
      const doubtful = attribute.mined.some((text) => attribute.maker?.accepts(text) === undefined)
      if (own.length === 0 && !doubtful) return []
      return [{ draft, position, attribute, own, key: keyOf(catalog, draft.path, attribute, own) }]
    }),
  )
  const open = work.filter(({ key }) => server.remembered(key) === undefined)
  const fresh = new Map((await judge(server, catalog, open)).map((judged, at) => [open[at], judged]))
  const pools = new Map(drafts.map((draft) => [draft.path, draft.attributes.map((attribute) => freePools(attribute))]))
  for (const each of work) {
    const { draft, position, attribute, own, key } = each
    const judged = fresh.get(each) ?? server.remembered<Judged>(key)
    if (judged === undefined) throw new Error('an attribute that nobody judged')
    server.remember(key, judged)
    attribute.nullRefused = judged.nullRefused
    const referencing = draft.relation.constraints.some(
      (constraint) => constraint.kind === 'foreign-key' && constraint.attributes.includes(attribute.source.name),
    )
    const onlyNull = attribute.nullable && !judged.nullRefused
    if (own.length > 0 && !judged.possible && !onlyNull && !referencing) {
      failed.push({
        relation: draft.path,
        constraint: own.map((check) => check.name).join(', '),
        sqlstate: judged.error?.sqlstate ?? '23514',
        because:
          judged.error?.message ??
          `no candidate for "${attribute.source.name}" satisfies ${own.map((check) => check.expression).join(' AND ')}`,
      })
    }
    const list = pools.get(draft.path)
    if (list !== undefined) list[position] = judged.pools
  }
  failed.push(...(await impossible(server, catalog, drafts)))
  return pools
}

async function judge(server: Server, catalog: Catalog, work: readonly Work[]): Promise<readonly Judged[]> {
  const named = await valuesOfCalls(
    server,
    work.flatMap(({ own }) => own.map((check) => check.expression)),
  )
  const candidates = work.map(({ draft, attribute, own }): Candidates => {
    const { maker, context, mined, source } = attribute
    if (maker === undefined) throw new Error('an attribute without a maker')
    const called = own.flatMap((check) => callsIn(check.expression).flatMap((call) => named.get(call) ?? []))
    const found = candidatesFor(
      maker,
      context,
      own.map((check) => check.expression),
      [...mined, ...called],
      `${draft.path}.${source.name}`,
    )
    return own.length > 0 ? found : { ...found, plausible: [], edges: [], extremes: [], bands: [], vector: [], near: [] }
  })
  const answers = await filterValues(
    server,
    catalog,
    work.map(({ attribute, own }, at) => ({
      name: attribute.source.name,
      type: attribute.source.type,
      candidates: allCandidates(candidates[at] ?? noCandidates),
      checks: own.map((check) => check.expression),
      generated: own.flatMap((check) => columns(check)),
    })),
  )
  const checked = work.filter(({ attribute, own }) => attribute.nullable && own.length > 0)
  const nulls = await server.askEach(checked.map(({ attribute, own }) => nullQuery(attribute, own)))
  const refused = new Set(
    checked.filter((_, at) => {
      const answer = nulls[at]
      return answer === undefined || answer instanceof StatementError || answer.rows.length === 0
    }),
  )
  return work.map((each, at) => {
    const feasible = answers[at]?.feasible ?? new Set<string>()
    const free = freePools(each.attribute)
    return {
      pools:
        each.own.length === 0
          ? { ...free, literals: each.attribute.mined.filter((text) => feasible.has(text)) }
          : poolsOf(candidates[at] ?? noCandidates, feasible),
      nullRefused: refused.has(each),
      error: answers[at]?.error,
      possible: feasible.size > 0,
    }
  })
}

/** Calls without arguments, of functions in a schema: `public.role_owner()`, as constants have names. */
function callsIn(expression: string): readonly string[] {
  return [...expression.matchAll(/(?<![\w."$])(?:\w+|"(?:[^"]|"")+")\.(?:\w+|"(?:[^"]|"")+")\(\)/g)].map(([call]) => call)
}

/** What the calls without arguments in checks give, each as a text. */
async function valuesOfCalls(server: Server, expressions: readonly string[]): Promise<ReadonlyMap<string, string>> {
  const calls = [...new Set(expressions.flatMap(callsIn))]
  const answers = await server.askEach(calls.map((call) => `SELECT (${call})::pg_catalog.text`))
  return new Map(
    calls.flatMap((call, at) => {
      const answer = answers[at]
      const value = answer === undefined || answer instanceof StatementError ? undefined : answer.rows[0]?.[0]
      return value === undefined || value === null ? [] : [[call, value] as const]
    }),
  )
}

const noCandidates: Candidates = { plausible: [], edges: [], extremes: [], literals: [], bands: [], vector: [], near: [] }

/** All that the answer depends on; undefined where a function of the database has a say. */
function keyOf(catalog: Catalog, path: string, attribute: AttributeDraft, own: readonly DraftCheck[]): string | undefined {
  const { source, mined, rare, context, nullable } = attribute
  const generated = own.flatMap(columns)
  const definitions = definitionKey(catalog, [source.type, ...own.map((check) => check.expression), ...expressionsOf(generated)])
  if (definitions === undefined) return undefined
  const checks = own.map((check) => check.expression)
  const shape = [
    path,
    source.name,
    source.type,
    source.collation,
    nullable,
    checks,
    generated,
    mined,
    rare,
    context.jsonKeys,
    context.jsonCasts,
    context.oddTimes,
  ]
  return `attribute\u0000${JSON.stringify(shape)}\u0000${definitions}`
}

/** Relations with a check of no attribute that nothing satisfies (`CHECK (false)`). */
async function impossible(server: Server, catalog: Catalog, drafts: readonly RelationDraft[]): Promise<readonly Unfilled[]> {
  const constant = drafts.flatMap((draft) =>
    draft.checks.filter((check) => check.attributes.length === 0).map((check) => ({ draft, check })),
  )
  const answers = await filterValues(
    server,
    catalog,
    constant.map(({ check }) => ({
      name: 'value',
      type: 'pg_catalog.int4',
      candidates: ['0'],
      checks: [check.expression],
      generated: [],
    })),
  )
  return constant.flatMap(({ draft, check }, at) =>
    (answers[at]?.feasible.size ?? 0) > 0
      ? []
      : [{ relation: draft.path, constraint: check.name, sqlstate: '23514', because: whyNone(check) }],
  )
}

function whyNone({ name, expression }: DraftCheck): string {
  return name === partitionBounds && expression === 'false'
    ? 'it is partitioned and has no partition in which a row could be stored'
    : `nothing satisfies ${expression}`
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
export function freePools(attribute: AttributeDraft): FoundPools {
  const { maker, mined } = attribute
  return {
    plausible: undefined,
    edges: maker?.edges ?? [],
    extremes: maker?.extremes ?? [],
    bands: undefined,
    vector: maker?.vector ?? [],
    checked: false,
    literals: mined.filter((text) => maker?.accepts(text) === true),
  }
}

/** The generated attributes that a check reads, to be computed along. */
export function columns(check: DraftCheck): GeneratedColumn[] {
  return check.generated.map((attribute) => ({ name: attribute.name, type: attribute.type, expression: attribute.default ?? 'NULL' }))
}
