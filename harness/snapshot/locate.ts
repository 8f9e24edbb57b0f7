import { type Attribute, type Catalog, type Relation, scriptPinned } from '../catalog/index.ts'
import { quoteIdentifier, quoteLiteral, type Session } from '../postgres/index.ts'
import { cellHash, inOrderOfName, rowHash } from './cell-hash.ts'
import type { RowDifference } from './model.ts'
import { ownRows, relationAt } from './read-rows.ts'

/** One state of a relation; both states may be in one session, or in two. */
export interface LocatedRelation {
  readonly session: Session
  readonly catalog: Catalog
  /** Path in the catalog. */
  readonly relation: string
}

export interface LocateOptions {
  /** How many differences to name at most; default 100. */
  readonly limit?: number
}

type Cells = readonly (string | null)[]

/**
 * Find the rows and cells in which two states of a relation differ, while the server does the comparing: sums of row hashes by buckets of
 * the key's hash first, then the rows of differing buckets, then the cells of differing rows. No table comes to Node.
 *
 * Attributes that both sides have are compared, by name and text. Rows are paired by primary key, else by a unique key without NULLs, else
 * they are a multiset and a difference is a whole row.
 *
 * @returns In order of key; at most `limit`.
 */
export async function locateDifferences(
  before: LocatedRelation,
  after: LocatedRelation,
  options: LocateOptions = {},
): Promise<readonly RowDifference[]> {
  const limit = options.limit ?? 100
  const [old, now] = sidesOf(before, after)
  const [oldRows, nowRows] = await both(old, now, (side) => countStatement(side))
  const count = Math.max(Number(oldRows[0]?.[0] ?? 0), Number(nowRows[0]?.[0] ?? 0))
  const mask = bucketsFor(count) - 1

  const [oldSums, nowSums] = await both(
    old,
    now,
    (side) => `SELECT ${side.bucket} & ${mask}, count(*), sum(${side.row}) FROM ${side.from} AS t GROUP BY 1`,
  )
  const buckets = differing(byFirst(oldSums), byFirst(nowSums)).slice(0, limit)
  if (buckets.length === 0) return []
  const inBuckets = (side: Side) => `(${side.bucket} & ${mask}) IN (${buckets.join(', ')})`
  return old.key.length > 0 ? byKey(old, now, inBuckets, limit) : asMultiset(old, now, inBuckets, limit)
}

/** About 64 rows a bucket, so that the rows of a hundred differing ones are few; the sums of all come to Node. */
function bucketsFor(rows: number): number {
  const wanted = 2 ** Math.ceil(Math.log2(Math.max(1, rows / 64)))
  return Math.min(65_536, Math.max(1024, wanted))
}

interface Side {
  readonly session: Session
  readonly catalog: Catalog
  readonly relation: Relation
  readonly from: string
  /** Common attributes, in order of name. */
  readonly attributes: readonly Attribute[]
  readonly key: readonly Attribute[]
  /** SQL of the key's hash (the row's where there is no key), and of the row's. */
  readonly bucket: string
  readonly row: string
}

function sidesOf(before: LocatedRelation, after: LocatedRelation): readonly [Side, Side] {
  const [old, now] = [relationAt(before.catalog, before.relation), relationAt(after.catalog, after.relation)]
  const types = new Map(now.attributes.map((attribute) => [attribute.name, attribute.type]))
  const names = new Set(old.attributes.map(({ name }) => name).filter((name) => types.has(name)))
  const sameType = new Set(old.attributes.filter(({ name, type }) => types.get(name) === type).map(({ name }) => name))
  const keys = [keysOf(old), keysOf(now)] as const
  const key =
    keys[0].find((candidate) => keys[1].some((other) => sameSet(candidate, other)) && candidate.every((name) => names.has(name))) ?? []

  const side = ({ session, catalog }: LocatedRelation, relation: Relation): Side => {
    const attributes = inOrderOfName(relation.attributes.filter(({ name }) => names.has(name)))
    const keyAttributes = attributes.filter(({ name }) => key.includes(name))
    const byText = (attribute: Attribute) => !sameType.has(attribute.name)
    const row = rowHash(catalog, attributes, byText)
    const [only, ...more] = keyAttributes
    const bucket =
      only === undefined ? row : more.length === 0 ? cellHash(catalog, only, 0, byText(only)) : rowHash(catalog, keyAttributes, byText)
    return { session, catalog, relation, from: ownRows(relation), attributes, key: keyAttributes, bucket, row }
  }
  return [side(before, old), side(after, now)]
}

/** The primary key, then each unique index over whole attributes without NULLs. */
function keysOf(relation: Relation): readonly (readonly string[])[] {
  const notNull = new Set(relation.attributes.filter((attribute) => attribute.notNull).map(({ name }) => name))
  return relation.indexes
    .filter((index) => index.unique && index.valid && index.predicate === undefined && !index.exclusion)
    .sort((a, b) => Number(b.primary) - Number(a.primary))
    .map((index) => index.attributes)
    .filter((names): names is readonly string[] => names.every((name) => name !== undefined && notNull.has(name)))
}

function sameSet(one: readonly (string | undefined)[], other: readonly (string | undefined)[]): boolean {
  return one.length === other.length && one.every((item) => other.includes(item))
}

