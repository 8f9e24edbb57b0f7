import { firstUserOid } from '../catalog-queries.ts'

/**
 * One query of `readObjects`. Its columns with these names say what the object is; every other one is a property, an array a set.
 *
 * `kind`, `class` (OID of its catalog), `oid`, `sub` (attribute number): what comments, labels and extensions refer to. `schema` (OID)
 * or `relation` (OID) with `name` and `suffix` make the path. `attribute`: its name. `owned` (relation OID, attribute number): by whom.
 * `owner`, `acl` (as text[]).
 */
export type ObjectQuery = string

/** The columns that identify an object of a catalog, `alias` being its row. */
export const identity = (catalog: string, alias: string): string => `'${catalog}'::regclass::oid::int8 AS class, ${alias}.oid::int8 AS oid`

/** The columns of its owner and privileges; `type` as `acldefault` wants it. */
export const rights = (alias: string, prefix: string, type: string): string =>
  `pg_get_userbyid(${alias}.${prefix}owner) AS owner, coalesce(${alias}.${prefix}acl, acldefault('${type}', ${alias}.${prefix}owner))::text[] AS acl`

export const userMade = (alias: string): string => `${alias}.oid >= ${firstUserOid}`

/** The name that `regproc` and its like write, or NULL for none. */
export const named = (expression: string, type = 'regproc'): string => `nullif(${expression}, 0)::${type}::text`

/** A letter of a catalog spelled out. */
export const spelled = (expression: string, words: Readonly<Record<string, string>>): string =>
  `CASE ${expression} ${Object.entries(words)
    .map(([letter, word]) => `WHEN '${letter}' THEN '${word}'`)
    .join(' ')} ELSE ${expression}::text END`
