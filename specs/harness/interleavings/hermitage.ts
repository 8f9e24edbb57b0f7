import type { Interleaving, IsolationLevel } from 'godwit'

/** Hermitage's tables and rows. */
export const schema = 'CREATE TABLE test (id int PRIMARY KEY, value int)'
export const rows = 'INSERT INTO test (id, value) VALUES (1, 10), (2, 20)'

/** One of Hermitage's tests for PostgreSQL: what each session does, and what it looks like when the anomaly shows. */
export interface HermitageTest {
  readonly name: string
  readonly sessions: Readonly<Record<string, readonly string[]>>
  /** Whether the sessions saw the anomaly. */
  readonly shows: (seen: Seen) => boolean
  /** Levels that prevent it, as published. */
  readonly preventedBy: readonly IsolationLevel[]
  /** Levels at which some serial order explains every interleaving; they may allow what is not the anomaly itself. */
  readonly serializableAt: readonly IsolationLevel[]
}

/** What is known of one interleaving. */
export interface Seen {
  /** Values that the n-th SELECT of a session returned, by id; undefined where it was not answered. */
  readonly read: (session: string, number: number) => Readonly<Record<number, number>> | undefined
  /** Whether the session was told that its transaction is committed. */
  readonly committed: (session: string) => boolean
  /** The rows at the end. */
  readonly end: Readonly<Record<number, number>>
}

const all: readonly IsolationLevel[] = ['read committed', 'repeatable read', 'serializable']
const repeatable: readonly IsolationLevel[] = ['repeatable read', 'serializable']
const serializable: readonly IsolationLevel[] = ['serializable']

const transaction = (...statements: readonly string[]) => ['BEGIN', ...statements, 'COMMIT']
const values = (read: Readonly<Record<number, number>> | undefined) => Object.values(read ?? {})

