import type { Catalog, Relation } from '../../catalog/index.ts'
import { pathOf, quoteIdentifier, quoteLiteral, quoteName, type Session, StatementError } from '../../postgres/index.ts'
import type { RowProfile } from './row-profile.ts'
import { variedRows, waysOfVarying } from './vary-rows.ts'

/** How far relations could be filled. */
export interface Multiplied {
  readonly rows: ReadonlyMap<string, number>
  /** By relation, which way of varying its keys the server took. */
  readonly ways: ReadonlyMap<string, number>
  readonly notFilled: readonly string[]
  /** What of the profile could not be used, in sentences; empty where there is none. */
  readonly notProfiled: readonly string[]
}

/**
 * Fill relations that have some legal rows with copies of them, on the server: the values of unique keys are varied, everything else is kept.
 * With a profile of real rows, the other values are as wide and as frequent as those, where the table takes that.
 * Triggers fire; where one refuses, the copies are made with triggers and foreign keys off, and that is said.
 *
 * @param session  A superuser's, outside any transaction.
 * @param paths  Parents first.
 * @param filling  Rows in each; whether the values of other indexes are varied too, where the server takes that, so that an index finds few rows;
 * and what is known of real rows.
 */
export async function multiplyRows(
  session: Session,
  catalog: Catalog,
  paths: readonly string[],
  { wanted, spread = false, profile }: Filling,
): Promise<Multiplied> {
  const rows = new Map<string, number>()
  const ways = new Map<string, number>()
  const notFilled: string[] = []
  const notProfiled: string[] = []
  for (const path of paths) {
    const relation = catalog.relations.get(path)
    if (relation === undefined) continue
    const base = await countOf(session, relation)
    if (base === 0 || base >= wanted) {
      rows.set(path, base)
      if (base === 0) notFilled.push(`${path} has no row to copy`)
      continue
    }
    const profiling = profile && (await copy(session, catalog, relation, { base, wanted, spread, profile: profile[path] ?? {} }))
    if (profiling !== undefined) notProfiled.push(...withoutProfile(path, profile?.[path], profiling))
    const copied = await firstCopied([
      async () => profiling,
      async () => (spread ? await copy(session, catalog, relation, { base, wanted, spread }) : undefined),
      () => copy(session, catalog, relation, { base, wanted }),
    ])
    if (typeof copied !== 'object') notFilled.push(`${path} has ${base} rows only: ${copied ?? ''}`)
    else {
      ways.set(path, copied.way)
      if (copied.bypassed) notFilled.push(`${path} was filled with its triggers off`)
    }
    await setSequences(session, catalog, path)
    await session.query(`ANALYZE ${quoteName(relation)}`)
    rows.set(path, await countOf(session, relation))
  }
  return { rows, ways, notFilled, notProfiled }
}

/** How relations are filled. */
export interface Filling {
  readonly wanted: number
  readonly spread?: boolean | undefined
  readonly profile?: RowProfile | undefined
}

interface Copied {
  readonly way: number
  readonly bypassed: boolean
  /** Attributes that have values of generated rows. */
  readonly notProfiled: readonly string[]
}

/** The first attempt that works; else what the last one was refused for. */
async function firstCopied(attempts: readonly (() => Promise<Copied | string | undefined>)[]): Promise<Copied | string | undefined> {
  let refusal: string | undefined
  for (const attempt of attempts) {
    const copied = await attempt()
    if (typeof copied === 'object') return copied
    refusal = copied ?? refusal
  }
  return refusal
}

function withoutProfile(path: string, columns: RowProfile[string] | undefined, copied: Copied | string): readonly string[] {
  if (columns === undefined) return [`${path} has generated values: the database of the profile has no statistics of it`]
  if (typeof copied === 'string') return [`${path} has generated values: those of the profile are refused: ${copied}`]
  return copied.notProfiled.length === 0 ? [] : [`${path} has generated values in ${copied.notProfiled.join(', ')}`]
}

interface Copying {
  /** Rows that are there. */
  readonly base: number
  readonly wanted: number
  readonly spread?: boolean | undefined
  /** Of the columns of real rows. */
  readonly profile?: RowProfile[string] | undefined
}

