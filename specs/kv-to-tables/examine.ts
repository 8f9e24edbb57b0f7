import { isDeepStrictEqual } from 'node:util'
import { kindNames, uuidOf } from '../../fixtures/kv/kinds.ts'
import type { Sabotage } from '../../fixtures/kv/sabotage.ts'
import type { MadeRecord } from '../../fixtures/kv/store-arbitrary.ts'
import { kinds } from '../../migrations/kv-to-tables/kinds/index.ts'
import { CommandError } from '../../migrations/kv-to-tables/run/errors.ts'
import { runRollback } from '../../migrations/kv-to-tables/run/run-rollback.ts'
import { findStore } from '../../migrations/kv-to-tables/run/tables.ts'
import { shownCounts, shownModel } from './claims.ts'
import { cutShort } from './cut-short.ts'
import { emptyState, migrate } from './model.ts'
import { runWhile } from './run-while.ts'
import { readState, readStore } from './state.ts'
import { readTraces } from './traces.ts'
import type { Workbench } from './workbench.ts'

const made = (kind: (typeof kindNames)[number], key: string, value: unknown): MadeRecord => ({
  key,
  text: typeof value === 'string' ? value : JSON.stringify(value),
  kind,
  faults: [],
})
const client = (n: number, more: object = {}) =>
  made('clients', `client:${uuidOf('clients', n)}`, { name: `Client ${n}`, email: `C${n}@acme.example`, ...more })
const catalog = (n: number, more: object = {}) =>
  made('catalogs', `catalog:${uuidOf('catalogs', n)}`, { clientId: uuidOf('clients', 1), name: 'Gifts', slug: `gifts-${n}`, ...more })

/** One store in which each of the program's steps has something to do wrong. */
const store: readonly MadeRecord[] = [
  ...Array.from({ length: 9 }, (_, n) => client(n, { legacy: n, updatedAt: '2023-01-01' })),
  client(10, { email: 'c1@acme.example' }),
  client(11, { name: '', email: 'nobody', phone: 5 }),
  client(12, { name: 'poison' }),
  made('clients', ` client:${uuidOf('clients', 13)}`, {}),
  made('clients', `client:${uuidOf('clients', 14)} `, { name: 'A  blank  after the key', email: 'b@acme.example' }),
  catalog(1),
  catalog(2, { clientId: uuidOf('clients', 11) }),
  made(
    'products',
    `product:${uuidOf('products', 1)}`,
    `{"catalogId":"${uuidOf('catalogs', 1)}","sku":"X","name":"X","price":0.1000000000000000000001}`,
  ),
  made('orders', 'order:1', '"  an order  "'),
]

/**
 * Try a version of the program on all claims that a sabotage can break.
 *
 * @returns What was found against each claim.
 */
export async function examine(bench: Workbench, sabotage: Partial<Sabotage>): Promise<ReadonlyMap<string, readonly string[]>> {
  const found = new Map<string, string[]>()
  await lookForFaults(bench, sabotage, found).catch((error: unknown) => {
    // The program itself sees that it left records out, and says so.
    if (!(error instanceof CommandError && error.exitCode === 3)) throw error
    found.set('KV-1', [...(found.get('KV-1') ?? []), error.message])
  })
  return found
}