/** Run a statement on both sides: in one message where they share a session, else at the same time. */
async function both(old: Side, now: Side, statement: (side: Side) => string): Promise<readonly [readonly Cells[], readonly Cells[]]> {
  if (old.session === now.session) {
    const [first, second] = await scriptPinned(old.session, [statement(old), statement(now)])
    return [first?.rows ?? [], second?.rows ?? []]
  }
  const [first, second] = await Promise.all([old, now].map((side) => scriptPinned(side.session, [statement(side)])))
  return [first?.[0]?.rows ?? [], second?.[0]?.rows ?? []]
}

/** The planner's estimate chooses the number of buckets well enough, and costs nothing. */
const countStatement = (side: Side): string =>
  `SELECT greatest(reltuples, pg_relation_size(oid) / 128)::int8 FROM pg_class WHERE oid = ${side.relation.oid}`

const byFirst = (rows: readonly Cells[]): ReadonlyMap<string, string> =>
  new Map(rows.map(([first, ...rest]) => [first ?? '', rest.join(' ')]))

/** Keys with other values on the two sides, or with none on one. */
function differing(old: ReadonlyMap<string, string>, now: ReadonlyMap<string, string>): readonly string[] {
  return [...new Set([...old.keys(), ...now.keys()])].filter((key) => old.get(key) !== now.get(key)).sort()
}

async function byKey(old: Side, now: Side, where: (side: Side) => string, limit: number): Promise<readonly RowDifference[]> {
  const keysAndHashes = (side: Side) => `SELECT ${side.row}, ${cellsOf(side.key)} FROM ${side.from} AS t WHERE ${where(side)}`
  const [oldHashes, nowHashes] = (await both(old, now, keysAndHashes)).map(
    (rows) => new Map(rows.map(([hash, ...key]) => [JSON.stringify(key), hash ?? ''])),
  ) as [Map<string, string>, Map<string, string>]
  const keys = differing(oldHashes, nowHashes).slice(0, limit)
  if (keys.length === 0) return []

  const wanted = (side: Side) => {
    const tuples = keys.map((text) =>
      (JSON.parse(text) as string[]).map((cell, at) => `${quoteLiteral(cell)}::${side.key[at]?.type ?? 'text'}`),
    )
    const tuple = side.key.map((attribute) => `t.${quoteIdentifier(attribute.name)}`)
    const list = side.key.length === 1 ? tuples.flat().join(', ') : tuples.map((cells) => `(${cells.join(', ')})`).join(', ')
    const left = side.key.length === 1 ? tuple.join('') : `(${tuple.join(', ')})`
    return `SELECT ${cellsOf(side.attributes)} FROM ${side.from} AS t WHERE ${left} IN (${list})`
  }
  const [oldCells, nowCells] = await both(old, now, wanted)
  const place = old.attributes.flatMap((attribute, at) => (old.key.includes(attribute) ? [at] : []))
  const rowsByKey = (rows: readonly Cells[]) => new Map(rows.map((row) => [JSON.stringify(place.map((at) => row[at] ?? null)), row]))
  const [oldByKey, nowByKey] = [rowsByKey(oldCells), rowsByKey(nowCells)]
  return keys.flatMap((text): RowDifference[] => {
    const [before, after] = [oldByKey.get(text), nowByKey.get(text)]
    const cells = JSON.parse(text) as (string | null)[]
    const key = Object.fromEntries(old.key.map((attribute, at) => [attribute.name, cells[at] ?? null]))
    if (!before || !after) return before || after ? [{ change: before ? 'missing' : 'added', key, cells: [] }] : []
    const changed = old.attributes
      .map((attribute, at) => ({ attribute: attribute.name, before: before[at] ?? null, after: after[at] ?? null }))
      .filter((cell) => cell.before !== cell.after)
    return [{ change: 'changed', key, cells: changed }]
  })
}

async function asMultiset(old: Side, now: Side, where: (side: Side) => string, limit: number): Promise<readonly RowDifference[]> {
  const counts = (side: Side) => `SELECT ${side.row}, count(*) FROM ${side.from} AS t WHERE ${where(side)} GROUP BY 1`
  const [oldCounts, nowCounts] = (await both(old, now, counts)).map(byFirst) as [ReadonlyMap<string, string>, ReadonlyMap<string, string>]
  const hashes = differing(oldCounts, nowCounts).slice(0, limit)
  if (hashes.length === 0) return []

  // json and its like have no equality: the hash stands for the row.
  const examples = (side: Side) =>
    `SELECT DISTINCT ON (1) ${[side.row, ...side.attributes.map(nameOf)].join(', ')} FROM ${side.from} AS t WHERE ${side.row} IN (${hashes.join(', ')})`
  const rows = (await both(old, now, examples)).flat()
  const cellsByHash = new Map(rows.map(([hash, ...cells]) => [hash ?? '', cells]))
  const differences = hashes.flatMap((hash) => {
    const surplus = Number(oldCounts.get(hash) ?? 0) - Number(nowCounts.get(hash) ?? 0)
    const cells = cellsByHash.get(hash) ?? []
    const key = Object.fromEntries(old.attributes.map((attribute, at) => [attribute.name, cells[at] ?? null]))
    const difference: RowDifference = { change: surplus > 0 ? 'missing' : 'added', key, cells: [] }
    return Array.from({ length: Math.min(limit, Math.abs(surplus)) }, () => difference)
  })
  return differences.slice(0, limit)
}

const nameOf = (attribute: Attribute): string => `t.${quoteIdentifier(attribute.name)}`
const cellsOf = (attributes: readonly Attribute[]): string => attributes.map(nameOf).join(', ')