async function copy(session: Session, catalog: Catalog, relation: Relation, copying: Copying): Promise<Copied | string> {
  const { base, wanted } = copying
  let refusal = 'its unique keys cannot be varied'
  for (const role of ['origin', 'replica']) {
    for (let way = 0; way < waysOfVarying; way += 1) {
      const made = copySql(catalog, relation, copying, way)
      if (made === undefined) return refusal
      try {
        const results = await session.script(`BEGIN; SET LOCAL session_replication_role = ${role}; ${made.sql}`)
        const enough = (results[2]?.rowCount ?? 0) >= (wanted - base) / 2
        await session.script(enough ? 'COMMIT' : 'ROLLBACK')
        if (enough) return { way, bypassed: role === 'replica', notProfiled: made.notProfiled }
        refusal = 'copies of its rows conflict'
      } catch (error) {
        if (!(error instanceof StatementError)) throw error
        await session.script('ROLLBACK')
        refusal = `${error.message} (${error.sqlstate})`
      }
    }
  }
  return refusal
}

function copySql(
  catalog: Catalog,
  relation: Relation,
  { base, wanted, spread, profile }: Copying,
  way: number,
): { readonly sql: string; readonly notProfiled: readonly string[] } | undefined {
  const number = `((n.copy - 1) * ${base} + t."godwit row")`
  const varied = variedRows(catalog, relation, number, { way, spread, profile: profile && { columns: profile, rows: wanted } })
  if (varied === undefined) return undefined
  const columns = varied.attributes.map((each) => quoteIdentifier(each.name)).join(', ')
  const overriding = varied.attributes.some((each) => each.identity !== undefined) ? ' OVERRIDING SYSTEM VALUE' : ''
  const times = Math.ceil((wanted - base) / base)
  const sql = `INSERT INTO ${quoteName(relation)} (${columns})${overriding}
    SELECT ${varied.expressions.join(', ')}
    FROM (SELECT *, row_number() OVER () AS "godwit row" FROM ${quoteName(relation)}) AS t
      CROSS JOIN generate_series(1, ${times}) AS n(copy) ${varied.joins}
    WHERE ${number} <= ${wanted - base} ON CONFLICT DO NOTHING`
  return { sql, notProfiled: varied.notProfiled }
}

async function countOf(session: Session, relation: Relation): Promise<number> {
  const { count } = await session.one<{ count: string }>(`SELECT count(*) AS count FROM ${quoteName(relation)}`)
  return Number(count)
}

/** What draws from a sequence next must not meet a copy. */
async function setSequences(session: Session, catalog: Catalog, path: string): Promise<void> {
  for (const sequence of catalog.sequences) {
    const relation = catalog.relations.get(path)
    // Owned, or only the default.
    const fed = relation?.attributes.find(
      (each) =>
        (sequence.ownedBy?.relation === path && sequence.ownedBy.attribute === each.name) ||
        (each.default?.startsWith('nextval(') === true &&
          [quoteName(sequence), pathOf(sequence)].some((name) => each.default?.includes(`'${name}'`))),
    )
    if (relation === undefined || fed === undefined) continue
    const name = quoteName(sequence)
    const most = `greatest(max(${quoteIdentifier(fed.name)})::int8, (SELECT last_value FROM ${name}), 1)`
    await session.query(`SELECT pg_catalog.setval(${quoteLiteral(name)}, ${most}) FROM ${quoteName(relation)}`)
  }
}

/** All tables together: a migration of hundreds gets fewer rows in each. */
const mostRows = 400_000
const defaultRows = 20_000

/** How many rows each of some tables is to have. */
export function rowsInEach(asked: number | undefined, tables: number): number {
  return Math.max(1, Math.min(asked ?? defaultRows, Math.floor(mostRows / tables)))
}

/** How many rows make a statement one that works on many, where each table has some number of them. */
export function manyRowsOf(rows: number): number {
  return Math.max(100, Math.min(1000, rows / 2))
}

/** Relations in the order in which rows can be put in, those that a circle joins included. */
export function parentsFirst(order: readonly (readonly string[])[], paths: ReadonlySet<string>): readonly string[] {
  const known = order.flat().filter((path) => paths.has(path))
  return [...known, ...[...paths].filter((path) => !known.includes(path))]
}

/** By OID, the relation that a lock or a file belongs to: of a partition the whole table. */
export function relationsByOid(catalog: Catalog): ReadonlyMap<number, string> {
  const root = (relation: Relation): string => {
    const parent = relation.partitionOf === undefined ? undefined : catalog.relations.get(relation.partitionOf.parent)
    return parent === undefined ? pathOf(relation) : root(parent)
  }
  const stored = [...catalog.relations.values()].filter(
    ({ kind, persistence }) => kind !== 'view' && kind !== 'foreign-table' && persistence !== 'temporary',
  )
  return new Map(stored.map((relation) => [relation.oid, root(relation)]))
}
