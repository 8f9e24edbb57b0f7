import type { Sent } from '../../../harness/recording/model.ts'
import { type Bookkeeping, type RecordedStatement, readStatements } from '../../../harness/recording/statements.ts'

/** A text that was sent and answered well, outside of a transaction, unless `more` says otherwise. */
export function sentText(text: string, more: Partial<Sent> = {}): Sent {
  return {
    connection: 0,
    text,
    parameters: [],
    parameterTypes: [],
    transaction: undefined,
    copyData: undefined,
    completed: 1,
    error: undefined,
    transactionAfter: more.transaction,
    ...more,
  }
}

/** A tool with a list `steps` (column `name`) and a table `steps_lock`. */
export const bookkeeping: Bookkeeping = {
  tables: new Set(['steps', 'steps_lock']),
  list: 'steps',
  columns: ['name'],
  order: ['id', 'name'],
  volatile: new Set(['nextval', 'setval']),
}

export function read(...sent: readonly (Sent | string)[]): readonly RecordedStatement[] {
  return readStatements(
    sent.map((each) => (typeof each === 'string' ? sentText(each) : each)),
    bookkeeping,
  )
}

/** Texts in one transaction, with its BEGIN, and its end unless that is left open. */
export function block(
  transaction: number,
  texts: readonly (string | Partial<Sent>)[],
  end: 'COMMIT' | 'ROLLBACK' | undefined = 'COMMIT',
): Sent[] {
  return [
    sentText('BEGIN', { transactionAfter: transaction }),
    ...texts.map((each) =>
      typeof each === 'string' ? sentText(each, { transaction }) : sentText(each.text ?? '', { transaction, ...each }),
    ),
    ...(end === undefined ? [] : [sentText(end, { transaction, transactionAfter: undefined })]),
  ]
}

export const failure = { sqlstate: '22012', message: 'division by zero' } as const
