import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { catalogFingerprint, catalogShape, readCatalog, readObjects } from '../../../harness/catalog/index.ts'
import type { Database, Session } from '../../../harness/postgres/index.ts'
import { CatalogCache } from '../../../harness/run/index.ts'
import { useCluster } from '../../../harness/vitest/index.ts'

let database: Database
let session: Session
beforeAll(async () => {
  database = await (await useCluster()).createDatabase()
  session = await database.connect()
  await session.script('CREATE TABLE item (id int PRIMARY KEY, n int DEFAULT 1)')
})
afterAll(async () => {
  await session.close()
  await database.drop()
})

async function cacheOf(more: { readonly oneSchema?: boolean; readonly compared?: boolean } = {}): Promise<CatalogCache> {
  const fingerprint = await catalogFingerprint(session)
  const legacy = { catalog: await readCatalog(session), fingerprint }
  const objects = new Map([[fingerprint, await readObjects(session)]])
  return new CatalogCache({ legacy, objects, compared: true, oneSchema: true, ...more })
}

/** What a look sees after some statements, which are undone. */
async function seenAfter<Seen>(sql: string, look: () => Promise<Seen>): Promise<Seen> {
  await session.script(`BEGIN; ${sql}`)
  try {
    return await look()
  } finally {
    await session.script('ROLLBACK')
  }
}

const columns = ({ catalog }: Awaited<ReturnType<CatalogCache['read']>>) =>
  catalog.relations.get('public.item')?.attributes.map(({ name }) => name)

describe('the catalog cache', () => {
  test('knows a way that was read before without another look', async () => {
    const cache = await cacheOf()
    const first = await seenAfter('ALTER TABLE item ADD a int', () => cache.read(session, { way: ['up'] }))
    const again = await seenAfter('ALTER TABLE item ADD b int', () => cache.read(session, { way: ['up'] }))
    expect([columns(first), again]).toEqual([['id', 'n', 'a'], first])
  })

  test('takes a second up for no second up after down: each way has its own memory', async () => {
    const cache = await cacheOf()
    await seenAfter('ALTER TABLE item ADD a int', () => cache.read(session, { way: ['up', 'down', 'up'] }))
    const twice = await seenAfter('ALTER TABLE item ADD b int', () => cache.read(session, { way: ['up', 'up'] }))
    expect(columns(twice)).toEqual(['id', 'n', 'b'])
  })

  test('looks each time where rows decide the schema, and where nobody knows how a state was reached', async () => {
    const deciding = await cacheOf({ oneSchema: false })
    await seenAfter('ALTER TABLE item ADD a int', () => deciding.read(session, { way: ['up'] }))
    expect(columns(await seenAfter('ALTER TABLE item ADD b int', () => deciding.read(session, { way: ['up'] })))).toEqual(['id', 'n', 'b'])
    const cache = await cacheOf()
    await seenAfter('ALTER TABLE item ADD a int', () => cache.read(session, { way: undefined }))
    expect(columns(await seenAfter('ALTER TABLE item ADD b int', () => cache.read(session, { way: undefined })))).toEqual(['id', 'n', 'b'])
  })

  test('tells expressions apart when asked to look deep, and compares what it has read', async () => {
    const cache = await cacheOf({ oneSchema: false })
    const one = await seenAfter('ALTER TABLE item ALTER n SET DEFAULT 2', () => cache.read(session, { way: ['up'], deep: true }))
    const other = await seenAfter('ALTER TABLE item ALTER n SET DEFAULT 3', () => cache.read(session, { way: ['up'], deep: true }))
    expect(one.fingerprint).not.toBe(other.fingerprint)
    const differences = await cache.differences(session, one.fingerprint, other.fingerprint)
    expect(differences.map(({ path, before, after }) => [path, before, after])).toEqual([[expect.stringContaining('item.n'), '2', '3']])
    expect(await cache.differences(session, one.fingerprint, one.fingerprint)).toEqual([])
    await expect(cache.differences(session, one.fingerprint, 'never read')).rejects.toThrow('never read')
  })

  test('takes no state for the legacy one by its shape: only an expression or an ON DELETE action may differ', async () => {
    await session.script('CREATE TABLE line (item_id int CONSTRAINT line_item REFERENCES item)')
    const legacy = { catalog: await readCatalog(session), fingerprint: await catalogShape(session) }
    const cache = new CatalogCache({ legacy, objects: new Map(), compared: false, oneSchema: true })
    const { catalog } = await seenAfter(
      `ALTER TABLE item ALTER n SET DEFAULT 2; ALTER TABLE line DROP CONSTRAINT line_item;
       ALTER TABLE line ADD CONSTRAINT line_item FOREIGN KEY (item_id) REFERENCES item ON DELETE CASCADE`,
      () => cache.read(session, { way: ['up'] }),
    )
    const of = (path: string) => catalog.relations.get(path)
    expect(of('public.item')?.attributes.find(({ name }) => name === 'n')?.default).toBe('2')
    expect(of('public.line')?.constraints.find(({ name }) => name === 'line_item')?.onDelete).toBe('cascade')
  })
})
