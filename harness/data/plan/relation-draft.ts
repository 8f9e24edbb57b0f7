import type { Attribute, Relation } from '../../catalog/index.ts'
import { quoteIdentifier, quoteLiteral } from '../../postgres/index.ts'
import type { ShapeHint } from '../hints.ts'
import type { AttributeDraft } from './attribute-draft.ts'
import { attributesIn } from './expression.ts'
import { generatedFromJson } from './json-inputs.ts'
import type { ReferencePlan } from './model.ts'

/** A relation while its plan is being made. */
export interface RelationDraft {
  readonly path: string
  readonly relation: Relation
  readonly attributes: AttributeDraft[]
  /** Checks to satisfy: constraints, partition bounds; each with the attributes given by an INSERT that it depends on. */
  readonly checks: readonly DraftCheck[]
  references: readonly ReferencePlan[]
}

export interface DraftCheck {
  readonly name: string
  readonly expression: string
  /** Positions in `attributes`; inputs of generated attributes stand for these. */
  readonly attributes: readonly number[]
  /** Generated attributes that it reads. */
  readonly generated: readonly Attribute[]
}

/** The name of the check that stands for the bounds of partitions. */
export const partitionBounds = 'partition bounds'

/** What rows of a relation must satisfy, its partitions' bounds included. */
export function checksOf(
  relation: Relation,
  attributes: readonly AttributeDraft[],
  bound: string | undefined,
  shaped: readonly ShapeHint[],
): DraftCheck[] {
  const enforced = relation.constraints.filter(
    (constraint) => constraint.kind === 'check' && constraint.enforced && constraint.expression !== undefined,
  )
  const all = enforced.map((constraint) => ({ name: constraint.name, expression: constraint.expression ?? '' }))
  if (bound !== undefined) all.push({ name: partitionBounds, expression: bound })
  for (const { attribute, expression } of generatedFromJson(relation))
    all.push({ name: `generated attribute "${attribute.name}"`, expression: storable(attribute, expression) })
  for (const { attribute, pattern } of shaped)
    all.push({ name: `shape of ${attribute}`, expression: `(${quoteIdentifier(attribute)} ~ ${quoteLiteral(pattern)}::text)` })
  return all.map(({ name, expression }) => ({ name, expression, ...inputsOf(expression, relation, attributes) }))
}

/** That the server can store what it computes: it reads as the type, is as long as that allows, and not NULL where it must not be. */
function storable({ type, notNull }: Attribute, expression: string): string {
  const length = /^character(?: varying)?\((\d+)\)$/.exec(type)?.[1] ?? '2147483647'
  return `coalesce(pg_catalog.char_length((${expression})::${type.replace(/^(character(?: varying)?)\(\d+\)$/, 'text')}::text) <= ${length}, ${notNull ? 'false' : 'true'})`
}

/** The given attributes that an expression depends on, generated ones replaced by their inputs. */
export function inputsOf(
  expression: string,
  relation: Relation,
  attributes: readonly AttributeDraft[],
): Pick<DraftCheck, 'attributes' | 'generated'> {
  const names = namesIn(expression, relation)
  const generated = relation.attributes.filter((attribute) => attribute.generated !== undefined && names.has(attribute.name))
  for (const attribute of generated) for (const name of namesIn(attribute.default ?? '', relation)) names.add(name)
  return { attributes: attributes.flatMap((attribute, position) => (names.has(attribute.source.name) ? [position] : [])), generated }
}

function namesIn(expression: string, relation: Relation): Set<string> {
  return new Set(attributesNamed(expression, relation.attributes))
}

function attributesNamed(expression: string, attributes: readonly Attribute[]): string[] {
  return attributesIn(expression, attributes).map((attribute) => attribute.name)
}
