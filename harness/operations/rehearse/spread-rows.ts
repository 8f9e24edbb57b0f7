import type { Attribute, Catalog } from '../../catalog/index.ts'
import { type Destination, isDiscarded, isNumeric } from '../../lineage/index.ts'
import { quoteIdentifier, type Session, shownName } from '../../postgres/index.ts'
import { textHash, textRowHash } from '../../snapshot/index.ts'
import { cellText } from '../cell-text.ts'
import { columnSql } from '../column-sql.ts'
import type { ForeignServers } from '../foreign/foreign-servers.ts'
import { foreignLeavesOf } from '../foreign/foreign-tables.ts'
import { sumWhereRowsAre } from '../foreign/sum-where-rows-are.ts'
import { compileLineage, type LineageSource, type RelationSql } from '../lineage-sql.ts'
import type { CompiledQueries } from '../queries/compile-queries.ts'
import { numberSql } from '../same-value-sql.ts'
import { transformSql } from '../transform-sql.ts'

/** A legacy relation with rows on other servers: no row of it is kept, but sums over its rows are compared. */
export interface SpreadRelation {
  /** Its path. */
  readonly relation: string
  /** Path of the migrated relation that has its rows; undefined where none has. */
  readonly place: string | undefined
  /** Columns whose legacy values follow from the migrated rows. */
  readonly columns: readonly SpreadColumn[]
  /** Columns whose values go nowhere. */
  readonly gone: readonly string[]
  /** Why its rows cannot be compared by sums; undefined where they can. */
  readonly because: string | undefined
  /** Columns that are not compared, as paths. */
  readonly notCompared: readonly string[]
}

interface SpreadColumn {
  readonly name: string
  /** The legacy value as a text: over a legacy row `t`, and over a migrated one. */
  readonly before: string
  readonly after: string
}

/** The relations of a migration that have rows on other servers. */
export function spreadRelations(source: LineageSource, copy: Catalog): readonly SpreadRelation[] {
  const relations = compileLineage(source)
  return relations
    .filter(({ relation }) => foreignLeavesOf(copy, relation).length > 0)
    .map((each) => spreadRelation(source, each, relations))
}

function spreadRelation(source: LineageSource, { relation, catalog, lineage }: RelationSql, all: readonly RelationSql[]): SpreadRelation {
  const kept = catalog.attributes.filter((each) => each.generated === undefined && !isDiscarded(source.knowledge, relation, each.name))
  const destinationsOf = ({ name }: Attribute) => lineage.attributes.get(name)?.destinations ?? []
  const gone = kept.filter((each) => destinationsOf(each).length === 0)
  const [place, ...others] = lineage.places
  const isShared = all.some(
    (other) => other.relation !== relation && other.lineage.places.some((each) => each.relation === place?.relation),
  )
  const isWhole = place === undefined || (place.cardinality === 'one' && !place.merges && place.where === undefined)
  const columns = kept.flatMap((each) => spreadColumn(source, each, place?.relation, destinationsOf(each)) ?? [])
  const compared = new Set([...columns, ...gone].map(({ name }) => name))
  return {
    relation,
    place: place?.relation,
    columns,
    gone: gone.map(({ name }) => name),
    because:
      others.length > 0 || isShared || !isWhole
        ? 'its rows are divided, or are together with others: sums over servers do not tell which row went where'
        : undefined,
    notCompared: kept.flatMap(({ name }) => (compared.has(name) ? [] : [`${relation}.${name}`])),
  }
}

/** A value that stays as it is, or a number that gives the old one back. */
function spreadColumn(
  { legacy, migrated }: LineageSource,
  attribute: Attribute,
  place: string | undefined,
  destinations: readonly Destination[],
): SpreadColumn | undefined {
  const target = migrated.relations.get(place ?? '')
  const destination = destinations.find(({ relation, where, columns }) => relation === place && where === undefined && columns.length === 1)
  const [column] = destination?.columns ?? []
  if (target === undefined || destination === undefined || column === undefined || column.via !== undefined || column.json.length > 0)
    return undefined
  const cell = columnSql(migrated, target, column, 't')
  if (cell === undefined) return undefined
  const before = cellText(legacy, attribute, 't')
  const { kind } = destination.transform
  if (kind === 'identical' && column.type === attribute.type) return { name: attribute.name, before, after: cell }
  if (!['identical', 'same-value', 'offset', 'scaled'].includes(kind) || !isNumeric(attribute.type) || !isNumeric(column.type))
    return undefined
  const types = { legacy: attribute.type, migrated: column.type }
  const compiled = transformSql(destination, before, [cell], types, () => 'NULL')
  if (typeof compiled === 'string' || compiled.back === undefined) return undefined
  // Without the zeros at the end, which a calculation adds or drops.
  const number = (text: string) => `trim_scale(${numberSql(text, attribute.type)})::text`
  return { name: attribute.name, before: number(before), after: number(`(${compiled.back})`) }
}

