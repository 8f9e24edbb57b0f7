import type { BodyPlan, BodyTargets } from './bodies/body-plan.ts'
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
  /** The bodies to run once more with marks in them; undefined where nothing of them is left to reach. */
  readonly bodies: BodyCount | undefined
  /** The targets that it reached, and the questions that failed. */
  readonly seen: Seen
}

/** A run of marked bodies, which nothing is judged by. */
export interface BodyCount {
  readonly plan: BodyPlan
  /** Take the marks that were noted. */
  readonly counted: (marks: readonly number[]) => void
  /** The marked bodies could not be run. */
  readonly refused: (sqlstate: string) => void
}

interface Seen {
  bodies: 'none' | 'run' | { readonly refused: string }
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
  readonly #bodies: BodyPlan | undefined
  #bodiesSeen: Seen['bodies'] = 'none'
  readonly #reached = new Map<Target, number>()
  readonly #failed = new Map<Question, string>()
  readonly #answered = new Set<Question>()
  readonly #forbidden = new Map<Target, string>()
  /** How many noted runs have asked a question without learning anything. */
  readonly #vain = new Map<Question, number>()
  #batches = 0

  constructor(up: readonly StatementTargets[], down: readonly StatementTargets[], bodies?: BodyPlan) {
    this.#up = up
    this.#down = down
    this.#bodies = bodies
  }

  /** Decide what the runs of the next batch are asked. @param all  Also what was asked in vain for long. */
  plan(all = false): () => RunQuestions {
    this.#batches += 1
    const due = all || this.#batches % 4 === 0
    const [up, down] = [this.#up, this.#down].map((statements) => this.#asked(statements, due))
    const plan = this.#marked.some(({ target }) => !this.#reached.has(target)) ? this.#bodies : undefined
    return () => {
      const seen: Seen = { bodies: 'none', reached: new Set(), answered: new Set(), failed: new Map() }
      const bodies = plan === undefined ? undefined : countOf(plan, seen)
      return { up: askingOf(up ?? [], seen), down: askingOf(down ?? [], seen), bodies, seen }
    }
  }

  get #marked(): BodyTargets['marked'] {
    return this.#bodies?.bodies.flatMap(({ marked }) => marked) ?? []
  }

  /**
   * Note what a run has reached.
   *
   * @param run  Its number, from 1.
   * @returns How many targets it is the first to reach.
   */
  note(run: number, { seen }: RunQuestions): number {
    let news = 0
    if (this.#bodiesSeen !== 'run' && seen.bodies !== 'none') this.#bodiesSeen = seen.bodies
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
    for (const { target } of this.#marked) {
      const reason = because(target)
      if (reason !== undefined) this.#forbidden.set(target, reason)
    }
  }

  /** Targets that no run has reached, of questions that were answered. */
  left(): readonly Target[] {
    return this.measured().flatMap(({ target, state }) => (state === 'left' ? [target] : []))
  }

  /** Every target, in the order of the files. */
  measured(): readonly Measured[] {
    const ofStatements = [...this.#up, ...this.#down].flatMap(({ questions, silent }) => {
      const asked = questions.flatMap((question) => question.targets.map((target) => this.#measure(target, this.#unasked(question))))
      return inLines([...asked, ...silent.map(unreached)])
    })
    const ofBodies = (this.#bodies?.bodies ?? []).flatMap((body) => {
      const uncounted = this.#uncounted(body)
      return inLines([...body.marked.map(({ target }) => this.#measure(target, uncounted)), ...body.silent.map(unreached)])
    })
    return [...ofStatements, ...ofBodies]
  }

  /** @param unmeasured  Why nothing is known of it if no run has reached it; undefined where runs were asked. */
  #measure(target: Target, unmeasured: string | undefined): Measured {
    const run = this.#reached.get(target)
    if (run !== undefined) return { target, state: 'reached', run, because: undefined }
    const forbidden = this.#forbidden.get(target)
    if (forbidden !== undefined) return { target, state: 'infeasible', run: undefined, because: forbidden }
    return { target, state: unmeasured === undefined ? 'left' : 'unmeasured', run: undefined, because: unmeasured }
  }

  #unasked(question: Question): string | undefined {
    if (this.#answered.has(question)) return undefined
    const sqlstate = this.#failed.get(question)
    return sqlstate === undefined ? 'no run came so far' : `the server refuses the question (${sqlstate})`
  }

  #uncounted({ marked, ambiguous }: BodyTargets): string | undefined {
    if (this.#bodiesSeen === 'none') return 'no run came so far'
    if (this.#bodiesSeen !== 'run') return `the server refuses the copy that counts (${this.#bodiesSeen.refused})`
    const called = marked.find(({ target }) => target.outcome === 'called')
    return ambiguous && called !== undefined && !this.#reached.has(called.target)
      ? 'no run called it; another function of its name may be meant'
      : undefined
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

function unreached(target: Target): Measured {
  const state = target.infeasible === undefined ? 'unmeasured' : 'infeasible'
  return { target, state, run: undefined, because: target.infeasible ?? target.unmeasured }
}

function inLines(measured: readonly Measured[]): readonly Measured[] {
  return measured.toSorted((one, other) => one.target.line - other.target.line)
}

function countOf(plan: BodyPlan, seen: Seen): BodyCount {
  const targets = new Map(plan.bodies.flatMap(({ marked }) => marked.map(({ mark, target }) => [mark, target] as const)))
  return {
    plan,
    counted: (marks) => {
      seen.bodies = 'run'
      for (const mark of marks) {
        const target = targets.get(mark)
        if (target !== undefined) seen.reached.add(target)
      }
    },
    refused: (sqlstate) => {
      if (seen.bodies !== 'run') seen.bodies = { refused: sqlstate }
    },
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
