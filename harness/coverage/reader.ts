import type { Aim } from '../data/index.ts'
import { everyNode } from '../migration/index.ts'
import { functionName } from './calls.ts'
import { type Level, type Over, questionOf, someRow } from './level.ts'
import type { FindRelation } from './sources.ts'
import type { StatementText } from './statement-text.ts'
import { type Place, type Question, shownText, type Target, type TargetKind } from './target.ts'
import type { Want } from './want.ts'

/** An outcome with the expression that tells it, row by row. */
export interface Outcome {
  readonly kind: TargetKind
  readonly tree: unknown
  /** As it is shown; default: the text of the tree. */
  readonly text?: string
  readonly outcome: string
  readonly infeasible?: string | undefined
  /** Only legacy rows count: what the script itself has written cannot be aimed at, and is told by what wrote it. */
  readonly ofLegacy?: boolean | undefined
  readonly aims?: readonly Aim[] | undefined
  readonly only?: Want | undefined
}

/** What is known at one statement. */
export interface KnownToReader {
  readonly find: FindRelation
  readonly isEmpty: (name: string) => boolean
  readonly isSafe: (functionName: string) => boolean
}

/** Gathers what there is to reach in one statement. */
export class Reader {
  readonly text: StatementText
  readonly find: FindRelation
  /** Whether the script has made a relation of this name, and nothing has written to it yet. */
  readonly isEmpty: (name: string) => boolean
  /** Asked before the statement runs. */
  readonly questions: Question[] = []
  /** Asked before the first statement of the script: about rows as they are before anything cleans them. */
  readonly early: Question[] = []
  readonly silent: Target[] = []
  readonly #place: Place
  #isEarly = false
  readonly #isSafe: (functionName: string) => boolean

  constructor(text: StatementText, place: Place, knows: KnownToReader) {
    this.text = text
    this.#place = place
    this.find = knows.find
    this.isEmpty = knows.isEmpty
    this.#isSafe = knows.isSafe
  }

  /**
   * Ask for outcomes, each by a boolean column of one query.
   *
   * @param inners  Queries with the columns `c0` and so on; later ones where those before fail.
   * @param outcomes  In the order of the columns.
   */
  ask(level: Level, outcomes: readonly Outcome[], ...inners: readonly string[]): void {
    const counts = ({ ofLegacy }: Outcome) => ofLegacy !== true || (this.#isEarly && this.#place.direction === 'up')
    const isOpen = (outcome: Outcome) => counts(outcome) && outcome.infeasible === undefined
    const open = outcomes.filter(isOpen)
    for (const outcome of outcomes) if (counts(outcome) && outcome.infeasible !== undefined) this.silent.push(this.target(outcome))
    if (open.length === 0) return
    const columns = outcomes.flatMap((outcome, at) => (isOpen(outcome) ? [at] : []))
    const queries = inners.map((inner) => {
      const chosen = columns.map((at, to) => `godwit_chosen.c${at} AS c${to}`).join(', ')
      const all = open.length === outcomes.length
      return questionOf(level, all ? inner : `SELECT ${chosen} FROM (${inner}) AS godwit_chosen`, open.length)
    })
    const question = { targets: open.map((each) => this.target(each)), queries: [...new Set(queries)] }
    ;(this.#isEarly ? this.early : this.questions).push(question)
  }

  /** Ask everything in `work` before the script begins. */
  beforehand(work: () => void): void {
    this.#isEarly = true
    work()
    this.#isEarly = false
  }

  /** Ask which of some expressions are true in some row of a level. */
  askRows(level: Level, over: Over, outcomes: readonly Outcome[], ...expressions: readonly (readonly string[])[]): void {
    this.ask(level, outcomes, ...expressions.map((each) => someRow(level, each, over)))
  }

  /** Something that is there to reach and cannot be asked for. */
  leaveOut(kind: TargetKind, tree: unknown, because: string): void {
    const { infeasible: _, ...target } = this.target({ kind, tree, outcome: 'every outcome' })
    if (!this.silent.some((each) => each.text === target.text && each.line === target.line && each.kind === kind))
      this.silent.push({ ...target, unmeasured: because })
  }

  /** A function that a question must not call: what it does stays, or it answers anew each time. */
  unsafeCall(...trees: readonly unknown[]): string | undefined {
    for (const { name, fields } of everyNode(trees)) {
      if (name === 'FuncCall' && !this.#isSafe(functionName(fields))) return `it calls ${functionName(fields)}(), which is volatile`
      if (/^(InsertStmt|UpdateStmt|DeleteStmt|MergeStmt)$/.test(name)) return 'its WITH changes rows'
    }
    return undefined
  }

  target({ kind, tree, text, outcome, infeasible, aims, only }: Outcome): Target {
    const { direction, file, line } = this.#place
    return {
      direction,
      file,
      line: line + this.text.linesBefore(tree),
      kind,
      text: shownText(text ?? this.text.expression(tree) ?? this.text.text),
      outcome,
      ...(infeasible === undefined ? {} : { infeasible }),
      ...(aims === undefined || aims.length === 0 ? {} : { aims }),
      ...(only === undefined ? {} : { only }),
    }
  }
}
