import { StatementError } from '../../postgres/index.ts'
import type { Unfilled } from '../dataset.ts'
import type { AttributeDraft } from './attribute-draft.ts'
import { allCandidates, candidatesFor, poolsOf } from './candidates.ts'
import { filterValues, type GeneratedColumn } from './filter.ts'
import type { Pools } from './model.ts'
import type { DraftCheck, RelationDraft } from './relation-draft.ts'
import type { Server } from './server.ts'

/** The pools of an attribute, with the constants that are feasible. */
export type FoundPools = Pools & { readonly literals: readonly string[] }

/** Let the server judge values under the checks of one attribute. What no value satisfies is added to `failed`. */
export async function judgeAttributes(
  server: Server,
  drafts: readonly RelationDraft[],
  failed: Unfilled[],
): Promise<Map<string, FoundPools[]>> {
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
          candidates:
            own.length === 0 ? { ...candidates, plausible: [], edges: [], extremes: [], bands: [], vector: [], near: [] } : candidates,
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
