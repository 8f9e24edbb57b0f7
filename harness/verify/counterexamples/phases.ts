import type { SavedSequence } from '../equivalence/index.ts'

/** What a counterexample file sends, in order. */
export interface Steps {
  /** Roles that the SQL names, where they are not there. */
  readonly rolesSql?: readonly string[] | undefined
  readonly legacySql: readonly string[]
  /** INSERTs or COPY blocks. */
  readonly rowsSql: string
  readonly upSql: string
  /** What is written to the migrated database before `down`. */
  readonly writtenSql?: string | undefined
  readonly downSql?: string | undefined
  /** Whether `up` runs once more after `down`. */
  readonly upAgain?: boolean | undefined
  /** How `upSql` is sent; `transaction` wraps it in BEGIN and COMMIT. Default: as it stands. */
  readonly mode?: 'transaction' | 'message' | 'autocommit' | undefined
  /** The same of `downSql`. Default: as `upSql`. */
  readonly downMode?: 'transaction' | 'message' | 'autocommit' | undefined
  /** SELECTs on the legacy, the migrated and the reverted database. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly reverted: readonly string[]
}

export type PhaseName =
  | 'roles'
  | 'legacy'
  | 'rows'
  | 'before'
  | 'table'
  | 'up'
  | 'view'
  | 'after'
  | 'written'
  | 'down'
  | 'reverted'
  | 'again'
  | 'afterwards'

/** One part of a counterexample: what is sent over a connection of its own. */
export interface Phase {
  readonly name: PhaseName
  readonly title: string
  readonly sql: readonly string[]
  /** Whether an error inside a transaction undoes its own statement only, and how many rows a statement wrote is told. */
  readonly asClient: boolean
}

/** The phases of a counterexample: the file holds them, and the check before it is saved sends them. */
export function phasesOf(steps: Steps, sequence: SavedSequence | undefined): readonly Phase[] {
  const { rolesSql = [], writtenSql, downSql, upAgain = false, mode, downMode = mode } = steps
  const phase = (name: PhaseName, title: string, sql: readonly string[], asClient = false): Phase => ({ name, title, sql, asClient })
  const up = wrapped(steps.upSql, mode)
  return [
    ...(rolesSql.length === 0 ? [] : [phase('roles', 'roles that the SQL names', rolesSql)]),
    phase('legacy', 'legacy schema', steps.legacySql),
    phase('rows', 'legacy rows', [steps.rowsSql]),
    phase('before', 'what it looks like before', steps.before),
    ...(sequence === undefined ? [] : [phase('table', 'the statements on the table', sentThenUndone(sequence, steps.before), true)]),
    phase('up', 'up', [up]),
    ...(sequence === undefined ? [] : [phase('view', 'the statements on the view', sentThenUndone(sequence, steps.before), true)]),
    phase('after', 'what it looks like after', steps.after),
    ...(writtenSql === undefined ? [] : [phase('written', 'rows written after up', [writtenSql])]),
    ...(downSql === undefined
      ? []
      : [phase('down', 'down', [wrapped(downSql, downMode)]), phase('reverted', 'what it looks like after down', steps.reverted)]),
    ...(upAgain ? [phase('again', 'up once more', [up]), phase('afterwards', 'what it looks like after the second up', steps.after)] : []),
  ]
}

/** Each statement by itself in a transaction, as a client would send it, and the rows that it leaves; then all is undone. */
function sentThenUndone({ statements }: SavedSequence, look: readonly string[]): readonly string[] {
  const sent = statements.flatMap(({ parts, copyData }) =>
    copyData === undefined ? parts : parts.map((part) => `${part};\n${copyData}\\.\n`),
  )
  return ['BEGIN', ...sent, ...look, 'ROLLBACK']
}

/** A text may end in a comment, so whether its last statement is closed cannot be told by its last character. An empty one does nothing. */
export function terminated(sql: string): string {
  return `${sql}\n;`
}

function wrapped(sql: string, mode: Steps['mode']): string {
  return mode === 'transaction' ? `BEGIN;\n${terminated(sql)}\nCOMMIT` : sql
}
