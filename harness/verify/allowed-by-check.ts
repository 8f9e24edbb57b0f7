import type { Catalog } from '../catalog/index.ts'
import { type Exclusion, valuesOf } from '../data/index.ts'
import type { Subject } from '../lineage/index.ts'
import { quoteIdentifier, quoteLiteral, type Session, StatementError } from '../postgres/index.ts'
import type { Finding } from '../result/index.ts'

/** `check_violation`. */
export const violatesCheck = '23514'

/**
 * Of the values that rows have in an attribute, those that the check allows on which `up` fails (`violatesCheck`): the server itself says which.
 *
 * @param migrated  The schema after `up`, in which the check stands.
 * @returns Undefined where it is no check of one legacy attribute, where the server cannot tell, or where it allows none of the values.
 */
export async function allowedByCheck(
  { legacy, plan }: Subject,
  { object, relation }: Pick<Finding, 'object' | 'relation'>,
  migrated: Catalog | undefined,
  session: Session,
): Promise<Exclusion | undefined> {
  const check = migrated?.relations.get(relation ?? '')?.constraints.find(({ name }) => name === object)
  const [name, ...others] = check?.attributes ?? []
  if (relation === undefined || check?.expression === undefined || name === undefined || others.length > 0) return undefined
  const type = legacy.relations.get(relation)?.attributes.find((each) => each.name === name)?.type
  const planned = plan.relations.get(relation)?.attributes.find((each) => each.name === name)
  if (planned === undefined || type !== migrated?.relations.get(relation)?.attributes.find((each) => each.name === name)?.type)
    return undefined
  const values = [...new Set(valuesOf(planned.pools, planned.literals))]
  if (values.length === 0) return undefined
  const sql = `SELECT "godwit value" FROM unnest(ARRAY[${values.map((each) => quoteLiteral(each)).join(', ')}]::text[]) AS "godwit value",
    LATERAL (SELECT "godwit value"::${planned.type} AS ${quoteIdentifier(name)}) AS "godwit row" WHERE (${check.expression}) IS NOT FALSE`
  const [answer] = await session.script(sql).catch((error: unknown) => {
    if (error instanceof StatementError) return []
    throw error
  })
  const only = answer?.rows.flatMap(([value]) => value ?? []) ?? []
  return only.length === 0 || only.length === values.length ? undefined : { relation, attribute: name, rule: { only, check: check.name } }
}
