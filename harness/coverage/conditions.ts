import { asList, asText, fieldsOf, nodeOf, stringsOf } from '../migration/index.ts'
import { aimsOf, wantsFor } from './aims.ts'
import { namesColumn } from './calls.ts'
import { inSight, type Level, type Over } from './level.ts'
import { neverNull } from './never-null.ts'
import type { Outcome, Reader } from './reader.ts'
import { columnIn, notNullOf } from './sources.ts'

/** A condition that is no AND, OR or NOT of others. */
interface Atom {
  readonly tree: unknown
  readonly sql: string
  /** What the others must be so that this one decides the whole: those written before it, and those behind. */
  readonly before: readonly string[]
  readonly behind: readonly string[]
  /** The same as trees. */
  readonly beside: readonly { readonly tree: unknown; readonly truth: boolean }[]
}

export interface ConditionOptions {
  readonly over: Over
  /** What must be true beside it: that no earlier WHEN was. */
  readonly given?: readonly string[]
  /** A constraint asks for it: only legacy rows can violate it. */
  readonly mustHold?: boolean
}

/** Ask for each atomic condition whether it is true, false and NULL in some row, each time while it decides the whole (MC/DC). */
export function readCondition(
  reader: Reader,
  level: Level,
  condition: unknown,
  { over, given = [], mustHold = false }: ConditionOptions,
): void {
  const outcomes: Outcome[] = []
  const [strict, lenient]: [string[], string[]] = [[], []]
  for (const atom of atomsOf(reader, condition)) {
    if (!tellsRows(atom.tree)) continue
    const unsafe = reader.unsafeCall(atom.tree)
    if (unsafe !== undefined) {
      reader.leaveOut('condition', atom.tree, unsafe)
      continue
    }
    for (const { outcome, test, infeasible } of outcomesOf(level, atom)) {
      const own = wantsFor(inSight(level), atom.tree, truths[outcome])
      const others = atom.beside.flatMap(({ tree, truth }) => wantsFor(inSight(level), tree, truth))
      outcomes.push({
        kind: 'condition',
        tree: atom.tree,
        text: atom.sql,
        outcome,
        infeasible,
        ofLegacy: mustHold && outcome !== 'true',
        aims: own.length === 0 ? [] : aimsOf([...own, ...others]),
        only: own.length === 1 ? own[0] : undefined,
      })
      const asked = `(${atom.sql}) IS ${test}`
      strict.push([...given, ...atom.before, asked, ...atom.behind].join(' AND '))
      // A condition behind it may fail on rows that this one keeps from it.
      lenient.push([...given, ...atom.before, asked].join(' AND '))
    }
  }
  if (outcomes.length > 0) reader.askRows(level, over, outcomes, strict, lenient)
}

const truths = { true: true, false: false, NULL: null } as const

/** The whole condition has no text of its own where some part of it has none: it is left out then. */
function atomsOf(reader: Reader, condition: unknown): readonly Atom[] {
  const atoms: Atom[] = []
  const walk = (tree: unknown, { before, behind, beside }: Omit<Atom, 'tree' | 'sql'>): void => {
    const bool = fieldsOf(tree, 'BoolExpr')
    const args = asList(bool?.args)
    const kind = asText(bool?.boolop)
    if (bool === undefined || (kind === 'NOT_EXPR' && reader.text.expression(args[0]) === undefined)) {
      const sql = reader.text.expression(tree)
      if (sql === undefined) reader.leaveOut('condition', tree, 'its text could not be cut out of the statement')
      else atoms.push({ tree, sql, before, behind, beside })
      return
    }
    if (kind === 'NOT_EXPR') {
      walk(args[0], { before, behind, beside })
      return
    }
    const neutral = args.map((each) => {
      const sql = reader.text.expression(each)
      return sql === undefined ? 'false' : `(${sql}) IS ${kind === 'AND_EXPR' ? 'TRUE' : 'NOT TRUE'}`
    })
    for (const [at, each] of args.entries()) {
      const others = args.filter((_, index) => index !== at).map((tree) => ({ tree, truth: kind === 'AND_EXPR' }))
      walk(each, {
        before: [...before, ...neutral.slice(0, at)],
        behind: [...neutral.slice(at + 1), ...behind],
        beside: [...beside, ...others],
      })
    }
  }
  walk(condition, { before: [], behind: [], beside: [] })
  return atoms
}

/** A constant says nothing of rows. */
function tellsRows(tree: unknown): boolean {
  return namesColumn(tree) || nodeOf(tree)?.name === 'SubLink'
}

interface AtomOutcome {
  readonly outcome: 'true' | 'false' | 'NULL'
  readonly test: string
  readonly infeasible?: string | undefined
}

function outcomesOf(level: Level, { tree }: Atom): readonly AtomOutcome[] {
  const node = nodeOf(tree)
  const test = fieldsOf(tree, 'NullTest')
  if (test !== undefined) {
    const because = notNullOf(inSight(level), test.arg)
    const isNull = test.nulltesttype === 'IS_NULL'
    return [
      { outcome: 'true', test: 'TRUE', infeasible: isNull ? because : undefined },
      { outcome: 'false', test: 'FALSE', infeasible: isNull ? undefined : because },
    ]
  }
  const never = neverNull(inSight(level), tree)
  const unknown: readonly AtomOutcome[] = never === 'always' ? [] : [{ outcome: 'NULL', test: 'NULL', infeasible: never?.because }]
  // That two rows meet or do not is told by the partners that they find.
  if (node !== undefined && equatesTwo(level, tree)) return unknown
  return [{ outcome: 'true', test: 'TRUE' }, { outcome: 'false', test: 'FALSE' }, ...unknown]
}

/** Whether a condition equates columns of two range variables. */
export function equatesTwo(level: Pick<Level, 'sources'>, tree: unknown): boolean {
  const fields = fieldsOf(tree, 'A_Expr')
  if (fields?.kind !== 'AEXPR_OP' || stringsOf(fields.name).at(-1) !== '=') return false
  const [left, right] = [fieldsOf(fields.lexpr, 'ColumnRef'), fieldsOf(fields.rexpr, 'ColumnRef')]
  if (left === undefined || right === undefined) return false
  const [one, other] = [rangeOf(level, left), rangeOf(level, right)]
  return one !== other || one === undefined
}

function rangeOf(level: Pick<Level, 'sources'>, reference: unknown): string | undefined {
  const fields = reference as { readonly fields?: unknown }
  return stringsOf(fields.fields).at(-2) ?? columnIn(level.sources, { ColumnRef: reference })?.source.alias
}
