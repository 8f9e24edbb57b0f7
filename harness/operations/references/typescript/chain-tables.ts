import type { Chain, Link } from './chain.ts'
import type { Libraries } from './libraries.ts'

/** That a call takes the name of a table as its first parameter. */
export interface TakesTable {
  readonly kind: string
  /** Whether a schema may be written before the name. */
  readonly takesSchema: boolean
  /** Whether columns may be named by it in the same chain. */
  readonly ranges: boolean
  readonly because?: string
}

const kyselyStarts = /^(selectFrom|insertInto|replaceInto|updateTable|deleteFrom|mergeInto)$/
const joins = /^(inner|left|right|full|cross|leftOuter|rightOuter|fullOuter)Join$/
const knexWords =
  /^(select|first|pluck|where\w*|andWhere\w*|orWhere\w*|insert|update|upsert|del|delete|increment|decrement|count|countDistinct|sum|min|max|avg|join|\w+Join|joinRaw|orderBy|groupBy|having|limit|offset|returning|onConflict|truncate|columnInfo|distinct|with|from|into|as|modify|transacting|forUpdate|clone)$/
const knexRoots = /^(knex|db|trx|tx|transaction|database|conn|connection|qb|queryBuilder|pg|client)$/i
const schemaWords =
  /^(createTable|createTableIfNotExists|alterTable|dropTable|dropTableIfExists|hasTable|hasColumn|renameTable|table|createTableLike)$/
const supabaseWords = /^(select|insert|update|upsert|delete)$/
const noClient = /^(Array|Object|Buffer|\w*Array|Readable|Observable|Iterator|Map|Set|storage|bucket\w*|Temporal\w*)$/

/** What query builder takes a table in a call of a chain; undefined for any other call, `none` for one that surely takes something else. */
export function takesTable(chain: Chain, at: number, libraries: Libraries): TakesTable | 'none' | undefined {
  const { links, rootName } = chain
  const link = links[at]
  if (link === undefined || link.parameters.length === 0) return undefined
  if (kyselyStarts.test(link.name)) {
    const because = libraries.kysely ? {} : { because: 'no package of the project is Kysely' }
    return { kind: 'Kysely', takesSchema: true, ranges: true, ...because }
  }
  const builder = libraries.kysely && (!libraries.knex || isKysely(chain)) ? 'Kysely' : libraries.knex ? 'Knex' : undefined
  const plain = builder === undefined ? undefined : { kind: builder, takesSchema: true, ranges: true }
  if (joins.test(link.name)) return plain
  if (link.through.includes('schema') && schemaWords.test(link.name)) return plain && { ...plain, ranges: false }
  switch (link.name) {
    case '':
      return libraries.knex ? calledKnex(chain) : undefined
    case 'join':
    case 'using':
      return link.parameters.length > 1 || link.name === 'using' ? plain : undefined
    case 'into':
    case 'inTable':
    case 'table':
      return libraries.knex && (isKnex(chain) || link.name === 'inTable') ? plain : undefined
    case 'on':
      return plain !== undefined && links[at - 1]?.name === 'createIndex' ? { ...plain, ranges: false } : undefined
    case 'from':
      return noClient.test(rootName) || link.through.includes('storage')
        ? 'none'
        : (fromSupabase(chain, at, libraries) ?? fromBuilder(chain, plain))
    default:
      return undefined
  }
}

function fromSupabase({ links, rootName }: Chain, at: number, { supabase }: Libraries): TakesTable | undefined {
  if (!supabase || links[at]?.parameters.length !== 1) return undefined
  const next = links[at + 1]
  const sure = next === undefined ? /supabase/i.test(rootName) : supabaseWords.test(next.name) && next.through.length === 0
  return sure ? { kind: 'Supabase', takesSchema: false, ranges: false } : undefined
}

function fromBuilder(chain: Chain, plain: TakesTable | undefined): TakesTable | undefined {
  if (plain?.kind === 'Kysely') return isKysely(chain) ? plain : undefined
  return isKnex(chain) ? plain : undefined
}

function calledKnex(chain: Chain): TakesTable | undefined {
  const next = chain.links[1]
  if (!knexRoots.test(chain.rootName) || (next !== undefined && !knexWords.test(next.name))) return undefined
  return { kind: 'Knex', takesSchema: true, ranges: true }
}

function isKysely({ links }: Chain): boolean {
  return links.some(({ name }) => kyselyStarts.test(name))
}

function isKnex({ links, rootName }: Chain): boolean {
  return knexRoots.test(rootName) && links.some(({ name }: Link) => knexWords.test(name))
}

/** Calls that say the schema of a chain's tables. */
export function saysSchema(link: Link, { kysely, knex, supabase }: Libraries): boolean {
  return (link.name === 'withSchema' && (kysely || knex)) || (link.name === 'schema' && supabase)
}

/** Calls whose first parameter is a query's own name, which hides a table. */
export function namesQuery({ name }: Link): boolean {
  return /^with(Recursive|Materialized|NotMaterialized)?$/.test(name)
}

/** Calls that take the name of a table in sight. */
export function takesRange({ name }: Link): boolean {
  return /^(selectAll|returningAll|forUpdate|forShare)$/.test(name)
}
