import { Arbitrary, array, type Random, sample, Value } from 'fast-check'
import type { Dataset } from '../dataset.ts'
import { datasetArbitrary } from '../generate/dataset-arbitrary.ts'
import type { Exclusion } from '../generate/exclusion.ts'
import { sampleDatasets } from '../generate/sample-datasets.ts'
import type { GenerationPlan } from '../plan/model.ts'
import type { DrawnStatements, Statement, StatementForm } from './model.ts'
import { statementArbitrary } from './statement-arbitrary.ts'
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
  readonly exclude?: readonly Exclusion[] | undefined
}

/** Sequences of statements about a relation, under a seed: the same ones each time. Empty where the plan does not know the relation. */
export function drawStatements(plan: GenerationPlan, options: DrawStatementsOptions): readonly DrawnStatements[] {
  const { relation, held, seed, count, longest } = options
  const targetOf = (path: string, salt: number) => {
    const arbitrary = datasetArbitrary(plan, {
      relations: [path],
      rows: { min: 3, max: 5 },
      profile: 'plausible',
      exclude: options.exclude ?? [],
    })
    const [drawn] = sampleDatasets(arbitrary, seed + salt, 1)
    return drawn === undefined ? undefined : statementTarget(plan, path, held, drawn)
  }
  const target = targetOf(relation, 1)
  if (target === undefined || target.columns.length === 0) return []
  const neighbours = options.neighbours.flatMap((path, at) => targetOf(path, at + 2) ?? []).filter((each) => each.columns.length > 0)
  const statement = statementArbitrary({ target, neighbours, forms: options.forms })
  return sample(new WithShrinks(array(statement, { minLength: 1, maxLength: longest })), { seed, numRuns: count })
}

/** Draws values together with their shrink trees, for callers that walk them against a server. */
class WithShrinks extends Arbitrary<DrawnStatements> {
  readonly #inner: Arbitrary<Statement[]>

  constructor(inner: Arbitrary<Statement[]>) {
    super()
    this.#inner = inner
  }

  override generate(random: Random, bias: number | undefined): Value<DrawnStatements> {
    return new Value<DrawnStatements>(drawnOf(this.#inner, this.#inner.generate(random, bias)), undefined)
  }

  override canShrinkWithoutContext(_value: unknown): _value is DrawnStatements {
    return false
  }

  override shrink(): never {
    throw new Error('a drawn sequence shrinks itself')
  }
}

function drawnOf(inner: Arbitrary<Statement[]>, value: Value<Statement[]>): DrawnStatements {
  return {
    statements: value.value,
    *shrink() {
      for (const smaller of inner.shrink(value.value, value.context)) yield drawnOf(inner, smaller)
    },
  }
}
