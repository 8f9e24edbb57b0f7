import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { replay } from '../../../harness/history/index.ts'
import { parseCounterexample, renderCounterexample } from '../../../harness/report/index.ts'
import { verifyShared } from '../../../harness/vitest/index.ts'

const legacy = `CREATE TABLE items (id int PRIMARY KEY, price numeric NOT NULL);
  CREATE FUNCTION mirror() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
  CREATE TRIGGER mirror AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION mirror();
  CREATE TABLE prices (item int PRIMARY KEY, price numeric NOT NULL);`
const mirror = `-- godwit: no-transaction
CREATE OR REPLACE FUNCTION mirror() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN INSERT INTO prices VALUES (NEW.id, NEW.price) ON CONFLICT DO NOTHING; RETURN NULL; END $$;`
const copy = 'INSERT INTO prices SELECT id, price FROM items ON CONFLICT DO NOTHING;'

describe('a counterexample of a write beside up', { timeout: 180_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'godwit-isolation-'))
  const write = (up: string) => writeFileSync(join(folder, 'up.sql'), up)
  afterAll(() => rmSync(folder, { recursive: true }))

  let text: string
  beforeAll(async () => {
    writeFileSync(join(folder, 'legacy.sql'), legacy)
    write(`${mirror}\n${copy}`)
    const { counterexamples } = await verifyShared(folder, { runs: 1, isolation: {} })
    const lost = [...counterexamples.values()].find(({ finding }) => finding.invariant === 'isolation')
    if (lost === undefined) throw new Error('the lost row was not found')
    text = renderCounterexample(lost)
  }, 180_000)

  test('has the rows, the write, and what both sessions sent', () => {
    const { meta, rowsSql } = parseCounterexample(text)
    expect(rowsSql).toContain('INSERT INTO "public"."items"')
    expect(meta).toMatchObject({ way: [], interleaving: { open: true, write: { name: 'insert into public.items', operation: 'insert' } } })
    expect(meta.interleaving?.statements.map((each) => each.replace(/\s.*/s, ''))).toEqual(['client:', 'client:', 'up:', 'up:', 'client:'])
    expect(text).toContain('\n-- client: BEGIN\n-- client: INSERT INTO "public"."items"')
    expect(text).toContain('ON CONFLICT DO NOTHING\n-- client: COMMIT\n;')
  })

  test('violates still, and no longer once the copy waits for open transactions', async () => {
    const { meta, rowsSql } = parseCounterexample(text)
    const again = () => replay({ ...meta, rowsSql })
    expect(await again()).toEqual({ violates: true, message: meta.message })
    write(`${mirror}\nBEGIN; LOCK TABLE items IN SHARE MODE; ${copy} COMMIT;`)
    expect(await again()).toEqual({ violates: false, message: expect.stringMatching(/^the write is kept in \d+ interleavings with up/) })
  })

  test('is unknown where the write cannot be sent, where up fails, and where it is not said', async () => {
    const { meta, rowsSql } = parseCounterexample(text)
    const again = (sql: string) =>
      replay({ ...meta, rowsSql, interleaving: { write: { name: 'insert into public.items', operation: 'insert', sql } } })
    write(`${mirror}\n${copy}`)
    expect(await again('INSERT INTO things VALUES (1)')).toEqual({
      violates: undefined,
      message: 'the write is refused before up too: relation "things" does not exist (42P01)',
    })
    write('INSERT INTO prices SELECT id, NULL FROM items;')
    expect(await again('INSERT INTO items VALUES (1, 1)')).toEqual({
      violates: undefined,
      message: expect.stringContaining('up fails on the saved rows: null value in column "price"'),
    })
    expect(await replay({ ...meta, rowsSql, interleaving: undefined })).toEqual({
      violates: undefined,
      message: 'the file does not say what the client does. Verify the migration instead.',
    })
  })
})
