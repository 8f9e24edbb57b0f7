import { pathOf } from '../../postgres/index.ts'
import type { Dataset } from '../dataset.ts'
import type { GenerationPlan, KeyPlan, RelationPlan } from '../plan/model.ts'
import { type CastableType, castables } from '../value/castable.ts'
import type { IntendedRow, PlacedRows } from './fitted-row.ts'

/** What later data sets must satisfy, so that they do not show a cause that is known already. */
export type Exclusion =
  /** The relation stays empty (and so does whatever must reference it). */
  | { readonly relation: string; readonly rule: 'empty' }
  | { readonly relation: string; readonly rule: { readonly atMost: number } }
  /** Each row is referred to by a row of that relation. */
  | { readonly relation: string; readonly rule: { readonly referredToBy: string } }
  /** No two rows have the same values in all of these attributes, a NULL aside. */
  | { readonly relation: string; readonly rule: { readonly distinct: readonly string[] } }
  | { readonly relation: string; readonly attribute: string; readonly rule: AttributeRule }

export type AttributeRule =
  | 'not-null'
  | 'null'
  /** No two rows share a value. */
  | 'unique'
  /** No extreme values: |n| ≤ 10⁶, dates 1990–2040, short texts. */
  | 'plausible'
  /** Neither the empty text nor blanks only. */
  | 'not-blank'
  | 'no-outer-blanks'
  /** Every soft reference of the attribute is matched, or NULL. */
  | 'no-orphan-soft-reference'
  | { readonly not: readonly string[] }
  /** `check`: the name of the check that allows them. */
  | { readonly only: readonly string[]; readonly check?: string }
  | { readonly maxLength: number }
  /** For attributes of texts: a cast to the type takes the value. */
  | { readonly castable: CastableType }
  /** As numbers when all three are numbers, else as texts. */
  | { readonly min?: string; readonly max?: string }

/** Say an exclusion the way a report does: `public.items.status is not null`. */
export function describeExclusion(exclusion: Exclusion): string {
  if (!('attribute' in exclusion)) {
    const { relation, rule } = exclusion
    if (rule === 'empty') return `${relation} is empty`
    if ('distinct' in rule) return `no two rows of ${relation} have the same ${rule.distinct.join(', ')}`
    return 'atMost' in rule
      ? `${relation} has at most ${rule.atMost} rows`
      : `each row of ${relation} is referred to by ${rule.referredToBy}`
  }
  const { rule } = exclusion
  const subject = pathOf({ schema: exclusion.relation, name: exclusion.attribute }).replace(/^"(.*)"\./, '$1.')
  if (typeof rule === 'string') {
    const said: Record<typeof rule, string> = {
      'not-null': 'is not null',
      null: 'is null',
      unique: 'has no duplicate',
      plausible: 'has plausible values only',
      'not-blank': 'is not blank',
      'no-outer-blanks': 'has no blanks around',
      'no-orphan-soft-reference': 'is matched wherever it refers to another table',
    }
    return `${subject} ${said[rule]}`
  }
  if ('not' in rule) return `${subject} is ${describeRefused(rule.not)}`
  if ('only' in rule && rule.check !== undefined) return `${subject} has values that the check ${rule.check} allows`
  if ('only' in rule) return `${subject} is one of ${rule.only.map((value) => `'${value}'`).join(', ')}`
  if ('castable' in rule) return `${subject} reads as ${rule.castable}`
  if ('maxLength' in rule) return `${subject} has at most ${rule.maxLength} characters`
  return `${subject} is ${[rule.min === undefined ? [] : [`at least ${rule.min}`], rule.max === undefined ? [] : [`at most ${rule.max}`]].flat().join(' and ')}`
}

const mostRefusedShown = 5

function describeRefused(values: readonly string[]): string {
  const shown = values.slice(0, mostRefusedShown).map((value) => `'${value}'`)
  if (values.length === 1) return `not ${shown[0]}`
  const more = values.length - shown.length
  return `none of ${shown.join(', ')}${more === 0 ? '' : ` and ${more} more`}`
}

/** Exclusions, looked up by position. */
export class Restrictions {
  readonly #rules = new Map<string, AttributeRule[]>()
  readonly #most = new Map<string, number>()
  readonly #keys = new Map<string, KeyPlan[]>()
  readonly #covered: { readonly parent: string; readonly child: string }[] = []

