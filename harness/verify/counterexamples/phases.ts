import { quoteIdentifier, quoteLiteral } from '../../postgres/index.ts'
import type { ShownInterleaving, ShownSequence } from '../../result/index.ts'
import type { Phase as RunPhase } from '../../run/index.ts'

/** What a counterexample file sends, in order. */
export interface Steps {
  /** Roles that the SQL names, where they are not there. */
  readonly rolesSql?: readonly string[] | undefined
  readonly legacySql: readonly string[]
  /** INSERTs or COPY blocks. */
  readonly rowsSql: string
  /** What is done to the legacy database, in this order. Default: `up`, then what was written and `down`, where they are given. */
  readonly way?: readonly RunPhase[] | undefined
  readonly upSql: string
  /** What is written to the migrated database. */
  readonly writtenSql?: string | undefined
  readonly downSql?: string | undefined
  /** How `upSql` is sent; `transaction` wraps it in BEGIN and COMMIT. Default: as it stands. */
  readonly mode?: 'transaction' | 'message' | 'autocommit' | undefined
  /** The same of `downSql`. Default: as `upSql`. */
  readonly downMode?: 'transaction' | 'message' | 'autocommit' | undefined
  /** What two sessions do: the file says it, and does not do it. */
  readonly interleaving?: ShownInterleaving | undefined
  /** Settings of the sessions in which `up` and `down` run. */
  readonly settings?: Readonly<Record<string, string>> | undefined
  /** SELECTs on the legacy, the migrated and the reverted database. */
  readonly before: readonly string[]
  readonly after: readonly string[]
  readonly reverted: readonly string[]
}

/** One part of a counterexample: what is sent over a connection of its own. */
export interface Phase {
  /** `roles`, `legacy`, `rows`, `before`; `table` and `view` for a sequence; `step 1` and `look 1` for what is done and looked at first, and so on. */
  readonly name: string
  readonly title: string
  readonly sql: readonly string[]
  /** Whether an error inside a transaction undoes its own statement only, and how many rows a statement wrote is told. */
  readonly asClient: boolean
  /** Whether it is the migration's own step. */
  readonly ofMigration: boolean
  /** Whether it is what was written after `up`. */
  readonly written: boolean
}

/** What is done to the legacy database. */
export function wayOf({ way, writtenSql, downSql }: Pick<Steps, 'way' | 'writtenSql' | 'downSql'>): readonly RunPhase[] {
  if (way !== undefined) return way
  return ['up', ...(writtenSql === undefined ? [] : ['write' as const]), ...(downSql === undefined ? [] : ['down' as const])]
}

/** The phases of a counterexample: the file holds them, and the check before it is saved sends them. */
export function phasesOf(steps: Steps, sequence: ShownSequence | undefined): readonly Phase[] {
  const { rolesSql = [] } = steps
  return [
    ...(rolesSql.length === 0 ? [] : [phase('roles', 'roles that the SQL names', rolesSql)]),
    phase('legacy', 'legacy schema', steps.legacySql),
    phase('rows', 'legacy rows', [steps.rowsSql]),
    phase('before', 'what it looks like before', steps.before),
    ...(sequence === undefined ? [] : [sentThenUndone('table', 'the statements on the table', sequence, steps.before)]),
    ...(steps.interleaving === undefined ? [] : [phase('interleaving', interleavingTitle, [asComments(steps.interleaving)])]),
    ...wayOf(steps).flatMap((each, at, way) => {
      const times = way.slice(0, at + 1).filter((other) => other === each).length
      return stepPhases(steps, each, { at: at + 1, times, sequence: at === 0 ? sequence : undefined })
    }),
  ]
}

const interleavingTitle = 'two sessions, one statement after the other (godwit replay runs them)'

function asComments({ statements }: ShownInterleaving): string {
  return statements.map((each) => `-- ${each.replaceAll(/\s+/g, ' ')}`).join('\n')
}

function stepPhases(
  steps: Steps,
  step: RunPhase,
  { at, times, sequence }: { readonly at: number; readonly times: number; readonly sequence: ShownSequence | undefined },
): readonly Phase[] {
  const { mode, downMode = mode, writtenSql = '', downSql = '' } = steps
  const [name, look] = [`step ${at}`, `look ${at}`]
  if (step === 'write') return [{ ...phase(name, 'rows written after up', [writtenSql]), written: true }]
  const [sql, title, looks] =
    step === 'up'
      ? [wrapped(steps.upSql, mode), ['up', 'up once more'][times - 1] ?? `up, time ${times}`, steps.after]
      : [wrapped(downSql, downMode), ['down', 'down once more'][times - 1] ?? `down, time ${times}`, steps.reverted]
  const after = step === 'up' ? (times === 1 ? 'after' : 'after the second up') : times === 1 ? 'after down' : 'after the second down'
  return [
    { ...phase(name, title, [...settingStatements(steps.settings), sql]), ofMigration: true },
    ...(sequence === undefined ? [] : [sentThenUndone('view', 'the statements on the view', sequence, steps.before)]),
    phase(look, `what it looks like ${times > 2 ? `after ${title}` : after}`, looks),
  ]
}

function settingStatements(settings: Steps['settings'] = {}): readonly string[] {
  return Object.entries(settings).map(([name, value]) => `SET ${quoteIdentifier(name)} = ${quoteLiteral(value)}`)
}

function phase(name: string, title: string, sql: readonly string[]): Phase {
  return { name, title, sql, asClient: false, ofMigration: false, written: false }
}

/** Each statement by itself in a transaction, as a client would send it, and the rows that it leaves; then all is undone. */
function sentThenUndone(name: string, title: string, { statements }: ShownSequence, look: readonly string[]): Phase {
  const sent = statements.flatMap(({ parts, copyData }) =>
    copyData === undefined ? parts : parts.map((part) => `${part};\n${copyData}\\.\n`),
  )
  return { ...phase(name, title, ['BEGIN', ...sent, ...look, 'ROLLBACK']), asClient: true }
}

/** A text may end in a comment, so whether its last statement is closed cannot be told by its last character. An empty one does nothing. */
export function terminated(sql: string): string {
  return `${sql}\n;`
}

function wrapped(sql: string, mode: Steps['mode']): string {
  return mode === 'transaction' ? `BEGIN;\n${terminated(sql)}\nCOMMIT` : sql
}
