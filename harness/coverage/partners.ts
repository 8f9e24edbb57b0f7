import type { Relation } from '../catalog/index.ts'
import type { Aim } from '../data/index.ts'
import { asList, everyNode, fieldsOf, nodeOf, stringsOf } from '../migration/index.ts'
import { pathOf } from '../postgres/index.ts'
import { anyOf, type Level } from './level.ts'
import type { Outcome, Reader } from './reader.ts'
import { columnIn, type KnownColumn, type Source, uniqueKeyOf } from './sources.ts'
import type { TargetKind } from './target.ts'

/** Rows that look for partners, and where they look. */
export interface Meeting {
  readonly kind: TargetKind
  readonly tree: unknown
  readonly text?: string
  /** FROM of those that look. */
  readonly from: string
  /** FROM and perhaps WHERE of those that are found. */
  readonly found: string
  /** As they are called in outcomes. */
  readonly name: string
  /** Why none can be missing, and why there are never several. */
  readonly never?: { readonly none?: string | undefined; readonly several?: string | undefined }
  readonly outcomes: readonly ('none' | 'one' | 'several')[]
  /** A constraint asks for a partner: only legacy rows can be without. */
  readonly mustMeet?: boolean
  /** Columns of those that look with the columns of those that are found that they must equal. */
  readonly pairs: readonly (readonly [looking: KnownColumn, found: KnownColumn])[]
  /** Columns of those that are found in which they must differ from those that look. */
  readonly apart?: readonly KnownColumn[]
}

const tests = { none: '= 0', one: '= 1', several: '> 1' } as const

/** Ask whether some row finds no partner, one, several. */
export function askPartners(reader: Reader, level: Level, meeting: Meeting): void {
  const { kind, tree, text, from, found, name, never = {}, outcomes, pairs, apart = [], mustMeet } = meeting
  const asked = outcomes.map(
    (each): Outcome => ({
      kind,
      tree,
      ...(text === undefined ? {} : { text }),
      outcome: named(each, name),
      infeasible: each === 'one' ? undefined : never[each],
      ofLegacy: mustMeet === true && each === 'none',
      aims: partnerAims(each, pairs, apart),
    }),
  )
  const columns = outcomes.map((each, at) => `godwit_count.n ${tests[each]} AS c${at}`).join(', ')
  const counted = `SELECT (SELECT pg_catalog.count(*) FROM ${found}) AS n FROM ${from}`
  reader.ask(level, asked, anyOf(`SELECT ${columns} FROM (${counted}) AS godwit_count`, outcomes.length))
}

/** Rows that are likely to have so many partners. */
function partnerAims(count: 'none' | 'one' | 'several', pairs: Meeting['pairs'], apart: readonly KnownColumn[]): readonly Aim[] {
  const [first] = pairs
  if (first === undefined) return []
  const found = pathOf(first[1].relation)
  const same = pairs.flatMap(([, column]) => (column.relation === first[1].relation ? [column.attribute.name] : []))
  const differ = apart.flatMap(({ relation, attribute }) => (relation === first[1].relation ? [attribute.name] : []))
  const alike: Aim = { kind: 'alike', relation: found, same, differ }
  // A row that looks among those of its own relation for another one.
  const amongItself = first[0].relation === first[1].relation && differ.length > 0
  if (count === 'several') return [alike, ...(amongItself ? [{ kind: 'rows', relation: found, rows: 3 } as const] : [])]
  if (count === 'one')
    return amongItself ? [alike, { kind: 'rows', relation: found, rows: 2 }] : [{ kind: 'rows', relation: found, rows: 1 }]
  const cells = { [first[0].attribute.name]: [{ fresh: true } as const, null] }
  return [
    { kind: 'cells', relation: pathOf(first[0].relation), cells },
    { kind: 'rows', relation: found, rows: 1 },
  ]
}

/** `no row of a`, `several rows of a`. */
function named(count: 'none' | 'one' | 'several', name: string): string {
  if (count === 'several') return `several ${name.replace(/^row\b/, 'rows')}`
  return `${count === 'none' ? 'no' : count} ${name}`
}

/** An equality of a column of one side with something of the other. */
interface Equality {
  readonly column: { readonly relation: Relation; readonly name: string; readonly notNull: boolean }
  readonly other: unknown
}

/**
 * Why a row of one side finds at most one partner on the other: its condition equates a unique key of it.
 *
 * @param condition  Of ON or WHERE; only what is joined by AND counts.
 * @param inside  The range variables that are looked through; one relation.
 */
export function atMostOne(condition: unknown, inside: readonly Source[], all: readonly Source[]): string | undefined {
  const [only] = inside
  if (inside.length !== 1 || only?.relation === undefined) return undefined
  const equated = equalities(condition, inside, all).map(({ column }) => column.name)
  const key = uniqueKeyOf(only.relation, new Set(equated))
  return key === undefined ? undefined : `the unique key ${key} leaves one row of ${only.relation.name}`
}

/** Why every row finds a partner: a foreign key over attributes that are never NULL is all that the condition asks. */
export function atLeastOne(condition: unknown, inside: readonly Source[], all: readonly Source[]): string | undefined {
  const [only] = inside
  if (inside.length !== 1 || only?.relation === undefined) return undefined
  const pairs = equalities(condition, inside, all)
  if (pairs.length === 0 || pairs.length !== conjuncts(condition).length) return undefined
  const path = pathOf(only.relation)
  const outside = all.filter((source) => !inside.includes(source))
  const ends = pairs.map(({ column, other }) => ({ parent: column.name, child: columnIn(outside, other) }))
  const child = ends[0]?.child
  if (child === undefined || child.source.optional) return undefined
  const key = child.relation.constraints.find(
    ({ kind, validated, enforced, references, attributes, deferrable }) =>
      kind === 'foreign-key' &&
      validated &&
      enforced &&
      !deferrable &&
      references?.relation === path &&
      attributes.length === ends.length &&
      ends.every(
        (end) =>
          end.child?.relation === child.relation &&
          end.child.attribute.notNull &&
          references.attributes[attributes.indexOf(end.child.attribute.name)] === end.parent,
      ),
  )
  return key === undefined ? undefined : `the foreign key ${key.name} of ${child.relation.name} asks for one`
}

function conjuncts(condition: unknown): readonly unknown[] {
  const bool = fieldsOf(condition, 'BoolExpr')
  return bool?.boolop === 'AND_EXPR' ? asList(bool.args).flatMap(conjuncts) : [condition]
}

function equalities(condition: unknown, inside: readonly Source[], all: readonly Source[]): readonly Equality[] {
  const aliases = new Set(inside.map(({ alias }) => alias))
  const isInside = (side: unknown) => {
    const column = columnIn(all, side) ?? columnIn(inside, side)
    return column !== undefined && aliases.has(column.source.alias) ? column : undefined
  }
  return conjuncts(condition).flatMap((each) => {
    const fields = fieldsOf(each, 'A_Expr')
    if (fields?.kind !== 'AEXPR_OP' || stringsOf(fields.name).at(-1) !== '=') return []
    for (const [side, other] of [
      [fields.lexpr, fields.rexpr],
      [fields.rexpr, fields.lexpr],
    ] as const) {
      const column = isInside(side)
      const mixed = [...everyNode(other)].some((node) => node.name === 'SubLink' || isInside({ [node.name]: node.fields }) !== undefined)
      if (column === undefined || mixed || nodeOf(other) === undefined) continue
      const { relation, attribute } = column
      return [{ column: { relation, name: attribute.name, notNull: attribute.notNull }, other }]
    }
    return []
  })
}
