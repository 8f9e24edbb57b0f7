import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { type Client, exploreInterleavings, type Operation, type Sessions } from 'godwit'
import { useCluster, wrongInterleaving } from 'godwit/vitest'
import { describe, expect, test, vi } from 'vitest'
import { corrected } from './scripts.ts'

type Item = { readonly name: string }

/** A waiter's work on the items of a table: read, change, write back, in one transaction. */
function changing(lock: string, change: (items: readonly Item[], input: Item) => readonly Item[]): Operation {
  return async (client: Client, input) => {
    const { table, ...item } = input as Item & { readonly table: string }
    await client.query('BEGIN')
    const { rows } = await client.query<{ items: readonly Item[] | null }>(`SELECT "items" FROM "tables" WHERE "id" = $1 ${lock}`, [table])
    const items = change(rows[0]?.items ?? [], item)
    await client.query('UPDATE "tables" SET "items" = $2::jsonb WHERE "id" = $1', [table, JSON.stringify(items)])
    await client.query('COMMIT')
    return items.length
  }
}

const operations = (lock: string): Readonly<Record<string, Operation>> => ({
  add: changing(lock, (items, item) => [...items, item]),
  remove: changing(lock, (items, { name }) => items.filter((each) => each.name !== name)),
})

const command = fc.record({
  operation: fc.constantFrom('add', 'add', 'remove'),
  input: fc.record({ table: fc.constantFrom('one', 'two'), name: fc.constantFrom('tea', 'cake', 'soup') }),
})
const waiter = fc.array(command, { minLength: 1, maxLength: 2 })
const waiters: fc.Arbitrary<Sessions> = fc.oneof(
  fc.record({ ann: waiter, ben: waiter }),
  fc.record({ ann: waiter, ben: waiter, cleo: waiter }),
)

const restaurant = {
  schema: `${corrected.legacy};\n${corrected.up}`,
  rows: `INSERT INTO "rooms" ("id", "name", "updatedAt") VALUES ('r', 'Hall', now());
    INSERT INTO "tables" ("id", "name", "roomId", "updatedAt") VALUES ('one', '1', 'r', now()), ('two', '2', 'r', now())`,
  sessions: waiters,
  endState: `SELECT "id", "items" FROM "tables"`,
}
const seed = fc.readConfigureGlobal().seed ?? 1

describe('table-items, with several waiters', () => {
  test('TI-3 is refuted within 200 schedules where an operation does not lock the row, by two waiters with one item each', async () => {
    const found = await exploreInterleavings(await useCluster(), { ...restaurant, operations: operations(''), schedules: 200, seed })
    const { sessions = {}, turns = [], statements = [], violation } = found.counterexample ?? {}
    expect(violation?.kind).toBe('serial order')
    expect(Object.values(sessions).map((plan) => ('steps' in plan ? plan.steps.length : 0))).toEqual([1, 1])
    // BEGIN, SELECT, UPDATE, COMMIT of each, and no order with fewer changes of turn loses an item.
    expect(statements.length).toBe(8)
    expect(turns.filter((turn, at) => at > 0 && turn !== turns[at - 1]).length).toBe(2)
  })

  test('TI-3: with the row locked, every schedule is explained by one waiter after the other', { timeout: 3_600_000 }, async () => {
    const schedules = Number(process.env.GODWIT_SCHEDULES ?? 300)
    const found = await exploreInterleavings(await useCluster(), { ...restaurant, operations: operations('FOR UPDATE'), schedules, seed })
    expect(found).toMatchObject({ outcome: 'holds', schedules, deadlocks: 0 })
    expect(found.waits).toBeGreaterThan(schedules / 10)
  })

  test.each(['repeatable read', 'serializable'] as const)(
    'TI-3: at %s an operation that is begun again after 40001 needs no lock',
    async (isolation) => {
      const options = { ...restaurant, operations: operations(''), isolation, schedules: 60, seed }
      const found = await exploreInterleavings(await useCluster(), { ...options, retries: 20 })
      expect(found).toMatchObject({ outcome: 'holds' })
      expect(found.retries).toBe(found.serializationFailures)
      expect(found.retries).toBeGreaterThan(0)
    },
  )

  test('a wrong interleaving is saved, drawn, and the same when it is run again', async () => {
    const reportDirectory = await mkdtemp(join(tmpdir(), 'godwit-interleavings-'))
    const options = { ...restaurant, operations: operations(''), schedules: 200, seed, reportDirectory }
    try {
      const message = await wrongInterleaving('waiters', options)
      const file = join(reportDirectory, 'waiters', 'counterexamples', 'interleaving.json')
      expect(message).toContain(`GODWIT_INTERLEAVING=${file} npx vitest run`)
      expect(await readFile(file.replace('.json', '.md'), 'utf8')).toContain('```mermaid\nsequenceDiagram\n')
      expect(await wrongInterleaving('waiters', { ...options, replay: file })).toBe(message)
      vi.stubEnv('GODWIT_INTERLEAVING', file)
      // The file shows nothing any more, and no other interleaving of the suite is run; other suites are run as ever.
      expect(await wrongInterleaving('waiters', { ...options, operations: operations('FOR UPDATE') })).toBeUndefined()
      expect(await wrongInterleaving('waiters', { ...options, sessions: { ann: [] } })).toBe(message)
      expect(await wrongInterleaving('others', { ...options, sessions: { ann: [] } })).toBeUndefined()
    } finally {
      vi.unstubAllEnvs()
      await rm(reportDirectory, { recursive: true })
    }
  })
})
