import type { Relation } from '../../catalog/index.ts'
import type { Measure } from '../../migration/index.ts'
import { quoteIdentifier, quoteLiteral } from '../../postgres/index.ts'
import type { AttributeSql, LineageSource, PlaceSql, RelationSql } from '../lineage-sql.ts'

/** One question to the database, asked after the migration and answered from what was saved before it. */
export interface Query {
  /** The question's subject, as the answers name it: `items.notes: every value arrived`. */
  readonly title: string
  readonly about: QuerySubject
  /** What the SQL does, as comment lines. */
  readonly comments: readonly string[]
  /** Statements that save what the answer needs, beside the rows of the relations. */
  readonly saves: readonly string[]
  /** A SELECT of four texts: the item, its value before, its value after, the difference. No row: all is well. */
  readonly finds: string
}

/** What a query looks for, and in which legacy table and column. */
export interface QuerySubject {
  readonly check:
    | 'presence'
    | 'row-lost'
    | 'cell-lost'
    | 'row-doubled'
    | 'cell-altered'
    | 'values-merged'
    | 'copy-sum'
    | 'total'
    | 'measure'
    | 'contents'
    | 'orphan'
  /** Path of a relation; of an orphan the migrated one that refers. */
  readonly relation?: string | undefined
  readonly attribute?: string | undefined
}

/** What all queries of one migration are made from. */
export interface QueryContext extends LineageSource {
  readonly relations: readonly RelationSql[]
  /** The quoted name of the table that saves a legacy relation's rows. */
  readonly savedTable: (relation: string) => string
  readonly contract: { readonly measures?: readonly Measure[] | undefined }
}

/** The schema in which before.sql saves. */
export const savedSchema = 'godwit_before'

/** Whether a partner of `b` is at this place; with a further condition over `b` and `m`. */
export function existsAt(place: PlaceSql, and?: string): string {
  return `EXISTS (SELECT FROM ${place.from} WHERE ${place.on}${and === undefined ? '' : ` AND ${and}`})`
}

/** `a AND b`, leaving out what is undefined; undefined for nothing at all. */
export function allOf(...conditions: readonly (string | undefined)[]): string | undefined {
  const given = conditions.filter((each) => each !== undefined)
  return given.length === 0 ? undefined : given.join(' AND ')
}

/** The value of an attribute in a saved row. */
export function savedCell({ attribute }: Pick<AttributeSql, 'attribute'>): string {
  return `b.${quoteIdentifier(attribute.name)}`
}

/** A name for each saved table, unlike the others and short enough for an identifier. */
export function savedNames(relations: readonly Relation[]): ReadonlyMap<Relation, string> {
  const taken = new Set<string>()
  return new Map(
    relations.map((relation, at) => {
      const plain = relation.schema === 'public' ? relation.name : `${relation.schema}.${relation.name}`
      const name = Buffer.byteLength(plain) > 50 || taken.has(plain) ? `rows ${at + 1}` : plain
      taken.add(name)
      return [relation, `${quoteIdentifier(savedSchema)}.${quoteIdentifier(name)}`]
    }),
  )
}

/** A text as the item of an answer. */
export function literal(text: string): string {
  return quoteLiteral(text).trim()
}
