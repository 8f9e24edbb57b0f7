import { describe, expect, test } from 'vitest'
import { applyStep, parseScript, type Script, type Step } from '../../../harness/migration/index.ts'
import { type Database, type Session, StatementError } from '../../../harness/postgres/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'

const step = (text: string, mode?: Script['mode']): Step & { kind: 'sql' } => ({
  kind: 'sql',
  script: parseScript('up.sql', text, mode === undefined ? {} : { mode }),
})

async function onDatabase(work: (session: Session, database: Database) => Promise<void>): Promise<void> {
  await using database = await (await useCluster()).createDatabase()
  await using session = await database.connect({ as: 'owner' })
  await work(session, database)
}

const relations = async (session: Session) =>
  (
    await session.query<{ name: string }>(
      "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1",
    )
  ).map((row) => row.name)

/** Whether a transaction is open: it would have begun at an earlier statement. Simple protocol, where one statement is one message. */
const inTransaction = async (session: Session) => {
  const [result] = await session.script('SELECT statement_timestamp() <> transaction_timestamp()')
  return result?.rows[0]?.[0] === 't'
}

const applied = { outcome: 'applied', durationMs: expect.any(Number), notices: [] }

describe('a script in a transaction', () => {
  test('is applied whole', () =>
    onDatabase(async (session) => {
      const result = await applyStep(
        session,
        step('CREATE TABLE a (id int);\nSAVEPOINT s; INSERT INTO a VALUES (1); ROLLBACK TO s; CREATE TABLE b ()'),
      )
      expect(result).toEqual(applied)
      expect([await relations(session), await inTransaction(session)]).toEqual([['a', 'b'], false])
    }))

  test('that fails leaves nothing, and tells statement, line, SQLSTATE, detail and hint', () =>
    onDatabase(async (session) => {
      const script = step("CREATE TABLE a (id int CHECK (id > 0));\n\n-- é😀\nINSERT INTO a\nSELECT '😀', nope\n  FROM a;\nSELECT 1")
      expect(await applyStep(session, script)).toEqual({
        outcome: 'failed',
        durationMs: expect.any(Number),
        failure: expect.objectContaining({ sqlstate: '42703', index: 1, line: 5, file: 'up.sql', statement: script.script.statements[1] }),
      })
      const refused = await applyStep(session, step('CREATE TABLE a (id int CHECK (id > 0));\nINSERT INTO a\n VALUES (0);'))
      expect(refused).toMatchObject({
        failure: { sqlstate: '23514', line: 2, constraint: 'a_id_check', table: 'a', detail: 'Failing row contains (0).' },
      })
      expect([await relations(session), await inTransaction(session)]).toEqual([[], false])
    }))

  test('that fails inside a body tells the line of the statement', () =>
    onDatabase(async (session) => {
      const result = await applyStep(session, step('SELECT 1;\nDO $$\nBEGIN\n  PERFORM 1 / 0;\nEND $$;'))
      expect(result).toMatchObject({ failure: { sqlstate: '22012', line: 2, index: 1 } })
    }))

  test.each(['transaction', 'message'] as const)('that fails at COMMIT tells so, and blames the last statement: %s', (mode) =>
    onDatabase(async (session) => {
      const text =
        'CREATE TABLE a (id int PRIMARY KEY);\nCREATE TABLE b (a int REFERENCES a DEFERRABLE INITIALLY DEFERRED);\nINSERT INTO b VALUES (1);'
      expect(await applyStep(session, step(text, mode))).toMatchObject({
        outcome: 'failed',
        failure: {
          sqlstate: '23503',
          index: 3,
          statement: { node: 'InsertStmt' },
          line: 3,
          constraint: 'b_a_fkey',
          message: expect.stringMatching(/^at commit: insert or update/),
        },
      })
      expect([await relations(session), await inTransaction(session)]).toEqual([[], false])
    }),
  )

  test('copies its inline rows, and reads away what it copies out', () =>
    onDatabase(async (session) => {
      expect(
        await applyStep(
          session,
          step('CREATE TABLE a (id int, b text);\nCOPY a FROM stdin;\n1\tx\n2\t\\N\n\\.\nCOPY a TO stdout;\nSELECT 1;'),
        ),
      ).toEqual(applied)
      expect(await session.query('SELECT * FROM a ORDER BY id')).toEqual([
        { id: 1, b: 'x' },
        { id: 2, b: null },
      ])
      expect(await applyStep(session, step('COPY a FROM stdin;\nx\ty\n\\.\n'))).toMatchObject({
        failure: { sqlstate: '22P02', index: 0, line: 1 },
      })
      expect(await inTransaction(session)).toBe(false)
    }))
})

