import fc from 'fast-check'
import { exploreInterleavings, type InterleavingOptions, parseInterleaving, renderInterleaving, replayInterleaving } from 'godwit'
import { useCluster } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'
import { interleavingDiagram, interleavingLines } from '../../../harness/report/index.ts'

const accounts = {
  schema: 'CREATE TABLE account (id int PRIMARY KEY, cents int NOT NULL); CREATE TABLE other (LIKE account INCLUDING ALL)',
  rows: 'INSERT INTO account VALUES (1, 100), (2, 100); INSERT INTO other VALUES (1, 100)',
}
const explore = async (options: Omit<InterleavingOptions, 'schema'> & { readonly schema?: string }) =>
  exploreInterleavings(await useCluster(), { ...accounts, ...options })
const pay = (from: number, to: number) => [
  'BEGIN',
  `UPDATE account SET cents = cents - 10 WHERE id = ${from}`,
  `UPDATE account SET cents = cents + 10 WHERE id = ${to}`,
  'COMMIT',
]
const seed = fc.readConfigureGlobal().seed ?? 1

describe('interleavings', () => {
  test('of conflicting statements are run in every order', async () => {
    const raise = 'UPDATE account SET cents = cents + 1 WHERE id = 1'
    const found = await explore({ sessions: { a: [raise, raise], b: [raise, raise] } })
    // 4! / (2! · 2!)
    expect(found).toMatchObject({ outcome: 'holds', schedules: 6, exhaustive: true, waits: 0 })
    const three = await explore({ sessions: { a: [raise, raise], b: [raise, raise], c: [raise] } })
    expect(three).toMatchObject({ outcome: 'holds', schedules: 30, exhaustive: true })
  })

  test('that differ only in the order of statements on other tables are run once', async () => {
    const found = await explore({
      sessions: { a: ['UPDATE account SET cents = 1', 'SELECT * FROM account'], b: ['UPDATE other SET cents = 1', 'SELECT * FROM other'] },
    })
    expect(found).toMatchObject({ outcome: 'holds', schedules: 1, exhaustive: true })
  })

  test.each([
    ['that draw from one sequence', `nextval('ticket')`, `nextval('ticket')`, 2],
    ['that draw from one sequence by its name as a text', `nextval('ticket'::text)`, `nextval('ticket'::text)`, 2],
    ['that draw from a sequence in a function', 'next_ticket()', 'next_ticket()', 2],
    ['that draw from sequences of their own', `nextval('ticket')`, `nextval('stub')`, 1],
  ])('of INSERTs into two tables %s are run in each order that can differ', async (_, one, other, schedules) => {
    const found = await explore({
      schema: `CREATE SEQUENCE ticket; CREATE SEQUENCE stub;
        CREATE FUNCTION next_ticket() RETURNS bigint LANGUAGE sql AS $$ SELECT nextval('ticket') $$;
        CREATE TABLE guest (number bigint DEFAULT ${one}, name text); CREATE TABLE coat (number bigint DEFAULT ${other}, name text)`,
      rows: '',
      sessions: {
        a: [`INSERT INTO guest (name) VALUES ('a') RETURNING number`],
        b: [`INSERT INTO coat (name) VALUES ('b') RETURNING number`],
      },
    })
    expect(found).toMatchObject({ outcome: 'holds', schedules, exhaustive: true })
  })

  test('are no more than the budget, and then not exhaustive', async () => {
    const found = await explore({ sessions: { a: [...pay(1, 2), ...pay(1, 2)], b: pay(1, 2) }, schedules: 5, seed })
    expect(found).toMatchObject({ outcome: 'holds', schedules: 5, exhaustive: false })
  })

  test('count deadlocks as refusals that leave nothing behind, broken at the last to wait', async () => {
    const victims = new Set<boolean>()
    const found = await explore({
      sessions: { a: pay(1, 2), b: pay(2, 1) },
      judge: ({ statements }) => {
        const refused = statements.findIndex(({ told }) => 'sqlstate' in told && told.sqlstate === '40P01')
        if (refused >= 0) victims.add(statements.slice(refused + 1).every(({ answeredAfter }) => answeredAfter >= refused))
        return undefined
      },
    })
    expect(found).toMatchObject({ outcome: 'holds', exhaustive: true })
    expect(found.deadlocks).toBeGreaterThan(0)
    expect([...victims]).toEqual([true])
    const again = await explore({ sessions: { a: pay(1, 2), b: pay(2, 1) }, retries: 2 })
    expect(again).toMatchObject({ outcome: 'holds', retries: again.deadlocks })
    expect(again.retries).toBeGreaterThan(0)
  })

  test('answer a statement that waited before the next one is sent, once the lock is free', async () => {
    const late: unknown[] = []
    // Computed once more for the row as it is when the lock is free, which takes longer than a look at the locks.
    const slow = 'UPDATE account SET cents = (SELECT count(*) FROM generate_series(1, 100000) AS n WHERE n > account.cents) WHERE id = 1'
    const found = await explore({
      sessions: { a: [...pay(1, 2), 'SELECT 1', 'SELECT 2'], b: [slow, 'SELECT 3'] },
      judge: ({ statements }) => {
        const freed = statements.findIndex(({ sql }) => sql === 'COMMIT')
        late.push(...statements.filter(({ waitedFor, answeredAfter }) => waitedFor.length > 0 && answeredAfter !== freed))
        return undefined
      },
    })
    expect(found.waits).toBeGreaterThan(0)
    expect(late).toEqual([])
  })

  test('are judged by invariants on what is committed, after each statement', async () => {
    const invariants = { 'no money is lost': 'SELECT sum(cents) AS sum FROM account HAVING sum(cents) <> 200' }
    expect(await explore({ sessions: { a: pay(1, 2), b: pay(2, 1) }, invariants })).toMatchObject({ outcome: 'holds' })
    const bare = (from: number, to: number) => pay(from, to).slice(1, -1)
    const found = await explore({ sessions: { a: [...bare(1, 2), ...pay(1, 2)], b: bare(2, 1) }, invariants, serialOrder: false })
    expect(found.counterexample).toMatchObject({
      violation: {
        kind: 'no money is lost',
        message: expect.stringMatching(/^no money is lost is violated after statement 1: {"sum":"(190|210)"}$/),
      },
      turns: [expect.any(String)],
    })
    const byFunction = await explore({
      sessions: { a: bare(1, 2) },
      invariants: {
        sum: async (reader) =>
          (await reader.one<{ sum: string }>('SELECT sum(cents) FROM account')).sum === '200' ? [] : ['money is lost'],
      },
    })
    expect(byFunction.counterexample?.violation.message).toBe('sum is violated after statement 1: money is lost')
  })

  test('of a function find that it reads and writes in two statements', async () => {
    const take: InterleavingOptions['sessions'] = Object.fromEntries(
      ['a', 'b', 'c'].map((name) => [
        name,
        [
          async (client) => {
            const { rows } = await client.query<{ cents: number }>('SELECT cents FROM account WHERE id = $1', [1])
            const cents = (rows[0]?.cents ?? 0) - 60
            if (cents < 0) throw new Error('too little')
            await client.query('UPDATE account SET cents = $1 WHERE id = 1', [cents])
          },
        ],
      ]),
    )
    const found = await explore({ sessions: take, seed })
    expect(found.counterexample?.violation.kind).toBe('serial order')
    expect(found.counterexample?.turns.toSorted()).toHaveLength(4)
    expect(Object.keys(found.counterexample?.sessions ?? {})).toHaveLength(2)
  })

  test('any sessions at SERIALIZABLE are explained by a serial order', { timeout: 3_600_000 }, async () => {
    const id = fc.integer({ min: 1, max: 3 })
    const statement = fc.oneof(
      id.map((each) => `SELECT * FROM account WHERE id = ${each}`),
      fc.constant('SELECT count(*), sum(cents) FROM account'),
      id.map((each) => `UPDATE account SET cents = cents + ${each} WHERE id = ${each}`),
      id.map((each) => `DELETE FROM account WHERE id = ${each}`),
      id.map((each) => `INSERT INTO account VALUES (${each}, (SELECT count(*) FROM account))`),
      id.map((each) => `UPDATE account SET cents = (SELECT sum(cents) FROM account) WHERE id = ${each}`),
    )
    const session = fc.array(statement, { minLength: 1, maxLength: 3 }).map((each) => ['BEGIN', ...each, 'COMMIT'])
    const sessions = fc.oneof(fc.record({ a: session, b: session }), fc.record({ a: session, b: session, c: session }))
    const schedules = Number(process.env.GODWIT_SCHEDULES ?? 150)
    const found = await explore({ sessions, isolation: 'serializable', schedules, schedulesPerDraw: 5, seed })
    expect(found.counterexample === undefined ? '' : interleavingLines(found.counterexample).join('\n')).toBe('')
    expect(found.serializationFailures).toBeGreaterThan(0)
    const weaker = await explore({ sessions, isolation: 'repeatable read', schedules: 2_000, schedulesPerDraw: 5, seed })
    expect(weaker.outcome).toBe('violated')
  })
})

