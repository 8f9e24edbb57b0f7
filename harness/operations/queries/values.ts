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
  const found = `SELECT ${relation.item} AS item, ${cell} AS before, ${first === undefined ? 'NULL' : nowOf(arrivals)} AS after
  FROM ${context.savedTable(relation.relation)} AS b
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
  const shown = arrivals.map(({ place, where, now }) => `(SELECT ${now} FROM ${place.from} WHERE ${allOf(place.on, where)} LIMIT 1)`)
  return shown.length === 1 ? (shown[0] ?? 'NULL') : `coalesce(${shown.join(', ')})`
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
