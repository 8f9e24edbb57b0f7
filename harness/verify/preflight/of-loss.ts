import type { Attribute, Catalog } from '../../catalog/index.ts'
import type { Subject } from '../../lineage/index.ts'
import { quoteIdentifier } from '../../postgres/index.ts'
import type { Finding } from '../../result/index.ts'
import { countWhere } from './count-where.ts'
import { deletionOf } from './parts-of-text.ts'

/** SQL that counts the legacy rows of which values are lost or altered; undefined where it does not follow from how they are. */
export function preflightOfLoss(subject: Subject, finding: Finding, migrated: Catalog | undefined): string | undefined {
  const relation = subject.legacy.relations.get(finding.relation ?? '')
  if (relation === undefined || finding.through !== undefined) return undefined
  if (finding.kind === 'row-lost') return lostRows(subject, finding)
  const attribute = relation.attributes.find((each) => each.name === finding.attribute)
  if (attribute === undefined) return undefined
  const cell = quoteIdentifier(attribute.name)
  if (finding.kind === 'cell-lost') return countWhere(relation, `${cell} IS NOT NULL`)
  if (finding.kind !== 'cell-altered') return undefined
  const condition = alteredCondition(finding, attribute, targetOf(subject, finding, migrated))
  return condition === undefined ? undefined : countWhere(relation, condition)
}

/** The column in which the altered value is. */
interface Target {
  readonly type: string | undefined
  /** Its unit is 10^`unit` times smaller than the legacy one: 2 for cents. */
  readonly unit: number
}

function alteredCondition(finding: Finding, { name, type }: Attribute, target: Target): string | undefined {
  const cell = quoteIdentifier(name)
  const { legacy, migrated } = finding.evidence
  switch (finding.alteration) {
    case 'truncated': {
      const length = /^character(?: varying)?\((\d+)\)$/.exec(target.type ?? '')?.[1]
      return length === undefined ? undefined : `length(${cell}::text) > ${length}`
    }
    case 'rounded':
      return roundedCondition(cell, type, target)
    case 'trimmed':
      return `${cell}::text <> btrim(${cell}::text)`
    case 'case-folded': {
      const folds = ['lower', 'upper'].filter(
        (fold) => typeof legacy === 'string' && migrated === (fold === 'lower' ? legacy.toLowerCase() : legacy.toUpperCase()),
      )
      return folds.length === 1 ? `${cell}::text <> ${folds[0]}(${cell}::text)` : undefined
    }
    case 'null-filled':
      return `${cell} IS NULL`
    case 'empty-made-null':
      return `${cell}::text = ''`
    default:
      return undefined
  }
}

function roundedCondition(cell: string, type: string, { type: target, unit }: Target): string | undefined {
  if (target === undefined) return undefined
  if (/^timestamp/.test(type)) {
    if (target === 'date') return `${cell} <> date_trunc('day', ${cell})`
    return /^timestamp\(0\)/.test(target) ? `${cell} <> date_trunc('second', ${cell})` : undefined
  }
  if (!/^(numeric|real|double precision)/.test(type)) return undefined
  const scale = /^(smallint|integer|bigint)$/.test(target) ? '0' : /^numeric\(\d+,(-?\d+)\)$/.exec(target)?.[1]
  return scale === undefined ? undefined : `${cell}::numeric <> round(${cell}::numeric, ${Number(scale) + unit})`
}

function targetOf({ knowledge }: Subject, { relation = '', attribute = '', evidence }: Finding, migrated: Catalog | undefined): Target {
  const destinations = knowledge.lineage?.relations.get(relation)?.attributes.get(attribute)?.destinations ?? []
  const place = (each: (typeof destinations)[number]) => `${each.relation}.${each.columns.map((column) => column.attribute).join('+')}`
  const found = destinations.find((each) => place(each) === evidence.destination) ?? destinations[0]
  const [column] = found?.columns ?? []
  const type = migrated?.relations.get(found?.relation ?? '')?.attributes.find((each) => each.name === column?.attribute)?.type
  return { type, unit: found?.transform.kind === 'scaled' ? found.transform.exponent : 0 }
}

/** The rows that a DELETE names, or all rows where the table is emptied or dropped. */
function lostRows({ legacy, migration }: Subject, { relation: path = '', file, line }: Finding): string | undefined {
  const relation = legacy.relations.get(path)
  const { up } = migration
  if (relation === undefined || up.kind !== 'sql') return undefined
  const statement = up.script.statements.filter((each) => each.file === file && each.line <= (line ?? 0)).at(-1)
  if (statement?.node === 'TruncateStmt' || statement?.node === 'DropStmt') return countWhere(relation, undefined)
  const deletion = statement?.node === 'DeleteStmt' ? deletionOf(statement.text) : undefined
  if (deletion === undefined || !deletion.from.includes(relation.name)) return undefined
  return `SELECT count(*) FROM ${deletion.from}${deletion.where === undefined ? '' : ` WHERE ${deletion.where}`}`
}