async function lookForFaults(bench: Workbench, { parts, rollback }: Partial<Sabotage>, found: Map<string, string[]>): Promise<void> {
  const against = (claim: string, what: string) => found.set(claim, [...(found.get(claim) ?? []), what])
  const { session } = bench
  const run = (options: { readonly dryRun?: true; readonly retry?: true; readonly batchSize?: number } = {}) =>
    bench.run({ batchSize: 3, parts, ...options })

  /** The database against the model; a difference in rows speaks against `rows`, one in what is set aside against `aside`. */
  const compare = async (model: ReturnType<typeof emptyState>, rows: string, aside: string, when: string): Promise<void> => {
    const [real, expected] = [await readState(session), shownModel(model)]
    if (!isDeepStrictEqual(real.aside, expected.aside)) against(aside, `${when}: other records are set aside, or otherwise`)
    for (const kind of kindNames) {
      const [got, wanted] = [real.tables.get(kind) ?? new Map(), expected.tables.get(kind) ?? new Map()]
      if (!isDeepStrictEqual([...got.keys()].sort(), [...wanted.keys()].sort())) against(aside, `${when}: other rows in ${kind}`)
      else if (!isDeepStrictEqual(got, wanted)) against(rows, `${when}: other cells in ${kind}`)
    }
  }

  // The constraint that only the server knows: `poison`.
  await bench.fill([])
  await bench.run()
  await session.script(
    "ALTER TABLE clients DROP CONSTRAINT IF EXISTS no_poison; ALTER TABLE clients ADD CONSTRAINT no_poison CHECK (name <> 'poison')",
  )
  await bench.fill(store)
  const model = emptyState()
  const counts = migrate(model, await readStore(session))
  poison(model, counts)

  const before = await readTraces(session)
  const predicted = await run({ dryRun: true })
  if (!isDeepStrictEqual(await readTraces(session), before)) against('KV-4', 'the dry run leaves traces')
  await bench.fill(store)
  const live = await run()
  if (!isDeepStrictEqual(shownCounts(predicted), shownCounts(live))) against('KV-4', 'the dry run predicts something else')
  if (!isDeepStrictEqual(shownCounts(live), Object.fromEntries(counts))) against('KV-1', 'the statistics are others')
  await compare(model, 'KV-2', 'KV-1', 'after a run')

  const ended = await readTraces(session)
  await run()
  if (!isDeepStrictEqual(await readTraces(session), ended)) against('KV-5', 'a second run writes')

  const small = await readState(session)
  await bench.fill(store)
  await run({ batchSize: 1000 })
  if (!isDeepStrictEqual(await readState(session), small)) against('KV-7', 'another batch size ends otherwise')

  await session.script("UPDATE clients SET name = 'Newer', updated_at = '2024-01-01' WHERE email = 'C3@acme.example'")
  await bench.change([client(3, { name: 'Older', updatedAt: '2023-06-01' })])
  await run()
  if ((await session.query("SELECT FROM clients WHERE name = 'Newer'")).length !== 1) against('KV-5', 'a newer row is overwritten')

  await bench.fill(store)
  await run()
  const again = emptyState()
  poison(again, migrate(again, await readStore(session)))
  await bench.change([client(11, { name: 'Mended', email: 'eleven@acme.example' })])
  await run({ retry: true })
  poison(again, migrate(again, await readStore(session), { retry: true }))
  await compare(again, 'KV-2', 'KV-1', 'after a retry')

  for (let at = 8; at < 60; at += 8) {
    await bench.fill(store)
    await cutShort(bench, at, { batchSize: 3, parts })
    const whole = await run()
    const wrong = !isDeepStrictEqual((await readState(session)).tables, small.tables)
    if (wrong) against('KV-5', `cut off before call ${at} and started again it ends otherwise`)
    if (whole.resumed.length > 0 && !isDeepStrictEqual(shownCounts(whole), shownCounts(live)))
      against('KV-5', 'the statistics of two halves are others')
    if (found.has('KV-5')) break
  }

  await bench.fill(store.slice(1))
  await cutShort(bench, 20, { batchSize: 3, parts })
  await bench.change(store.slice(0, 1))
  await run()
  if (!isDeepStrictEqual((await readState(session)).tables, small.tables)) against('KV-5', 'a record that came after the cut is left out')

  await bench.fill(store.slice(1))
  await runWhile(bench, async (call) => (call === 20 ? bench.change(store.slice(0, 1)) : undefined), { batchSize: 3, parts })
  if (!isDeepStrictEqual((await readState(session)).tables, small.tables)) against('KV-1', 'a record that came during the run is left out')

  const places = await findStore(session, 'kv_store')
  await bench.fill(store)
  await bench.run()
  const refused = await runRollback(session, places, { kinds, tables: ['clients'], confirm: true, parts: rollback }).catch(
    (error: unknown) => error,
  )
  if (!(refused instanceof CommandError)) against('KV-6', 'a selection that leaves orphans is not refused by name')
  const kept = await readStore(session)
  await runRollback(session, places, { kinds, confirm: true, parts: rollback })
  if (!isDeepStrictEqual(await readStore(session), kept)) against('KV-6', 'the store is not what it was')
}

/** What the model cannot know: the server's own constraint. */
function poison(model: ReturnType<typeof emptyState>, counts: Map<string, Record<string, number>>): void {
  const id = uuidOf('clients', 12).toLowerCase()
  const row = model.tables.get('clients')?.get(id)
  if (row === undefined) return
  model.tables.get('clients')?.delete(id)
  model.aside.set(row.sourceKey, { kind: 'clients', position: 12, value: row.value, reasons: [' database'] })
  const clients = counts.get('clients')
  if (clients === undefined) return
  clients['set-aside'] = (clients['set-aside'] ?? 0) + 1
  clients.inserted = (clients.inserted ?? 0) - 1
}
