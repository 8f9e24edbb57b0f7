import type { HintCollector } from './hint-collector.ts'
import type { Columns, Reference, RelationNames } from './relation-names.ts'
import type { Scope } from './scope.ts'
import type { TypeNames } from './type-names.ts'

/** A walk through parse trees, as those see it who take over a part of it and hand what is inside back. */
export interface Walk {
  readonly hints: HintCollector
  readonly names: RelationNames
  readonly types: TypeNames
  /** One statement; `text` where bodies may have to be parsed again. Gives the columns that it returns. */
  statement(tree: unknown, scope: Scope | undefined, text?: string): Columns
  /** Any expression, with everything inside it. */
  expression(value: unknown, scope: Scope): void
  /** A check, a default, a predicate on one relation. */
  onRelation(expression: unknown, relation: Columns): void
  assign(target: Reference | undefined, value: unknown, scope: Scope): void
  /** What the target is filled from. */
  flow(target: Reference | undefined, sources: readonly Reference[]): void
}
