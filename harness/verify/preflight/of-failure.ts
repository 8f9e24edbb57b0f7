import type { Catalog, Relation } from '../../catalog/index.ts'
import type { Subject } from '../../lineage/index.ts'
import type { Failure } from '../../migration/index.ts'
import { partsOf, quoteIdentifier, quoteName } from '../../postgres/index.ts'
import type { Finding } from '../../result/index.ts'
import { castCondition } from './cast-condition.ts'
import { countWhere } from './count-where.ts'
import { checkExpressionOf, indexPredicateOf } from './parts-of-text.ts'

/** SQL that counts the legacy rows on which a statement fails; undefined where it does not follow from the error. */
export function preflightOfFailure({ legacy, hints }: Subject, finding: Finding, failure: Failure): string | undefined {
  const path = failure.table === undefined ? finding.relation : (named(legacy, failure) ?? finding.relation)
  const relation = legacy.relations.get(path ?? '')
  if (relation === undefined) return undefined
  const attribute = relation.attributes.find((each) => each.name === (finding.attribute ?? failure.column))
  const text = failure.statement?.text ?? ''
  switch (failure.sqlstate) {
    case '23502':
      return attribute === undefined ? everyRow(relation, failure) : countWhere(relation, `${quoteIdentifier(attribute.name)} IS NULL`)
    case '23505':
      return duplicates(relation, failure, text)
    case '23503':
      return orphans(legacy, relation, failure)
    case '23514': {
      const check = checkExpressionOf(text)
      return check === undefined ? undefined : countWhere(relation, `NOT (${check})`)
    }
    case '22012':
      return attribute === undefined ? undefined : countWhere(relation, `${quoteIdentifier(attribute.name)} = 0`)
    default: {
      if (attribute === undefined || !/^22/.test(failure.sqlstate)) return undefined
      const casts = hints.casts.filter((each) => each.direction === 'up' && each.attribute === attribute.name)
      const types = [...new Set(casts.filter((each) => each.relation === undefined || each.relation === path).map((each) => each.type))]
      const [type] = types
      const labels = casts.find((each) => each.type === type)?.labels
      const target = failure.sqlstate === '22001' ? (/type (character(?: varying)?\(\d+\))/.exec(failure.message)?.[1] ?? type) : type
      if (target === undefined || types.length > 1) return undefined
      const condition = castCondition(attribute, { type: target, labels }, legacy.version.major)
      return condition === undefined ? undefined : countWhere(relation, condition)
    }
  }
}

function named(legacy: Catalog, { schema = 'public', table }: Failure): string | undefined {
  return [...legacy.relations].find(([, each]) => each.schema === schema && each.name === table)?.[0]
}

/** A new column that is NOT NULL without a default: any row is one too many. */
function everyRow(relation: Relation, { statement }: Failure): string | undefined {
  return statement?.node === 'AlterTableStmt' && /\badd\b/i.test(statement.text) ? countWhere(relation, undefined) : undefined
}

/** The rows that share their key with another one. */
function duplicates(relation: Relation, failure: Failure, text: string): string | undefined {
  const key = /^Key \(([\s\S]*?)\)=\(/.exec(failure.detail ?? '')?.[1]
  if (key === undefined) return undefined
  const predicate = indexPredicateOf(text)
  const given = /nulls\s+not\s+distinct/i.test(text) ? undefined : `num_nulls(${key}) = 0`
  const where = [given, predicate === undefined ? undefined : `(${predicate})`].filter((each) => each !== undefined).join(' AND ')
  const groups = `SELECT count(*) AS rows FROM ${quoteName(relation)}${where === '' ? '' : ` WHERE ${where}`} GROUP BY ${key} HAVING count(*) > 1`
  return `SELECT coalesce(sum(rows), 0) AS count FROM (${groups}) AS duplicates`
}

/** The rows that refer to nothing. */
function orphans(legacy: Catalog, relation: Relation, failure: Failure): string | undefined {
  const match = /^Key \(([^()]*)\)=\([\s\S]*\) is not present in table "(.*)"/.exec(failure.detail ?? '')
  const columns = match?.[1]?.split(', ').map(bare) ?? []
  const parents = [...legacy.relations.values()].filter((each) => each.name === match?.[2])
  const [parent] = parents
  if (parent === undefined || parents.length > 1 || columns.length === 0) return undefined
  const referred =
    /\breferences\s+[\w."]+\s*\(([^()]*)\)/i
      .exec(failure.statement?.text ?? '')?.[1]
      ?.split(',')
      .map((each) => bare(each.trim())) ?? parent.indexes.find((each) => each.primary)?.attributes.flatMap((each) => each ?? [])
  if (referred === undefined || referred.length !== columns.length) return undefined
  const given = columns.map((name) => `c.${quoteIdentifier(name)} IS NOT NULL`)
  const equal = columns.map((name, at) => `p.${quoteIdentifier(referred[at] ?? '')} = c.${quoteIdentifier(name)}`)
  return `SELECT count(*) FROM ${quoteName(relation)} AS c WHERE ${given.join(' AND ')} AND NOT EXISTS (SELECT FROM ${quoteName(parent)} AS p WHERE ${equal.join(' AND ')})`
}

function bare(name: string): string {
  return partsOf(name)[0] ?? name
}