describe('a saved interleaving', () => {
  const lost = ['BEGIN', 'SELECT cents FROM account WHERE id = 1', 'UPDATE account SET cents = 7 WHERE id = 1', 'COMMIT']
  const wrong = async (sessions: InterleavingOptions['sessions']) => {
    const { counterexample } = await explore({ sessions, seed })
    if (counterexample === undefined) throw new Error('nothing is wrong')
    return counterexample
  }

  test('is read as it was written, and shows the same once more', async () => {
    const options = { ...accounts, sessions: { a: lost, b: lost } }
    const counterexample = await wrong(options.sessions)
    const saved = parseInterleaving(renderInterleaving(counterexample))
    expect(saved).toEqual(counterexample)
    expect(await replayInterleaving(await useCluster(), options, saved)).toEqual(counterexample)
  })

  test.each([
    ['', 'It is no JSON: Unexpected end of JSON input.'],
    ['null', 'Its version is not 1.'],
    ['{"version":1,"sessions":{"a":[1]}}', 'It has no sessions with steps.'],
    ['{"version":1,"sessions":{"a":{"steps":[{"sql":1}],"isolation":"serializable"}}}', 'It has no sessions with steps.'],
    ['{"version":1,"sessions":{},"turns":[1]}', 'It has no turns.'],
    ['{"version":1,"sessions":{},"turns":[]}', 'It has no violation.'],
  ])('%s is refused', (text, detail) => {
    expect(() => parseInterleaving(text)).toThrow(expect.objectContaining({ message: 'this is no saved interleaving', detail }))
  })

  test('is drawn with names and statements that cannot break the drawing', async () => {
    const name = 'end\n<b>#1;"é'
    const note = lost.map((each) => each.replace('WHERE', '/* ; # \n end <script> ```  */ WHERE'))
    const counterexample = await wrong({ [name]: note, b: lost })
    const lines = interleavingDiagram(counterexample).split('\n')
    expect(lines).toHaveLength(
      1 + 3 + counterexample.statements.length * 2 + counterexample.statements.filter(({ waitedFor }) => waitedFor.length > 0).length,
    )
    for (const line of lines.slice(1)) expect(line).toMatch(/^ {2}(participant (s\d|db) as [^;#<]|s\d->>db: |db-->>s\d: |Note over s\d: )/)
    expect(lines.join('')).not.toMatch(/<|`|[^\d];|#(?!\d+;)/)
    expect(interleavingLines(counterexample).join('')).not.toMatch(/\n/)
  })
})

test.each([
  [{}, 'there are no sessions to interleave'],
  [{ a: ['SELECT 1; SELECT 2'] }, 'a step is one statement'],
  [{ a: [{ operation: 'pay' }] }, 'there is no operation "pay"'],
] as const)('sessions that cannot be run are refused: %j', async (sessions, message) => {
  await expect(explore({ sessions })).rejects.toThrow(expect.objectContaining({ name: 'InputError', message }))
})
