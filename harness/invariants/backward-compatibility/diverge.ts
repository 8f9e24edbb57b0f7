import { shownName } from '../../postgres/index.ts'
import type { Replayed, StatementOutcome } from './model.ts'

/** How a statement's two answers differ, as a client sees it. */
export interface Divergence {
  readonly kind: 'fails' | 'rows' | 'count' | 'type'
  /** Columns of the answer in which rows differ; the column or constraint that an error names. */
  readonly columns: readonly string[]
  readonly constraint: string | undefined
  readonly text: string
  /** The same as a clause after the statement: `returns 0 rows instead of 1`. */
  readonly clause: string
  /** Whether the statement itself went well, and only what it left behind differs. */
  readonly afterwards: boolean
}

/** The first difference between two answers to one statement; undefined where a client cannot tell them apart. */
export function divergenceOf(replayed: Replayed): Divergence | undefined {
  const own = difference(replayed.before, replayed.after, replayed)
  if (own !== undefined) return { ...own, afterwards: false }
  if (replayed.readBack === undefined) return undefined
  const { before, after } = replayed.readBack
  // What reads back has its own statement in the workload, which tells when that fails.
  if (before.outcome === 'failed' || after.outcome === 'failed') return undefined
  const left = difference(before, after, replayed)
  return left === undefined ? undefined : { ...left, text: `afterwards ${inRows(left.text)}`, afterwards: true }
}

/** What a read-back counts, as a sentence about rows: it answers `3`, or `3 rows, 1f0c…`, in a column with the name of the table. */
function inRows(text: string): string {
  const [, table, now, was] = /^(\S+) is '(\d+)(?: rows, \w+)?' instead of '(\d+)(?: rows, \w+)?'$/.exec(text) ?? []
  if (table === undefined || !/ rows, |^\S+\.\S+ /.test(text)) return text
  return now === was ? `${shownName(table)} has other values` : `${shownName(table)} has ${now} rows instead of ${was}`
}

function difference(
  before: StatementOutcome,
  answer: StatementOutcome,
  { unsteady, operation }: Pick<Replayed, 'unsteady' | 'operation'>,
): Omit<Divergence, 'afterwards'> | undefined {
  const none = { columns: [], constraint: undefined }
  if (answer.outcome === 'failed') {
    if (before.outcome === 'failed' && before.sqlstate === answer.sqlstate) return undefined
    const error = `${answer.message} (${answer.sqlstate})`
    const was = before.outcome === 'failed' ? `; before the migration the error was: ${before.message} (${before.sqlstate})` : ''
    const column = answer.column ?? (answer.sqlstate === '42703' ? /column "?(?:[^".]+\.)?([^".]+)"?/.exec(answer.message)?.[1] : undefined)
    return {
      kind: 'fails',
      columns: column === undefined ? [] : [column],
      constraint: answer.constraint,
      text: `${error}${was}`,
      clause: `fails: ${error}${was}`,
    }
  }
  if (before.outcome === 'failed')
    return {
      ...none,
      kind: 'fails',
      text: `it succeeds; before the migration it failed: ${before.message} (${before.sqlstate})`,
      clause: `succeeds; before the migration it failed: ${before.message} (${before.sqlstate})`,
    }
  if (before.count !== answer.count) {
    const counts = `${answer.count === 1 ? '1 row' : `${answer.count} rows`} instead of ${before.count}`
    return { ...none, kind: 'count', text: counts, clause: `${doing[operation]} ${counts}` }
  }
  const positions = positionsOf(before, answer)
  if (positions === undefined) {
    const names = (outcome: typeof before) => outcome.columns.map((each) => each.name).join(', ')
    const text = `the columns ${names(answer)} instead of ${names(before)}`
    return { ...none, kind: 'type', text, clause: `returns ${text}` }
  }
  const after = {
    ...answer,
    columns: positions.flatMap((at) => answer.columns[at] ?? []),
    rows: answer.rows.map((row) => positions.map((at) => row[at] ?? null)),
  }
  const types = before.columns.flatMap((column, at) => {
    const now = after.columns[at]
    return now === undefined ||
      now.typeOid === column.typeOid ||
      column.typeOid >= firstUserOid ||
      now.typeOid >= firstUserOid ||
      areTexts(column, now)
      ? []
      : [column.name]
  })
  const steady = before.columns.flatMap((each, at) => (unsteady.has(each.name) ? [] : [at]))
  const [left, right] = [shown(before, steady), shown(after, steady)]
  if (left.join('\n') !== right.join('\n')) {
    const columns = steady.filter((at) => shown(before, [at]).join('\n') !== shown(after, [at]).join('\n'))
    const { at, was, now } = example(before, after, [...columns, ...steady])
    const name = before.columns[at]?.name ?? ''
    return {
      ...none,
      kind: 'rows',
      columns: columns.map((each) => before.columns[each]?.name ?? ''),
      text: `${name} is ${show(now)} instead of ${show(was)}`,
      clause: `returns ${show(now)} in ${name} instead of ${show(was)}`,
    }
  }
  const text = `${types.join(', ')} with ${types.length === 1 ? 'another type' : 'other types'}`
  return types.length === 0 ? undefined : { ...none, kind: 'type', columns: types, text, clause: `returns ${text}` }
}

