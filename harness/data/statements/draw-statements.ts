import { Arbitrary, commands, type Random, sample, Value } from 'fast-check'
import { quoteIdentifier } from '../../postgres/index.ts'
import type { Dataset } from '../dataset.ts'
import { datasetArbitrary } from '../generate/dataset-arbitrary.ts'
import type { Exclusion } from '../generate/exclusion.ts'
import { sampleDatasets } from '../generate/sample-datasets.ts'
import type { GenerationPlan } from '../plan/model.ts'
import type { DrawnStatements, Statement, StatementClient, StatementForm } from './model.ts'
import { statementArbitrary } from './statement-arbitrary.ts'
import { StatementCommand } from './statement-command.ts'
import { statementTarget } from './target.ts'

export interface DrawStatementsOptions {
  /** Path of the relation that the statements are about. */
  readonly relation: string
  /** Paths of relations with a foreign key to it or from it, which clients write too. */
  readonly neighbours: readonly string[]
  /** What the database holds. */
  readonly held: Dataset
  readonly forms: ReadonlySet<StatementForm>
  readonly seed: number
  /** How many sequences; and how many statements the longest has. */
  readonly count: number
  readonly longest: number
  /** Attributes that no UPDATE sets to DEFAULT; none where not given. */
  readonly withoutDefault?: ReadonlySet<string> | undefined
  /** Whether a list that UPDATE or MERGE joins to may meet a row twice; default true. */
  readonly meetsTwice?: boolean | undefined
  readonly exclude?: readonly Exclusion[] | undefined
}

/** Sequences of statements about a relation, under a seed: the same ones each time. Empty where the plan does not know the relation. */
export function drawStatements(plan: GenerationPlan, options: DrawStatementsOptions): readonly DrawnStatements[] {
  const { relation, held, seed, count, longest } = options
  const targetOf = (path: string, salt: number) => {
    const arbitrary = datasetArbitrary(plan, {
      relations: [path],
      rows: { min: 6, max: 8 },
      profile: 'plausible',
      exclude: options.exclude ?? [],
    })
    const [drawn] = sampleDatasets(arbitrary, seed + salt, 1)
    return drawn === undefined ? undefined : statementTarget(plan, path, held, drawn)
  }
  const target = targetOf(relation, 1)
  if (target === undefined || target.columns.length === 0) return []
  const neighbours = options.neighbours.flatMap((path, at) => targetOf(path, at + 2) ?? []).filter((each) => each.columns.length > 0)
  const statement = statementArbitrary({
    target,
    neighbours,
    forms: options.forms,
    withoutDefault: new Set([...(options.withoutDefault ?? [])].map(quoteIdentifier)),
    meetsTwice: options.meetsTwice ?? true,
  })
  if (statement === undefined) return []
  const sequences = commands(
    [statement.map((each) => new StatementCommand(each))],
    // Each of them is as long as it may be now and then; what was drawn is saved as SQL, not as a path.
    { maxCommands: longest, size: 'max', disableReplayLog: true },
  )
  return sample(new WithShrinks(sequences), { seed, numRuns: count })
}

type Commands = DrawnStatements['commands']

/** Draws sequences together with their shrink trees, for callers that walk them against a server. */
class WithShrinks extends Arbitrary<DrawnStatements> {
  readonly #inner: Arbitrary<Commands>

  constructor(inner: Arbitrary<Commands>) {
    super()
    this.#inner = inner
  }

  override generate(random: Random, bias: number | undefined): Value<DrawnStatements> {
    for (;;) {
      const drawn = drawnOf(this.#inner, this.#inner.generate(random, bias))
      if (drawn.statements.length > 0) return new Value<DrawnStatements>(drawn, undefined)
    }
  }

  override canShrinkWithoutContext(_value: unknown): _value is DrawnStatements {
    return false
  }

  override shrink(): never {
    throw new Error('a drawn sequence shrinks itself')
  }
}

function drawnOf(inner: Arbitrary<Commands>, value: Value<Commands>): DrawnStatements {
  // Not `value.value`, which is a copy each time but the first: shrinking asks these commands which of them were run.
  const own = value.value_
  return {
    commands: own,
    statements: statementsOf(own),
    *shrink() {
      for (const smaller of inner.shrink(own, value.context)) yield drawnOf(inner, smaller)
    },
  }
}

function statementsOf(sequence: Commands): readonly Statement[] {
  const statements: Statement[] = []
  const listener: StatementClient = {
    expects: (statement) => statements.push(statement) > 0,
    send: async () => undefined,
  }
  for (const command of sequence) void command.check(listener)
  return statements
}
