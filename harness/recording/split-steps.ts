import { asText, fieldsOf } from '../migration/index.ts'
import type { StatementErrorFields } from '../postgres/index.ts'
import { kindOf, type RecordedStatement } from './statements.ts'

/** What a tool sent for one of its steps (or for several that it noted at once). */
export interface SentStep {
  /** As the tool notes them; empty for the step at which it stopped. */
  readonly names: readonly string[]
  /** Everything since the step before it, in order. */
  readonly statements: readonly RecordedStatement[]
  /** The error that the tool stopped at. */
  readonly error: StatementErrorFields | undefined
}

export interface Split {
  readonly steps: readonly SentStep[]
  /** What was sent behind the last step. */
  readonly rest: readonly RecordedStatement[]
}

/**
 * Divide what a tool sent at each statement that notes a step as applied (or takes it back). What had no effect is left out: statements that
 * were rolled back, and failures that the program went on from.
 *
 * @param stopped  Whether the tool ended with an error.
 */
export function splitSteps(statements: readonly RecordedStatement[], direction: 'up' | 'down', stopped: boolean): Split {
  const lastError = stopped ? statements.findLast(({ error }) => error !== undefined) : undefined
  const effective = withoutVain(statements, lastError)
  const steps: SentStep[] = []
  let since: RecordedStatement[] = []
  for (const statement of effective) {
    since.push(statement)
    const names = statement.error !== undefined ? [] : ((direction === 'up' ? statement.noted?.added : statement.noted?.removed) ?? [])
    if (names.length === 0) continue
    const last = steps.at(-1)
    // A tool that notes one step in several rows, or a second time.
    if (last !== undefined && !since.some(({ role }) => role === 'migration') && names.every((name) => last.names.includes(name))) continue
    steps.push({ names, statements: since, error: undefined })
    since = []
  }
  if (lastError === undefined || !since.includes(lastError)) return { steps, rest: since }
  return { steps: [...steps, { names: [], statements: since, error: lastError.error }], rest: [] }
}

function withoutVain(statements: readonly RecordedStatement[], lastError: RecordedStatement | undefined): readonly RecordedStatement[] {
  const undone = new Set<RecordedStatement>()
  const byTransaction = new Map<number, RecordedStatement[]>()
  for (const statement of statements) {
    if (statement.transaction === undefined) {
      if (statement.error !== undefined) undone.add(statement)
      continue
    }
    const block = byTransaction.get(statement.transaction) ?? []
    byTransaction.set(statement.transaction, block)
    for (const each of undoneBy(statement, block)) undone.add(each)
    block.push(statement)
  }
  // What the failed run sent in its last block is the step at which it stopped, and those before it in the same block.
  if (lastError !== undefined) {
    undone.delete(lastError)
    const block = lastError.transaction === undefined ? [] : (byTransaction.get(lastError.transaction) ?? [])
    const partly = new Set(
      block.flatMap((statement, at) =>
        kindOfText(statement) === 'TRANS_STMT_ROLLBACK_TO' ? [...undoneBy(statement, block.slice(0, at))] : [],
      ),
    )
    for (const each of block) if (!partly.has(each)) undone.delete(each)
  }
  return statements.filter((statement) => !undone.has(statement))
}

/** What a statement takes back of the block before it. */
function undoneBy(statement: RecordedStatement, block: readonly RecordedStatement[]): readonly RecordedStatement[] {
  const kind = kindOfText(statement)
  if (statement.error !== undefined) return []
  if (kind === 'TRANS_STMT_ROLLBACK') return block
  // A block that has failed is rolled back by COMMIT too.
  if (kind === 'TRANS_STMT_COMMIT') return hasFailed(block) ? block : []
  if (kind !== 'TRANS_STMT_ROLLBACK_TO') return []
  const name = savepointOf(statement)
  const from = block.findLastIndex((each) => kindOfText(each) === 'TRANS_STMT_SAVEPOINT' && savepointOf(each) === name)
  return from < 0 ? [] : block.slice(from + 1)
}

function hasFailed(block: readonly RecordedStatement[]): boolean {
  const failed = block.findLastIndex(({ error }) => error !== undefined)
  return failed >= 0 && !block.slice(failed).some((each) => kindOfText(each) === 'TRANS_STMT_ROLLBACK_TO')
}

function kindOfText({ parsed }: RecordedStatement): string {
  return parsed === undefined ? '' : kindOf(parsed)
}

function savepointOf({ parsed }: RecordedStatement): string {
  return asText(fieldsOf(parsed?.tree, 'TransactionStmt')?.savepoint_name) ?? ''
}
