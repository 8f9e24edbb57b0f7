import { type Destination, isReversible, type Knowledge, keyAttributes } from '../../lineage/index.ts'
import { pathOf, quoteIdentifier, quoteLiteral, quoteName, type RelationName, type Session } from '../../postgres/index.ts'
import type { State } from '../../run/index.ts'
import { type Identity, nobody } from './identities.ts'
import { type AccessObservation, type AccessState, everybody, type ValuesRead } from './model.ts'
import { successorsOf } from './successors.ts'
import { tryAll } from './try-all.ts'

/** A legacy attribute whose values another relation has after `up`. */
export interface Copied {
  /** Path of the legacy relation. */
  readonly relation: string
  readonly attribute: string
  /** Path of the relation that has the values. */
  readonly through: string
  readonly column: Destination['columns'][number]
}

const mostCopied = 40

/**
 * Attributes that lineage knows to be in another relation than the one that took the place of theirs. Keys and references are left out: a
 * table that refers to another has its keys.
 */
export function copiedAttributes(run: AccessObservation['run'], knowledge: Knowledge): readonly Copied[] {
  const migrated = run.migrated?.catalog
  const known = new Set([...run.legacy.catalog.relations.values()].map((each) => each.oid))
  return [...(knowledge.lineage?.relations ?? [])]
    .flatMap(([path, { attributes }]) => {
      const legacy = run.legacy.catalog.relations.get(path)
      const places = new Set(successorsOf(run, knowledge, path).map((each) => each.path))
      const keys = new Set([
        ...((legacy === undefined ? undefined : keyAttributes(legacy)) ?? []),
        ...(legacy?.constraints ?? []).flatMap((each) => (each.kind === 'foreign-key' ? each.attributes : [])),
      ])
      return [...attributes.values()].flatMap(({ attribute, destinations }) =>
        destinations.flatMap(({ relation, columns: [column, ...others], transform, own }): readonly Copied[] => {
          const made = migrated?.relations.get(relation)
          const isCopy = made !== undefined && !known.has(made.oid) && !places.has(relation)
          if (own || !isCopy || keys.has(attribute) || column === undefined || column.via !== undefined || others.length > 0) return []
          return isReversible(transform) ? [{ relation: path, attribute, through: relation, column }] : []
        }),
      )
    })
    .slice(0, mostCopied)
}

/** Where values of a copied attribute are read. */
export interface Source extends Copied {
  readonly from: RelationName
  readonly expression: string
}

/** The attribute itself, before `up`. */
export function legacySource(copied: Copied, run: AccessObservation['run']): Source | undefined {
  const from = run.legacy.catalog.relations.get(copied.relation)
  return from === undefined ? undefined : { ...copied, from, expression: `t.${quoteIdentifier(copied.attribute)}::pg_catalog.text` }
}

/** The column, or the leaf of a document, that has its values after `up`. */
export function copySource(copied: Copied, run: AccessObservation['run']): Source | undefined {
  const from = run.migrated?.catalog.relations.get(copied.through)
  if (from === undefined) return undefined
  const { attribute, json } = copied.column
  const cell = `t.${quoteIdentifier(attribute)}`
  const path = `ARRAY[${json.map((each) => quoteLiteral(each)).join(', ')}]::pg_catalog.text[]`
  return { ...copied, from, expression: json.length === 0 ? `${cell}::pg_catalog.text` : `(${cell}::pg_catalog.jsonb #>> ${path})` }
}

/** What each role, being each person, reads of some attributes: really tried, and undone. */
export async function readValues(
  session: Session,
  sources: readonly Source[],
  { access, roles, stranger }: { readonly access: AccessState; readonly roles: readonly string[]; readonly stranger: string },
  identities: ReadonlyMap<string, readonly Identity[]>,
): Promise<readonly ValuesRead[]> {
  const planned = sources.flatMap((source) =>
    [...roles, everybody].flatMap((role) => {
      if (role === access.relations.get(pathOf(source.from))?.owner) return []
      return (identities.get(source.relation) ?? [nobody]).map((identity) => ({ source, role, identity }))
    }),
  )
  const answers = await tryAll(
    session,
    planned.map(({ source, role, identity }) => ({
      role: role === everybody ? stranger : role,
      settings: identity.settings,
      sql: `SELECT coalesce(pg_catalog.json_agg(DISTINCT ${source.expression}), '[]') FROM ${quoteName(source.from)} AS t WHERE ${source.expression} IS NOT NULL`,
      answers: true,
    })),
  )
  return planned.map(({ source: { relation, attribute, through, expression, from }, role, identity }, at) => {
    const answer = answers[at]
    const values = answer !== undefined && 'answer' in answer && Array.isArray(answer.answer) ? answer.answer.map(String) : []
    const sql = `SELECT DISTINCT ${expression.replaceAll('pg_catalog.', '')} FROM ${quoteName(from)} AS t`
    const shown = { sql, as: { role: role === everybody ? undefined : role, settings: identity.settings } }
    return { relation, attribute, through, role, identity: identity.label, values, shown }
  })
}

/** All values of the copied attributes before `up`, whoever reads them. */
export function legacyValues(state: State, { relation, attribute }: Pick<Copied, 'relation' | 'attribute'>): ReadonlySet<string> {
  const table = state.rows.get(relation)
  const at = table?.attributes.indexOf(attribute) ?? -1
  return new Set(at < 0 ? [] : (table?.rows.flatMap((row) => row[at] ?? []) ?? []))
}