/** The verification SQL without what reads rows that are not kept. */
export function withoutSpread(compiled: CompiledQueries, spread: readonly SpreadRelation[]): CompiledQueries {
  if (spread.length === 0) return compiled
  const names = new Set(spread.map(({ relation }) => relation))
  const gone = compiled.saved.filter(({ relation }) => names.has(relation)).map(({ table }) => table)
  const reads = (sql: string) => gone.some((table) => sql.includes(table))
  const isAsked = ({ finds, saves }: CompiledQueries['queries'][number]) => ![finds, ...saves].some(reads)
  const isCovered = (text: string) =>
    spread.some(({ relation, columns }) => columns.some(({ name }) => text.startsWith(`${relation}.${name}: `)))
  const others = compiled.queries.filter((query) => !isAsked(query) && !names.has(query.about.relation ?? ''))
  return {
    ...compiled,
    saved: compiled.saved.filter(({ relation }) => !names.has(relation)),
    queries: compiled.queries.filter(isAsked),
    notChecked: [
      ...compiled.notChecked.filter((text) => !isCovered(text)),
      ...others.map(({ title }) => `${title}: it wants rows that are on other servers.`),
      ...spread.flatMap(({ notCompared }) =>
        notCompared.map(
          (path) => `${path}: of rows on other servers, only values that stay and numbers that give the old ones back are compared.`,
        ),
      ),
    ],
  }
}

/** Sums over the rows of a spread relation, before or after `up`; a text where they cannot be had: why, as the end of a sentence. */
export interface SpreadSums {
  readonly rows: number
  /** Of the compared columns of all rows. */
  readonly digest: string
  /** By column. */
  readonly digests: ReadonlyMap<string, string>
  /** By column that goes nowhere: rows with a value. */
  readonly values: ReadonlyMap<string, number>
}

/** Sum over the rows of spread relations, on the servers that have them. By path of the legacy relation. */
export async function sumSpread(
  session: Session,
  catalog: Catalog,
  spread: readonly SpreadRelation[],
  side: 'before' | 'after',
  servers: ForeignServers,
): Promise<ReadonlyMap<string, SpreadSums | string>> {
  const found = await Promise.all(
    spread.map(async (each) => {
      const path = side === 'before' ? each.relation : each.place
      if (path === undefined || each.because !== undefined) return [each.relation, each.because ?? ''] as const
      if (!catalog.relations.has(path)) return [each.relation, `${shownName(path)} is not there`] as const
      return [each.relation, await sumOne(session, catalog, { ...each, path, side }, servers)] as const
    }),
  )
  return new Map(found)
}

async function sumOne(
  session: Session,
  catalog: Catalog,
  { path, side, columns, gone }: SpreadRelation & { readonly path: string; readonly side: 'before' | 'after' },
  servers: ForeignServers,
): Promise<SpreadSums | string> {
  const texts = columns.map((column) => column[side])
  const counted = side === 'before' ? gone : []
  const aggregates = [
    'count(*)',
    `coalesce(sum(${textRowHash(texts)}), 0)`,
    ...texts.map((text) => `coalesce(sum(${textHash(text)}), 0)`),
    ...counted.map((name) => `count(t.${quoteIdentifier(name)})`),
  ]
  const summed = await sumWhereRowsAre(session, catalog, path, () => aggregates, servers)
  if (summed.outcome === 'not-summed') return summed.because
  const [rows, digest, ...others] = summed.sums.map((each) => each ?? '0')
  return {
    rows: Number(rows),
    digest: digest ?? '0',
    digests: new Map(columns.map(({ name }, at) => [name, others[at] ?? '0'])),
    values: new Map(counted.map((name, at) => [name, Number(others[columns.length + at])])),
  }
}
