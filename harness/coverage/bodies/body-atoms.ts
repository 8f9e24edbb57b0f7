import { asList, asText, type Fields, fieldsOf } from '../../migration/index.ts'
import type { Truth } from '../aims.ts'
import { neverNull } from '../never-null.ts'
import { notNullOf, type Source } from '../sources.ts'
import type { StatementText, TextPlace } from '../statement-text.ts'

/** A condition that is no AND, OR or NOT of others, with its place in bytes. */
export interface BodyAtom {
  readonly tree: unknown
  readonly place: TextPlace
}

/** The atomic conditions of a condition; undefined where one of them has no text of its own. */
export function bodyAtoms(text: StatementText, condition: unknown): readonly BodyAtom[] | undefined {
  const atoms: BodyAtom[] = []
  const walk = (tree: unknown): boolean => {
    const bool = fieldsOf(tree, 'BoolExpr')
    const args = asList(bool?.args)
    const isNot = asText(bool?.boolop) === 'NOT_EXPR'
    if (bool !== undefined && (!isNot || text.expressionPlace(args[0]) !== undefined)) return args.every(walk)
    const place = text.expressionPlace(tree)
    if (place !== undefined) atoms.push({ tree, place })
    return place !== undefined
  }
  return walk(condition) ? atoms : undefined
}

/** A query of a body as SQL's parser takes it, each part where it was: PERFORM is SELECT, RETURN QUERY is left out. */
export function asQuery(statement: string): string {
  return statement.replace(/^perform\b/i, 'SELECT ').replace(/^return\s+query\b/i, (words) => words.replaceAll(/\S/g, ' '))
}

/** WHERE of the outermost query of a statement. */
export function whereOf(tree: unknown): { readonly select: Fields; readonly where: unknown } | undefined {
  const insert = fieldsOf(tree, 'InsertStmt')
  const select = fieldsOf(insert?.selectStmt ?? tree, 'SelectStmt')
  const changed = fieldsOf(tree, 'UpdateStmt') ?? fieldsOf(tree, 'DeleteStmt')
  const fields = changed === undefined ? select : { ...changed, fromClause: rangesOf(changed) }
  const where = fields?.whereClause
  return fields === undefined || where === undefined || fieldsOf(where, 'CurrentOfExpr') !== undefined
    ? undefined
    : { select: fields, where }
}

function rangesOf(changed: Fields): readonly unknown[] {
  return [{ RangeVar: changed.relation }, ...asList(changed.fromClause ?? changed.usingClause)]
}

/** One way in which a condition can come out. */
export interface AtomOutcome {
  /** Which of the three marks. */
  readonly digit: 0 | 1 | 2
  readonly truth: Truth
  readonly infeasible?: string | undefined
}

/** In which ways a condition can come out, names of the body being those of columns. */
export function outcomesOf(sources: readonly Source[], tree: unknown): readonly AtomOutcome[] {
  const test = fieldsOf(tree, 'NullTest')
  const because = test === undefined ? undefined : notNullOf(sources, test.arg)
  const isNull = test?.nulltesttype === 'IS_NULL'
  const never = neverNull(sources, tree)
  return [
    { digit: 0, truth: true, infeasible: isNull ? because : undefined },
    { digit: 1, truth: false, infeasible: isNull ? undefined : because },
    ...(never === 'always' ? [] : [{ digit: 2, truth: null, infeasible: never?.because } as const]),
  ]
}
