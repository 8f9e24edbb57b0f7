import { answerSetting, guardedQuestions } from './guarded.ts'
import type { Question, StatementTargets, Target } from './target.ts'

/** What is asked while one direction of a migration runs. */
export interface Asking {
  /** By statement: SQL to send before it, and the setting that has the answers then. */
  readonly before: ReadonlyMap<number, { readonly sql: string; readonly setting: string }>
  /** Take the answers that were asked for before a statement. */
  readonly answered: (statement: number, answers: string) => void
}

/** What one run is asked, and what it answered. */
export interface RunQuestions {
  readonly up: Asking | undefined
  readonly down: Asking | undefined
  /** The targets that it reached, and the questions that failed. */
  readonly seen: Seen
}

interface Seen {
  readonly reached: Set<Target>
  readonly answered: Set<Question>
  readonly failed: Map<Question, string>
}

/** A target with what became of it. */
export interface Measured {
  readonly target: Target
  readonly state: 'reached' | 'left' | 'infeasible' | 'unmeasured'
  /** The first edge run that reached it, from 1. */
  readonly run: number | undefined
  readonly because: string | undefined
}

/** So many runs in a row may tell nothing new before a question is asked in every fourth batch only. */
const patience = 30

/**
 * What the generated rows have reached of a migration's targets so far.
 *
 * A question whose targets are all reached is asked no more. What is asked is decided for a batch of runs at a time, from the runs noted
 * before, so that it does not depend on which run is ready first.
 */
export class Coverage {
  readonly #up: readonly StatementTargets[]
  readonly #down: readonly StatementTargets[]
  readonly #reached = new Map<Target, number>()
  readonly #failed = new Map<Question, string>()
  readonly #answered = new Set<Question>()
  readonly #forbidden = new Map<Target, string>()
  /** How many noted runs have asked a question without learning anything. */
  readonly #vain = new Map<Question, number>()
  #batches = 0

  constructor(up: readonly StatementTargets[], down: readonly StatementTargets[]) {
    this.#up = up
    this.#down = down
  }

  /** Decide what the runs of the next batch are asked. @param all  Also what was asked in vain for long. */
  plan(all = false): () => RunQuestions {
    this.#batches += 1
    const due = all || this.#batches % 4 === 0
    const [up, down] = [this.#up, this.#down].map((statements) => this.#asked(statements, due))
    return () => {
      const seen: Seen = { reached: new Set(), answered: new Set(), failed: new Map() }
      return { up: askingOf(up ?? [], seen), down: askingOf(down ?? [], seen), seen }
    }
  }

  /**
   * Note what a run has reached.
   *
   * @param run  Its number, from 1.
   * @returns How many targets it is the first to reach.
   */
  note(run: number, { seen }: RunQuestions): number {
    let news = 0
    for (const target of seen.reached) {
      if (this.#reached.has(target)) continue
      this.#reached.set(target, run)
      news += 1
    }
    for (const question of seen.answered) {
      this.#answered.add(question)
      const told = question.targets.some((target) => this.#reached.get(target) === run)
      this.#vain.set(question, told ? 0 : (this.#vain.get(question) ?? 0) + 1)
    }
    for (const [question, sqlstate] of seen.failed) {
      this.#failed.set(question, sqlstate)
      this.#vain.set(question, (this.#vain.get(question) ?? 0) + 1)
    }
    return news
  }

  /** Targets that no legal row reaches, as far as values were tried, unless one does. @param because  Undefined for one that may be reached. */
  forbid(because: (target: Target) => string | undefined): void {
    for (const { questions } of [...this.#up, ...this.#down]) {
      for (const target of questions.flatMap((question) => question.targets)) {
        const reason = because(target)
        if (reason !== undefined) this.#forbidden.set(target, reason)
      }
    }
  }

  /** Targets that no run has reached, of questions that were answered. */
  left(): readonly Target[] {
    return this.measured().flatMap(({ target, state }) => (state === 'left' ? [target] : []))
  }

  /** Every target, in the order of the files. */
  measured(): readonly Measured[] {
    return [...this.#up, ...this.#down].flatMap(({ questions, silent }) => {
      const asked = questions.flatMap((question) => question.targets.map((target) => this.#measure(target, question)))
      const unasked = silent.map(
        (target): Measured => ({
          target,
          state: target.infeasible === undefined ? 'unmeasured' : 'infeasible',
          run: undefined,
          because: target.infeasible ?? target.unmeasured,
        }),
      )
      return [...asked, ...unasked].toSorted((one, other) => one.target.line - other.target.line)
    })
  }

  #measure(target: Target, question: Question): Measured {
    const run = this.#reached.get(target)
    if (run !== undefined) return { target, state: 'reached', run, because: undefined }
    const forbidden = this.#forbidden.get(target)
    if (forbidden !== undefined) return { target, state: 'infeasible', run: undefined, because: forbidden }
    if (this.#answered.has(question)) return { target, state: 'left', run: undefined, because: undefined }
    const sqlstate = this.#failed.get(question)
    const because = sqlstate === undefined ? 'no run came so far' : `the server refuses the question (${sqlstate})`
    return { target, state: 'unmeasured', run: undefined, because }
  }

  #asked(statements: readonly StatementTargets[], due: boolean): readonly StatementTargets[] {
    return statements.flatMap((each) => {
      const questions = each.questions.filter(
        (question) => question.targets.some((target) => !this.#reached.has(target)) && (due || (this.#vain.get(question) ?? 0) < patience),
      )
      return questions.length === 0 ? [] : [{ ...each, questions }]
    })
  }
}

function askingOf(statements: readonly StatementTargets[], seen: Seen): Asking | undefined {
  const questions = new Map<number, readonly Question[]>()
  const before = new Map<number, { readonly sql: string; readonly setting: string }>()
  for (const each of statements) {
    const sql = guardedQuestions(each.statement, each.questions)
    if (sql === undefined) continue
    questions.set(each.statement, each.questions)
    before.set(each.statement, { sql, setting: answerSetting(each.statement) })
  }
  if (before.size === 0) return undefined
  const answered = (statement: number, answers: string) => {
    for (const [at, answer] of answers.split(',').entries()) {
      const question = questions.get(statement)?.[at]
      if (question === undefined) continue
      if (answer.startsWith('!')) {
        seen.failed.set(question, answer.slice(1))
        continue
      }
      seen.answered.add(question)
      for (const [digit, target] of question.targets.entries()) if (answer[digit] === '1') seen.reached.add(target)
    }
  }
  return { before, answered }
}
