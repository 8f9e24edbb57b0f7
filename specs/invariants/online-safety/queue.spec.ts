import { describe, expect, test } from 'vitest'
import { onlineFindings } from './online-findings.ts'

const legacy = `
  CREATE TABLE customers (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, email text NOT NULL UNIQUE);
  CREATE TABLE orders (
    id serial PRIMARY KEY, customer_id bigint NOT NULL REFERENCES customers, quantity integer NOT NULL, note text)`

/** The transaction stays open for so long where nothing ends the wait. */
const budgetMs = 200
/** Long beside any `lock_timeout` here, so that a busy machine does not matter. */
const amply = 10_000

interface Shown {
  readonly who: string
  readonly behind: string
  readonly fromMs: number
  readonly toMs: number
}

/** What is found of queues, each with who waits behind whom. */
async function queues(up: string, lockWaitMs = budgetMs) {
  const { verdict, findings } = await onlineFindings(legacy, up, { lockWaitMs })
  return {
    verdict,
    queues: findings
      .filter(({ kind }) => kind === 'queue')
      .map(({ severity, relation, line, message, evidence }) => ({
        ...{ severity, relation, line, message },
        endedBy: evidence.endedBy,
        attempts: Number(evidence.attempts),
        stoppedMs: Number(evidence.stoppedMs),
        queue: (evidence.queue as readonly Shown[]).map(({ who, behind }) => `${who} < ${behind}`).toSorted(),
        statements: evidence.statements,
        order: evidence.queue as readonly Shown[],
      })),
  }
}

const behindUp = (...operations: readonly string[]) =>
  [
    'a transaction that has read orders < nobody',
    ...operations.map((each) => `a client: ${each} < up`),
    'up < the open transaction',
  ].toSorted()

describe('the queue behind an open transaction', () => {
  test('is everybody who comes after a migration without a lock_timeout, for as long as the transaction stays open', async () => {
    const { verdict, queues: found } = await queues('ALTER TABLE orders ADD COLUMN items jsonb')
    expect(found).toMatchObject([{ severity: 'warning', relation: 'public.orders', line: 1, endedBy: 'open-transaction', attempts: 1 }])
    const [queue] = found
    expect(queue?.queue).toEqual(
      behindUp('page of orders', 'insert into orders', 'update of orders').map((each) =>
        expect.stringMatching(each.replace(/: \w+ .* </, ': .* <')),
      ),
    )
    // Left open until the budget was over: nobody's wait is longer than the transaction, and one of them is longer than the budget.
    expect(queue?.stoppedMs).toBeGreaterThan(budgetMs)
    expect(Math.max(...(queue?.order.map(({ toMs }) => toMs) ?? []))).toBe(queue?.order[0]?.toMs)
    expect(queue?.message).toMatch(
      /^While a transaction that has read orders stays open, up waits for its ACCESS EXCLUSIVE lock and everybody else waits behind up: a client's .* for \d+ ms, until that transaction ends; the budget is 200 ms$/,
    )
    // It is a warning: what a run says of the migration does not turn on how long a transaction happens to stay open.
    expect(verdict).toBe('holds')
  })

  test('ends with the lock_timeout of the migration, which is measured, and each statement is looked at', async () => {
    const { queues: found } = await queues(
      `-- godwit: no-transaction\nSET lock_timeout = '50ms';\nALTER TABLE orders ADD COLUMN a int;\nALTER TABLE orders ADD COLUMN b int`,
      amply,
    )
    expect(found).toMatchObject([{ severity: 'info', endedBy: 'lock-timeout', attempts: 1 }])
    expect(found[0]?.statements).toMatchObject([
      { line: 3, lock: 'ACCESS EXCLUSIVE', endedBy: 'lock-timeout' },
      { line: 4, lock: 'ACCESS EXCLUSIVE', endedBy: 'lock-timeout' },
    ])
    for (const { stoppedMs, message } of found) {
      expect(stoppedMs).toBeLessThan(amply)
      expect(message).toContain('until the lock_timeout of up ends the wait;')
    }
  })

  test('longer than the budget is found, although a lock_timeout ends it', async () => {
    const { queues: found } = await queues(`SET LOCAL lock_timeout = '20s'; ALTER TABLE orders ADD COLUMN a int`)
    expect(found).toMatchObject([{ severity: 'warning', endedBy: 'open-transaction' }])
  })

  test('is let go between the attempts of a migration that tries again', async () => {
    const { queues: found } = await queues(
      `-- godwit: no-transaction
      SET lock_timeout = '40ms';
      DO $$ BEGIN
        LOOP
          BEGIN
            ALTER TABLE orders ADD COLUMN a int;
            EXIT;
          EXCEPTION WHEN lock_not_available THEN NULL;
          END;
          PERFORM pg_sleep(0.05);
        END LOOP;
      END $$`,
      amply,
    )
    expect(found).toMatchObject([{ severity: 'info', endedBy: 'lock-timeout' }])
    expect(found[0]?.attempts).toBeGreaterThan(1)
    expect(found[0]?.stoppedMs).toBeLessThan(amply)
    expect(found[0]?.message).toContain('until the lock_timeout of up ends the wait and up tries again')
  })

  test.each([
    ['an index', 'CREATE INDEX ON orders (quantity)'],
    ['an index built concurrently', '-- godwit: no-transaction\nCREATE INDEX CONCURRENTLY ON orders (quantity)'],
    ['a foreign key', 'ALTER TABLE orders ADD FOREIGN KEY (customer_id) REFERENCES customers NOT VALID'],
    ['a constraint that is validated', '-- godwit: no-transaction\nALTER TABLE orders VALIDATE CONSTRAINT orders_customer_id_fkey'],
    ['an UPDATE', 'UPDATE orders SET note = note'],
    ['a new table', 'CREATE TABLE items (id int PRIMARY KEY)'],
  ])('does not form where locks let readers pass: %s', async (_, up) => {
    expect((await queues(up)).queues).toEqual([])
  })

  test('is looked at for each table of a transaction that locks several', async () => {
    const { queues: found } = await queues('ALTER TABLE orders ADD COLUMN a int; ALTER TABLE customers ADD COLUMN b int')
    expect(found.map(({ relation, severity }) => `${severity} ${relation}`).toSorted()).toEqual([
      'warning public.customers',
      'warning public.orders',
    ])
  })
})