const doing = { read: 'returns', insert: 'inserts', update: 'changes', delete: 'deletes', statement: 'returns or changes' } as const

const firstUserOid = 16384
const texts = new Set([25, 1043])

function areTexts(left: { readonly typeOid: number }, right: { readonly typeOid: number }): boolean {
  return texts.has(left.typeOid) && texts.has(right.typeOid)
}

/** Where the columns of one answer stand in another, in their order. What `*` gives beside them clients pass over, for they read by name. */
function positionsOf(before: Answered, after: Answered): readonly number[] | undefined {
  const positions: number[] = []
  for (const [at, { name }] of after.columns.entries()) if (before.columns[positions.length]?.name === name) positions.push(at)
  return positions.length === before.columns.length ? positions : undefined
}

/** Rows in no order: a statement without ORDER BY promises none. */
function shown({ rows }: { readonly rows: readonly (readonly (string | null)[])[] }, columns: readonly number[]): readonly string[] {
  return rows.map((row) => JSON.stringify(columns.map((at) => row[at] ?? null))).sort()
}

type Answered = Extract<StatementOutcome, { outcome: 'answered' }>

interface Example {
  /** Place of the column. */
  readonly at: number
  readonly was: string | null
  readonly now: string | null
}

/** A row that only the first answer has, beside the one most like it of those that only the second has: the first column that differs. */
function example(before: Answered, after: Answered, columns: readonly number[]): Example {
  const gone = surplus(before, after, columns)[0] ?? []
  const agreement = (row: readonly (string | null)[]) => columns.filter((at) => row[at] === gone[at]).length
  const came = surplus(after, before, columns).reduce((best, row) => (agreement(row) > agreement(best) ? row : best))
  const at = columns.find((each) => gone[each] !== came[each]) ?? 0
  return { at, was: gone[at] ?? null, now: came[at] ?? null }
}

/** The rows of one answer that another lacks, as often as it lacks them. */
function surplus(of: Answered, other: Answered, columns: readonly number[]): Answered['rows'] {
  const text = (row: readonly (string | null)[]) => JSON.stringify(columns.map((at) => row[at] ?? null))
  const left = new Map<string, number>()
  for (const row of other.rows) left.set(text(row), (left.get(text(row)) ?? 0) + 1)
  return of.rows.filter((row) => {
    const count = left.get(text(row)) ?? 0
    left.set(text(row), count - 1)
    return count <= 0
  })
}

function show(cell: string | null): string {
  return cell === null ? 'NULL' : `'${cell.length > 40 ? `${cell.slice(0, 37)}…` : cell}'`
}