/** @see https://github.com/ept/hermitage/blob/master/postgres.md */
export const hermitageTests: readonly HermitageTest[] = [
  {
    name: 'G0: write cycles',
    sessions: {
      T1: transaction('UPDATE test SET value = 11 WHERE id = 1', 'UPDATE test SET value = 21 WHERE id = 2'),
      T2: transaction('UPDATE test SET value = 12 WHERE id = 1', 'UPDATE test SET value = 22 WHERE id = 2'),
    },
    shows: ({ end }) => (end[1] === 11) !== (end[2] === 21),
    preventedBy: all,
    serializableAt: all,
  },
  {
    name: 'G1a: aborted reads',
    sessions: {
      T1: ['BEGIN', 'UPDATE test SET value = 101 WHERE id = 1', 'ABORT'],
      T2: transaction('SELECT * FROM test', 'SELECT * FROM test'),
    },
    shows: ({ read }) => [1, 2].some((number) => read('T2', number)?.[1] === 101),
    preventedBy: all,
    serializableAt: all,
  },
  {
    name: 'G1b: intermediate reads',
    sessions: {
      T1: transaction('UPDATE test SET value = 101 WHERE id = 1', 'UPDATE test SET value = 11 WHERE id = 1'),
      T2: transaction('SELECT * FROM test', 'SELECT * FROM test'),
    },
    shows: ({ read }) => [1, 2].some((number) => read('T2', number)?.[1] === 101),
    preventedBy: all,
    serializableAt: repeatable,
  },
  {
    name: 'G1c: circular information flow',
    sessions: {
      T1: transaction('UPDATE test SET value = 11 WHERE id = 1', 'SELECT * FROM test WHERE id = 2'),
      T2: transaction('UPDATE test SET value = 22 WHERE id = 2', 'SELECT * FROM test WHERE id = 1'),
    },
    shows: ({ read }) => read('T1', 1)?.[2] === 22 && read('T2', 1)?.[1] === 11,
    preventedBy: all,
    serializableAt: serializable,
  },
  {
    name: 'OTV: observed transaction vanishes',
    sessions: {
      T1: transaction('UPDATE test SET value = 11 WHERE id = 1', 'UPDATE test SET value = 19 WHERE id = 2'),
      T2: transaction('UPDATE test SET value = 12 WHERE id = 1', 'UPDATE test SET value = 18 WHERE id = 2'),
      T3: transaction('SELECT * FROM test WHERE id = 1', 'SELECT * FROM test WHERE id = 2', 'SELECT * FROM test WHERE id = 1'),
    },
    // Once T3 has seen a transaction, it never again sees what was there before it.
    shows: ({ read }) => {
      const age = (value: number | undefined, order: readonly (number | undefined)[]) => order.indexOf(value)
      const later = (one: number, two: number) => one > two
      return [
        [10, 11, 12],
        [10, 12, 11],
      ].every((first) => {
        const second = first[1] === 11 ? [20, 19, 18] : [20, 18, 19]
        const [a, b, c] = [age(read('T3', 1)?.[1], first), age(read('T3', 2)?.[2], second), age(read('T3', 3)?.[1], first)]
        return later(a, b) || later(b, c)
      })
    },
    preventedBy: all,
    serializableAt: repeatable,
  },
  {
    name: 'PMP: predicate-many-preceders',
    sessions: {
      T1: transaction('SELECT * FROM test WHERE value = 30', 'SELECT * FROM test WHERE value % 3 = 0'),
      T2: transaction('INSERT INTO test (id, value) VALUES (3, 30)'),
    },
    shows: ({ read }) => read('T1', 1)?.[3] === undefined && read('T1', 2)?.[3] === 30,
    preventedBy: repeatable,
    serializableAt: repeatable,
  },
  {
    name: 'PMP for write predicates',
    sessions: {
      T1: transaction('UPDATE test SET value = value + 10'),
      T2: transaction('DELETE FROM test WHERE value = 20', 'SELECT * FROM test WHERE value = 20'),
    },
    shows: ({ read, committed }) => committed('T2') && values(read('T2', 1)).includes(20),
    preventedBy: repeatable,
    serializableAt: repeatable,
  },
  {
    name: 'P4: lost update',
    sessions: {
      T1: transaction('SELECT * FROM test WHERE id = 1', 'UPDATE test SET value = 11 WHERE id = 1'),
      T2: transaction('SELECT * FROM test WHERE id = 1', 'UPDATE test SET value = 11 WHERE id = 1'),
    },
    shows: ({ read, committed }) => committed('T1') && committed('T2') && read('T1', 1)?.[1] === 10 && read('T2', 1)?.[1] === 10,
    preventedBy: repeatable,
    serializableAt: repeatable,
  },
  {
    name: 'G-single: read skew',
    sessions: {
      T1: transaction('SELECT * FROM test WHERE id = 1', 'SELECT * FROM test WHERE id = 2'),
      T2: transaction(
        'SELECT * FROM test WHERE id = 1',
        'SELECT * FROM test WHERE id = 2',
        'UPDATE test SET value = 12 WHERE id = 1',
        'UPDATE test SET value = 18 WHERE id = 2',
      ),
    },
    shows: ({ read, committed }) => committed('T1') && read('T1', 1)?.[1] === 10 && read('T1', 2)?.[2] === 18,
    preventedBy: repeatable,
    serializableAt: repeatable,
  },
  {
    name: 'G-single with predicate dependencies',
    sessions: {
      T1: transaction('SELECT * FROM test WHERE value % 5 = 0', 'SELECT * FROM test WHERE value % 3 = 0'),
      T2: transaction('UPDATE test SET value = 12 WHERE value = 10'),
    },
    shows: ({ read }) => read('T1', 1)?.[1] === 10 && read('T1', 2)?.[1] === 12,
    preventedBy: repeatable,
    serializableAt: repeatable,
  },
  {
    name: 'G-single with a write predicate',
    sessions: {
      T1: transaction('SELECT * FROM test WHERE id = 1', 'DELETE FROM test WHERE value = 20'),
      T2: transaction('SELECT * FROM test', 'UPDATE test SET value = 12 WHERE id = 1', 'UPDATE test SET value = 18 WHERE id = 2'),
    },
    // T1 read what was before T2, and deletes among the rows that T2 has left.
    shows: ({ read, committed, end }) =>
      committed('T1') && committed('T2') && read('T1', 1)?.[1] === 10 && read('T2', 1)?.[2] === 20 && end[2] === 18,
    preventedBy: repeatable,
    serializableAt: repeatable,
  },
  {
    name: 'G2-item: write skew',
    sessions: {
      T1: transaction('SELECT * FROM test WHERE id IN (1, 2)', 'UPDATE test SET value = 11 WHERE id = 1'),
      T2: transaction('SELECT * FROM test WHERE id IN (1, 2)', 'UPDATE test SET value = 21 WHERE id = 2'),
    },
    shows: ({ read, committed }) => committed('T1') && committed('T2') && read('T1', 1)?.[2] === 20 && read('T2', 1)?.[1] === 10,
    preventedBy: serializable,
    serializableAt: serializable,
  },
  {
    name: 'G2: anti-dependency cycles',
    sessions: {
      T1: transaction('SELECT * FROM test WHERE value % 3 = 0', 'INSERT INTO test (id, value) VALUES (3, 30)'),
      T2: transaction('SELECT * FROM test WHERE value % 3 = 0', 'INSERT INTO test (id, value) VALUES (4, 42)'),
    },
    shows: ({ read, committed }) =>
      committed('T1') && committed('T2') && read('T1', 1)?.[4] === undefined && read('T2', 1)?.[3] === undefined,
    preventedBy: serializable,
    serializableAt: serializable,
  },
  {
    name: 'G2 with two anti-dependency edges',
    sessions: {
      T1: transaction('SELECT * FROM test', 'UPDATE test SET value = 0 WHERE id = 1'),
      T2: transaction('UPDATE test SET value = value + 5 WHERE id = 2'),
      T3: transaction('SELECT * FROM test'),
    },
    // T3 saw T2 and not T1, T1 did not see T2.
    shows: ({ read, committed }) =>
      ['T1', 'T2', 'T3'].every(committed) && read('T1', 1)?.[2] === 20 && read('T3', 1)?.[1] === 10 && read('T3', 1)?.[2] === 25,
    preventedBy: serializable,
    serializableAt: serializable,
  },
]

export function seenIn({ statements, endState }: Interleaving): Seen {
  const answersOf = (session: string, command: string) =>
    statements.flatMap((each) => (each.session === session && 'command' in each.told && each.told.command === command ? [each.told] : []))
  const byId = (found: readonly object[]) =>
    Object.fromEntries((found as readonly { readonly id: number; readonly value: number }[]).map(({ id, value }) => [id, value]))
  const left = (JSON.parse(endState) as readonly string[]).map((row) => JSON.parse(row) as object)
  return {
    read: (session, number) => {
      const answer = answersOf(session, 'SELECT')[number - 1]
      return answer === undefined ? undefined : byId(answer.rows)
    },
    committed: (session) => answersOf(session, 'COMMIT').length > 0,
    end: byId(left),
  }
}