  constructor(plan: GenerationPlan, exclusions: readonly Exclusion[]) {
    for (const exclusion of exclusions) {
      const { relation } = exclusion
      if (!('attribute' in exclusion)) {
        if (typeof exclusion.rule === 'object' && 'referredToBy' in exclusion.rule) {
          this.#covered.push({ parent: relation, child: exclusion.rule.referredToBy })
          continue
        }
        if (typeof exclusion.rule === 'object' && 'distinct' in exclusion.rule) {
          const names = plan.relations.get(relation)?.attributes.map(({ name }) => name) ?? []
          const positions = exclusion.rule.distinct.map((name) => names.indexOf(name))
          if (!positions.includes(-1)) this.#forbidDuplicates(relation, positions)
          continue
        }
        this.#most.set(
          relation,
          Math.min(this.#most.get(relation) ?? Number.POSITIVE_INFINITY, exclusion.rule === 'empty' ? 0 : exclusion.rule.atMost),
        )
        continue
      }
      const position = plan.relations.get(relation)?.attributes.findIndex((attribute) => attribute.name === exclusion.attribute) ?? -1
      if (position < 0) continue
      const place = `${relation}\u0000${position}`
      this.#rules.set(place, [...(this.#rules.get(place) ?? []), exclusion.rule])
      if (exclusion.rule === 'unique') this.#forbidDuplicates(relation, [position])
    }
  }

  #forbidDuplicates(relation: string, attributes: readonly number[]): void {
    const key = { name: 'excluded duplicates', attributes, nullsNotDistinct: false, folded: false }
    this.#keys.set(relation, [...(this.#keys.get(relation) ?? []), key])
  }

  most(relation: string): number {
    return this.#most.get(relation) ?? Number.POSITIVE_INFINITY
  }

  /** How many rows each relation gets: one that has to refer to all rows of another needs as many. */
  counted(counts: Map<string, number>): Map<string, number> {
    for (const { parent, child } of this.#covered)
      if (counts.has(child)) counts.set(child, Math.min(Math.max(counts.get(child) ?? 0, counts.get(parent) ?? 0), this.most(child)))
    return counts
  }

  /** The parent that a row of a relation has to refer to, as long as there is one that no other row refers to. */
  due(relation: RelationPlan, reference: number, placed: PlacedRows): IntendedRow | undefined {
    const parent = relation.references[reference]?.parent
    if (!this.#covered.some((each) => each.child === relation.path && each.parent === parent)) return undefined
    const met = new Set(placed.rowsOf(relation.path).map((row) => row.parents[reference]))
    return placed.rowsOf(parent ?? '').find((row) => !met.has(row))?.intended
  }

  keys(relation: string): readonly KeyPlan[] {
    return this.#keys.get(relation) ?? []
  }

  rules(relation: string, position: number): readonly AttributeRule[] {
    return this.#rules.size === 0 ? [] : (this.#rules.get(`${relation}\u0000${position}`) ?? [])
  }

  /** The type that texts of the attribute must read as. */
  castable(relation: string, position: number): CastableType | undefined {
    const rule = this.rules(relation, position).find((each) => typeof each === 'object' && 'castable' in each)
    return typeof rule === 'object' && 'castable' in rule ? rule.castable : undefined
  }

  /** The values that the attribute may hold beside NULL; none where any may. */
  only(relation: string, position: number): readonly string[] {
    return this.rules(relation, position).flatMap((rule) => (typeof rule === 'object' && 'only' in rule ? rule.only : []))
  }

  allows(relation: string, position: number, cell: string | null): boolean {
    return this.rules(relation, position).every((rule) => satisfies(rule, cell))
  }
}

/** Whether the rows of a data set are such as rules leave over: of rules for single cells and for the number of rows. */
export function keepsTo(plan: GenerationPlan, { tables }: Dataset, exclusions: readonly Exclusion[]): boolean {
  const restrictions = new Restrictions(plan, exclusions)
  return [...tables].every(([path, { attributes, rows }]) => {
    const positions = attributes.map((name) => plan.relations.get(path)?.attributes.findIndex((each) => each.name === name) ?? -1)
    return (
      rows.length <= restrictions.most(path) &&
      rows.every((row) => positions.every((position, at) => restrictions.allows(path, position, row[at] ?? null)))
    )
  })
}

function satisfies(rule: AttributeRule, cell: string | null): boolean {
  if (rule === 'not-null') return cell !== null
  if (rule === 'null') return cell === null
  if (cell === null) return true
  if (rule === 'not-blank') return cell.trim() !== ''
  if (rule === 'no-outer-blanks') return cell === cell.trim()
  if (typeof rule === 'string') return true
  if ('not' in rule) return !rule.not.includes(cell)
  if ('only' in rule) return rule.only.includes(cell)
  if ('castable' in rule) return castables[rule.castable].reads(cell)
  if ('maxLength' in rule) return [...cell].length <= rule.maxLength
  const order = (limit: string) =>
    Number.isNaN(Number(limit)) || Number.isNaN(Number(cell)) ? (cell < limit ? -1 : cell > limit ? 1 : 0) : Number(cell) - Number(limit)
  return (rule.min === undefined || order(rule.min) >= 0) && (rule.max === undefined || order(rule.max) <= 0)
}