describe('a script one by one', () => {
  test('keeps what ran before the failure', () =>
    onDatabase(async (session) => {
      const script = step(
        '-- godwit: no-transaction\nCREATE TABLE a (id int);\nCREATE INDEX CONCURRENTLY ON a (id);\nSELECT nope;\nCREATE TABLE b ();',
      )
      expect(await applyStep(session, script)).toMatchObject({ outcome: 'failed', failure: { sqlstate: '42703', index: 2, line: 4 } })
      expect(await relations(session)).toEqual(['a'])
    }))

  test('has its own BEGIN and COMMIT honoured, and rolled back when it fails between them', () =>
    onDatabase(async (session) => {
      const script = step('BEGIN; CREATE TABLE a (); COMMIT;\nBEGIN; CREATE TABLE b ();\nSELECT nope; COMMIT;')
      expect(await applyStep(session, script)).toMatchObject({ failure: { sqlstate: '42703', index: 5, line: 2 + 1 } })
      expect([await relations(session), await inTransaction(session)]).toEqual([['a'], false])
    }))

  test('that never commits has done nothing', () =>
    onDatabase(async (session) => {
      expect(await applyStep(session, step('BEGIN; CREATE TABLE a ();'))).toEqual(applied)
      expect([await relations(session), await inTransaction(session)]).toEqual([[], false])
    }))
})

describe('a script in one message', () => {
  test('is one transaction', () =>
    onDatabase(async (session) => {
      const text = 'CREATE TABLE a (id int);\nINSERT INTO a VALUES (1);\n\nINSERT INTO a\n SELECT 1/(id-1) FROM a;\nCREATE TABLE b ()'
      expect(await applyStep(session, step(text, 'message'))).toMatchObject({
        failure: { sqlstate: '22012', index: 2, line: 4, statement: { offset: text.indexOf('INSERT INTO a\n SELECT') } },
      })
      expect([await relations(session), await inTransaction(session)]).toEqual([[], false])
      expect(await applyStep(session, step('CREATE TABLE a (id int); CREATE TABLE b ()', 'message'))).toEqual(applied)
      expect(await relations(session)).toEqual(['a', 'b'])
    }))

  test('tells the line of an error that has a position', () =>
    onDatabase(async (session) => {
      const text = "SELECT '😀é';\n-- é\nSELECT 1,\n '😀', nope;\nSELECT 2"
      expect(await applyStep(session, step(text, 'message'))).toMatchObject({ failure: { sqlstate: '42703', index: 1, line: 4 } })
    }))

  test('cannot build an index concurrently among other statements, and can alone', () =>
    onDatabase(async (session) => {
      await session.script('CREATE TABLE a (id int)')
      const alone = 'CREATE INDEX CONCURRENTLY i ON a (id);'
      expect(await applyStep(session, step(`SELECT 1;\n${alone}`, 'message'))).toMatchObject({
        failure: { sqlstate: '25001', index: 1, line: 2 },
      })
      expect(await applyStep(session, step(alone, 'message'))).toEqual(applied)
    }))

  test('that fails after its own COMMIT leaves the first part and no transaction', () =>
    onDatabase(async (session) => {
      const text = 'BEGIN; CREATE TABLE a (); COMMIT; BEGIN; SELECT 1/0; COMMIT'
      expect(await applyStep(session, step(text, 'message'))).toMatchObject({ failure: { sqlstate: '22012' } })
      expect([await relations(session), await inTransaction(session)]).toEqual([['a'], false])
    }))
})

