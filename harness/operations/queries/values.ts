import { isNumeric } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { ArrivalSql, AttributeSql, RelationSql } from '../lineage-sql.ts'
import { numberSql } from '../same-value-sql.ts'
import { allOf, existsAt, type Query, type QueryContext, savedCell } from './query.ts'

/** For each attribute: the items whose value is in none of the columns to which it went. */
export function valueQueries(context: QueryContext): readonly Query[] {
  return context.relations.flatMap((relation) => relation.attributes.map((attribute) => valueQuery(context, relation, attribute)))
}

function valueQuery(context: QueryContext, relation: RelationSql, compiled: AttributeSql): Query {
  const cell = savedCell(compiled)
  const { arrivals, attribute } = compiled
  const [first] = arrivals
  const arrived = arrivals.map((each) => `NOT ${existsAt(each.place, allOf(each.where, each.same))}`)
  const partner = arrivals.map((each) => existsAt(each.place, each.where))
  const absent = arrivals.flatMap(({ destination }) => (destination.absent === undefined ? [] : [destination.absent.value]))
  const reads = [...new Set(['NULL', ...absent.map((value) => (value === null ? 'NULL' : `'${value.replaceAll("'", "''")}'`))])]
  const empty = reads.map((each) => `${cell} IS NOT DISTINCT FROM ${each}`).join(' OR ')
  const lost = relation.complete ? `(${relation.places.map((place) => existsAt(place)).join(' OR ')})` : 'true'
  const found = `SELECT ${relation.item} AS item, ${cell} AS before, ${nowOf(arrivals)} AS after
  FROM ${context.savedTable(relation.relation)} AS b${arrivals.map(partnerOf).join('')}
  WHERE ${arrived.join('\n    AND ')}
    AND NOT ((${empty}) AND NOT (${partner.join(' OR ')}))
    AND ${lost}`
  const targets = arrivals.map((each) => targetOf(each)).join(' or ')
  return {
    title: `${shownName(relation.relation)}.${attribute.name}: every value arrived`,
    about: { check: 'cell-altered', relation: relation.relation, attribute: attribute.name },
    comments: [`Each value of ${shownName(relation.relation)}.${attribute.name} must be in ${targets} (${kindsOf(arrivals)}).`],
    saves: [],
    finds: `SELECT item, before, after, ${differenceOf(attribute.type, first)} AS difference FROM (${found}) AS found`,
  }
}

/** What is in the first place that has a partner. */
function nowOf(arrivals: readonly ArrivalSql[]): string {
  const shown = arrivals.map((_, at) => `p${at + 1}.now`)
  return shown.length < 2 ? (shown[0] ?? 'NULL') : `coalesce(${shown.join(', ')})`
}

/** One partner of each row, joined: looked up row by row it would take a scan for each that differs. */
function partnerOf({ place, where, now }: ArrivalSql, at: number): string {
  const alias = `p${at + 1}`
  const names = place.keys.map((_, key) => `k${key + 1}`)
  const keys = place.keys.map(({ migrated }, key) => `${migrated} AS ${names[key]}`)
  const only = allOf(place.where, where)
  const joined = place.keys.map(({ legacy }, key) => `${alias}.${names[key]} = ${legacy}`)
  return `
  LEFT JOIN (
    SELECT DISTINCT ON (${names.map((_, key) => key + 1).join(', ')}) ${keys.join(', ')}, ${now} AS now
    FROM ${place.from}${only === undefined ? '' : ` WHERE ${only}`}
    ORDER BY ${[...names, 'now'].map((_, key) => key + 1).join(', ')}
  ) AS ${alias} ON ${joined.join(' AND ')}`
}

function targetOf({ destination }: ArrivalSql): string {
  return destination.columns
    .map((column) => `${shownName(column.via?.relation ?? destination.relation)}.${[column.attribute, ...column.json].join('->')}`)
    .join(' + ')
}

function kindsOf(arrivals: readonly ArrivalSql[]): string {
  return [...new Set(arrivals.map(({ destination }) => destination.transform.kind))].join(', ')
}

function differenceOf(type: string, arrival: ArrivalSql | undefined): string {
  const [column] = arrival?.destination.columns ?? []
  const isCounted = isNumeric(type) && isNumeric(column?.type ?? '') && column?.json.length === 0
  const text = `CASE
    WHEN after IS NULL THEN 'NULL now'
    WHEN before IS NULL THEN 'was NULL'
    WHEN lower(before) = lower(after) THEN 'differs by case'
    WHEN btrim(before) = btrim(after) THEN 'differs by blanks'
    WHEN after <> '' AND starts_with(before, after) THEN 'cut'
    ELSE 'another value' END`
  if (!isCounted) return text
  return `coalesce((${numberSql('after', column?.type ?? '')} - ${numberSql('before', type)})::text, ${text})`
}
