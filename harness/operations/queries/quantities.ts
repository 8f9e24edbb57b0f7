import { isNumeric, keyAttributes } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { ArrivalSql, AttributeSql, RelationSql } from '../lineage-sql.ts'
import { numberSql } from '../same-value-sql.ts'
import { existsAt, literal, type Query, type QueryContext, savedCell } from './query.ts'

/** Totals of numbers, the sums of numbers that were copied or shared out, and the measures that the contract declares. */
export function quantityQueries(context: QueryContext): readonly Query[] {
  return [...measureQueries(context), ...context.relations.flatMap((relation) => numbersOf(context, relation))]
}

function numbersOf(context: QueryContext, relation: RelationSql): readonly Query[] {
  const keys = new Set([
    ...(keyAttributes(relation.catalog) ?? []),
    ...relation.catalog.constraints
      .filter((each) => each.kind === 'foreign-key' || each.kind === 'unique')
      .flatMap((each) => each.attributes),
    ...context.knowledge.softReferences
      .flatMap(({ from, to }) => [from, to])
      .filter((each) => each.relation === relation.relation)
      .map((each) => each.attribute),
  ])
  return relation.attributes
    .filter(({ attribute }) => isNumeric(attribute.type) && !keys.has(attribute.name))
    .flatMap((compiled) => {
      const copies = compiled.arrivals.filter((each) => isCopy(context, compiled, each))
      const [only, ...others] = compiled.arrivals
      const total = only !== undefined && others.length === 0 && isWhole(only) ? [totalQuery(context, relation, compiled, only)] : []
      return [...copies.map((each) => copyQuery(context, relation, compiled, each)), ...total]
    })
}

/** Each row has partners of its own there, with the number as it was; and it is no look-up of a number that stays where it is. */
function isCopy({ legacy }: QueryContext, { arrivals }: AttributeSql, { destination, place: { place, catalog } }: ArrivalSql) {
  const [column] = destination.columns
  const isPlain = column !== undefined && column.via === undefined && column.json.length === 0 && destination.columns.length === 1
  const isCopied = !destination.own && ['identical', 'same-value', 'rounded'].includes(destination.transform.kind)
  if (!isPlain || !isCopied || place.shared === true || place.exclusive === true || place.merges) return false
  const stays = arrivals.some(
    (each) => each.destination.own && each.destination.assumed !== true && each.destination.transform.kind === 'identical',
  )
  const wasThere = [...legacy.relations.values()].some((each) => each.oid === catalog.oid)
  return !(stays && wasThere)
}

function copyQuery(context: QueryContext, relation: RelationSql, compiled: AttributeSql, { place, now, destination }: ArrivalSql): Query {
  const name = `${shownName(relation.relation)}.${compiled.attribute.name}`
  const [column] = destination.columns
  const before = `coalesce(${numberSql(savedCell(compiled), compiled.attribute.type)}, 0)`
  const names = place.keys.map((_, at) => `k${at + 1}`)
  const keys = place.keys.map(({ migrated }, at) => `${migrated} AS ${names[at]}`)
  const sums = `SELECT ${keys.join(', ')}, coalesce(sum(${numberSql(now, column?.type ?? '')}), 0) AS after
      FROM ${place.from}${place.where === undefined ? '' : ` WHERE ${place.where}`} GROUP BY ${names.map((_, at) => at + 1).join(', ')}`
  const joined = place.keys.map(({ legacy }, at) => `t.${names[at]} = ${legacy}`).join(' AND ')
  const atHome = place.place.relation === relation.lineage.home
  return {
    title: `${name}: the rows of ${shownName(destination.relation)} have the same sum, item by item`,
    about: { check: 'copy-sum', relation: relation.relation, attribute: compiled.attribute.name },
    comments: [`The ${shownName(destination.relation)} rows of an item must add up to its ${name}.`],
    saves: [],
    finds: `SELECT item, before::text, after::text, (after - before)::text AS difference
  FROM (
    SELECT ${relation.item} AS item, ${before} AS before, coalesce(t.after, 0) AS after
    FROM ${context.savedTable(relation.relation)} AS b LEFT JOIN (
      ${sums}
    ) AS t ON ${joined}${atHome ? ` WHERE ${existsAt(place)}` : ''}
  ) AS found
  WHERE before <> after`,
  }
}

/** Each row has one partner, which gives the number back. */
function isWhole({ back, where, destination, place: { place } }: ArrivalSql): boolean {
  if (!['identical', 'same-value', 'offset', 'scaled'].includes(destination.transform.kind)) return false
  return back !== undefined && where === undefined && place.cardinality === 'one' && !place.merges && place.shared !== true
}

function totalQuery(context: QueryContext, relation: RelationSql, compiled: AttributeSql, { place, back }: ArrivalSql): Query {
  const name = `${shownName(relation.relation)}.${compiled.attribute.name}`
  const saved = context.savedTable(relation.relation)
  const { type } = compiled.attribute
  const after = `SELECT coalesce(sum(${numberSql(`(${back})`, type)}), 0) FROM ${place.from} WHERE EXISTS (SELECT FROM ${saved} AS b WHERE ${place.on})`
  return {
    title: `${name}: the same total`,
    about: { check: 'total', relation: relation.relation, attribute: compiled.attribute.name },
    comments: [`The sum of ${name} over all rows must be the same after the migration.`],
    saves: [],
    finds: `SELECT ${literal(`sum of ${name}`)} AS item, before::text, after::text, (after - before)::text AS difference
  FROM (SELECT (SELECT coalesce(sum(${numberSql(savedCell(compiled), type)}), 0) FROM ${saved} AS b) AS before, (${after}) AS after) AS found
  WHERE before <> after`,
  }
}

function measureQueries({ contract: { measures = [] } }: QueryContext): readonly Query[] {
  return measures.map(({ name, before, after, relation, attribute }, at) => {
    const table = `godwit_before."measure ${at + 1}"`
    const read = (
      query: string,
    ) => `SELECT coalesce(CASE WHEN cardinality(cells) > 1 THEN cells[1] END, '') AS key, cells[cardinality(cells)] AS value
  FROM (
    SELECT (SELECT array_agg(value ORDER BY ordinality) FROM json_each_text(row_to_json(q)) WITH ORDINALITY) AS cells
    FROM (
${query.replace(/;\s*$/, '')}
    ) AS q
  ) AS r`
    return {
      title: `${name}: the declared measure is the same, key by key`,
      about: { check: 'measure', relation, attribute },
      comments: [`The contract declares the measure "${name}": each key must have the same amount before and after.`],
      saves: [`CREATE TABLE ${table} AS ${read(before)}`],
      finds: `SELECT concat('key=', key) AS item, s.value AS before, t.value AS after, (coalesce(t.value, '0')::numeric - coalesce(s.value, '0')::numeric)::text AS difference
  FROM ${table} AS s FULL JOIN (
  ${read(after)}
  ) AS t USING (key)
  WHERE coalesce(s.value, '0')::numeric <> coalesce(t.value, '0')::numeric`,
    }
  })
}