describe('inside a transaction of the caller', () => {
  test('nothing is committed, and a failure leaves it to be rolled back', () =>
    onDatabase(async (session) => {
      for (const mode of ['transaction', 'message', 'autocommit'] as const) {
        await session.script('BEGIN')
        expect(await applyStep(session, step('CREATE TABLE a (); CREATE TABLE b ()', mode), { enclosed: true })).toEqual(applied)
        expect(await applyStep(session, step('SELECT 1;\nSELECT nope', mode), { enclosed: true })).toMatchObject({
          failure: { index: 1, line: 2 },
        })
        await expect(session.query('SELECT 1')).rejects.toMatchObject({ sqlstate: '25P02' })
        await session.script('ROLLBACK')
        expect(await relations(session)).toEqual([])
      }
    }))

  test('transaction control never reaches the server', () =>
    onDatabase(async (session) => {
      await session.script('BEGIN; CREATE TABLE a ()')
      await expect(applyStep(session, step('SELECT 1; COMMIT'), { enclosed: true })).rejects.toThrow('controls transactions')
      await session.script('ROLLBACK')
      expect(await relations(session)).toEqual([])
    }))
})

describe('options', () => {
  test('a time-out holds for the statements and not beyond', () =>
    onDatabase(async (session) => {
      const sleep = step('SELECT pg_sleep(60)')
      const setting = async () => (await session.one<{ value: string }>("SELECT current_setting('statement_timeout') AS value")).value
      const before = await setting()
      expect(await applyStep(session, sleep, { statementTimeoutMs: 20 })).toMatchObject({ failure: { sqlstate: '57014' } })
      expect(await setting()).toBe(before)
      await session.script('BEGIN')
      expect(await applyStep(session, sleep, { statementTimeoutMs: 20, enclosed: true })).toMatchObject({ failure: { sqlstate: '57014' } })
      await session.script('ROLLBACK')
      expect(await setting()).toBe(before)
    }))

  test('each statement is announced, then COMMIT', () =>
    onDatabase(async (session) => {
      const announced: number[] = []
      await applyStep(session, step('SELECT 1; SELECT 2'), { onStatement: (index) => void announced.push(index) })
      expect(announced).toEqual([0, 1, 2])
    }))

  test('an aborted signal stops before the next statement', () =>
    onDatabase(async (session) => {
      const abort = new AbortController()
      const onStatement = (index: number) => (index === 1 ? abort.abort() : undefined)
      const result = await applyStep(session, step('CREATE TABLE a (); CREATE TABLE b ()'), { signal: abort.signal, onStatement })
      expect(result).toMatchObject({ outcome: 'failed', failure: { sqlstate: '57014', index: 1 } })
      expect(await relations(session)).toEqual([])
    }))
})

describe('a program', () => {
  test('gets the session and the URL', () =>
    onDatabase(async (session, database) => {
      const url = database.url({ as: 'owner' })
      const seen: string[] = []
      const program: Step = {
        kind: 'program',
        file: 'up.ts',
        run: async (context) => {
          seen.push(context.url)
          await context.session.script('CREATE TABLE a ()')
        },
      }
      expect(await applyStep(session, program, { url })).toEqual(applied)
      expect([seen, await relations(session)]).toEqual([[url], ['a']])
    }))

  test('that throws has failed, with the SQLSTATE or as a raised exception, and leaves no transaction', () =>
    onDatabase(async (session) => {
      const failing = (run: () => Promise<void>): Step => ({ kind: 'program', file: 'up.ts', run })
      const refused = failing(async () => void (await session.script('BEGIN; SELECT 1/0')))
      expect(await applyStep(session, refused)).toMatchObject({ failure: { sqlstate: '22012', file: 'up.ts', statement: undefined } })
      const thrown = failing(() => Promise.reject(new TypeError('no such thing')))
      expect(await applyStep(session, thrown)).toMatchObject({ failure: { sqlstate: 'P0001', message: 'no such thing' } })
      expect(await inTransaction(session)).toBe(false)
    }))
})

test('what no statement threw is thrown on', () =>
  onDatabase(async (session) => {
    const fault = () => Promise.reject(new RangeError('ours'))
    await expect(applyStep(session, step('SELECT 1'), { onStatement: fault })).rejects.toThrow(RangeError)
    const planted = () => Promise.reject(new StatementError({ sqlstate: 'XX000', message: 'planted' }))
    expect(await applyStep(session, step('SELECT 1'), { onStatement: planted })).toMatchObject({ failure: { sqlstate: 'XX000', index: 0 } })
  }))
