import { describe, expect, test } from 'vitest'
import { parseScript, type Script, type Step } from '../../../harness/migration/index.ts'
import type { Database, Session } from '../../../harness/postgres/index.ts'
import { applyWithFault, injectedSqlstate } from '../../../harness/run/index.ts'
import { useCluster } from '../../../harness/vitest/cluster.ts'

const step = (text: string, mode?: Script['mode']): Step => ({
  kind: 'sql',
  script: parseScript('up.sql', text, mode === undefined ? {} : { mode }),
})

interface Stage extends AsyncDisposable {
  readonly database: Database
  readonly session: Session
  readonly saboteur: Session
}

async function stage(): Promise<Stage> {
  const database = await (await useCluster()).createDatabase()
  const session = await database.connect({ as: 'owner' })
  const saboteur = await database.connect({ as: 'owner' })
  return {
    database,
    session,
    saboteur,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([session.close(), saboteur.close()])
      await database.drop()
    },
  }
}

/** What a fresh session finds. */
async function left(database: Database): Promise<readonly string[]> {
  await using fresh = await database.connect({ as: 'owner' })
  const rows = await fresh.query<{ name: string }>(
    "SELECT relname AS name FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' ORDER BY 1",
  )
  return rows.map((row) => row.name)
}

const three = 'CREATE TABLE a ();\nCREATE TABLE b ();\nCREATE TABLE c ()'

describe.each(['error', 'terminate'] as const)('%s', (fault) => {
  const sqlstate = fault === 'error' ? injectedSqlstate : expect.stringMatching(/^(57P01|08\d{3})$/)

  test.each(['transaction', 'message'] as const)(
    'at any statement or before the commit of a script sent as %s leaves nothing',
    async (mode) => {
      for (const beforeStatement of [0, 1, 2, 3]) {
        await using at = await stage()
        const outcome = await applyWithFault(at.session, step(three, mode), { fault, beforeStatement, saboteur: at.saboteur })
        expect(outcome).toMatchObject({
          outcome: 'failed',
          failure: { sqlstate, index: beforeStatement, line: Math.min(beforeStatement + 1, 3) },
        })
        expect(await left(at.database)).toEqual([])
      }
    },
  )

  test('one by one leaves what ran before', async () => {
    for (const [beforeStatement, tables] of [
      [0, []],
      [1, ['a']],
      [2, ['a', 'b']],
    ] as const) {
      await using at = await stage()
      const outcome = await applyWithFault(at.session, step(three, 'autocommit'), { fault, beforeStatement, saboteur: at.saboteur })
      expect(outcome).toMatchObject({
        outcome: 'failed',
        failure: { sqlstate, index: beforeStatement, statement: { line: beforeStatement + 1 } },
      })
      expect(await left(at.database)).toEqual(tables)
    }
  })

  test('inside a transaction of the script itself leaves what it had committed', async () => {
    await using at = await stage()
    const script = step('BEGIN; CREATE TABLE a (); COMMIT; BEGIN; CREATE TABLE b (); COMMIT')
    await applyWithFault(at.session, script, { fault, beforeStatement: 5, saboteur: at.saboteur })
    expect(await left(at.database)).toEqual(['a'])
  })

  test('before a call of a program leaves what it had committed', async () => {
    for (const [beforeStatement, tables] of [
      [0, []],
      [1, ['a']],
      [2, ['a', 'b']],
    ] as const) {
      await using at = await stage()
      const program: Step = {
        kind: 'program',
        file: 'up.ts',
        run: async ({ session }) => {
          await session.script('CREATE TABLE a ()')
          await session.query('CREATE TABLE b ()')
        },
      }
      const { outcome } = await applyWithFault(at.session, program, { fault, beforeStatement, saboteur: at.saboteur })
      expect([outcome, await left(at.database)]).toEqual([beforeStatement === 2 ? 'applied' : 'failed', tables])
    }
  })
})

test('an error leaves the session fit for use, out of any transaction', async () => {
  await using at = await stage()
  await applyWithFault(at.session, step(three), { fault: 'error', beforeStatement: 2, saboteur: at.saboteur })
  await at.session.script('CREATE TABLE kept ()')
  expect(await left(at.database)).toEqual(['kept'])
})

test('a killed backend has given its locks back', async () => {
  await using at = await stage()
  await at.saboteur.script('CREATE TABLE t ()')
  await applyWithFault(at.session, step('LOCK TABLE t; SELECT 1'), { fault: 'terminate', beforeStatement: 1, saboteur: at.saboteur })
  await at.saboteur.script('BEGIN; LOCK TABLE t NOWAIT; COMMIT')
})

test("a failure of the script's own before the fault is told as it is", async () => {
  for (const mode of ['transaction', 'message', 'autocommit'] as const) {
    await using at = await stage()
    const outcome = await applyWithFault(at.session, step('SELECT 1;\nSELECT nope;\nSELECT 2', mode), {
      fault: 'error',
      beforeStatement: 2,
      saboteur: at.saboteur,
    })
    expect(outcome).toMatchObject({ failure: { sqlstate: '42703', index: 1, line: 2 } })
  }
})

test('a message that ends in a comment has its fault after the last statement', async () => {
  await using at = await stage()
  const outcome = await applyWithFault(at.session, step('CREATE TABLE a () -- the end', 'message'), {
    fault: 'error',
    beforeStatement: 1,
    saboteur: at.saboteur,
  })
  expect(outcome).toMatchObject({ outcome: 'failed', failure: { sqlstate: injectedSqlstate, index: 1, statement: undefined } })
  expect(await left(at.database)).toEqual([])
})
