import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { verifyShared } from 'godwit/vitest'
import { describe, expect, test } from 'vitest'

/** Verify a migration beside writes of clients: the findings of the invariant that count. */
async function findingsOf(
  legacy: string,
  up: string,
): Promise<{ readonly verdict: string | undefined; readonly findings: readonly string[]; readonly messages: readonly string[] }> {
  const folder = await mkdtemp(join(tmpdir(), 'godwit-isolation-'))
  try {
    await writeFile(join(folder, 'legacy.sql'), legacy)
    await writeFile(join(folder, 'up.sql'), up)
    const { result } = await verifyShared(folder, { runs: 1, isolation: {} })
    const [migration] = result.migrations
    const own = migration?.findings.filter(({ invariant, severity }) => invariant === 'isolation' && severity !== 'info') ?? []
    return {
      verdict: migration?.invariants.find(({ id }) => id === 'isolation')?.verdict,
      findings: own.map(({ kind, object }) => `${kind}: ${object}`).toSorted(),
      messages: own.map(({ message }) => message),
    }
  } finally {
    await rm(folder, { recursive: true })
  }
}

const customers = `CREATE TABLE customers (id int PRIMARY KEY, email text NOT NULL);
  CREATE TABLE notes (id int PRIMARY KEY, customer int NOT NULL REFERENCES customers ON DELETE CASCADE, body text NOT NULL);`
const dedupe = `CREATE TABLE merged AS SELECT id, min(id) OVER (PARTITION BY email) AS kept FROM customers;
  UPDATE notes SET customer = merged.kept FROM merged WHERE notes.customer = merged.id AND merged.id <> merged.kept;
  DELETE FROM customers USING merged WHERE customers.id = merged.id AND merged.id <> merged.kept;
  DROP TABLE merged;
  ALTER TABLE customers ADD UNIQUE (email);`
const prices = 'CREATE TABLE items (id int PRIMARY KEY, price numeric(10, 2) NOT NULL);'
const batches = `CREATE TABLE prices (item int PRIMARY KEY, price numeric(10, 2) NOT NULL);
  INSERT INTO prices SELECT id, price FROM items WHERE id % 2 = 0;
  INSERT INTO prices SELECT id, price FROM items WHERE id % 2 <> 0;
  ALTER TABLE items DROP COLUMN price;`

describe('isolation', () => {
  test('a note that comes between the moving of notes and the DELETE of duplicate customers is lost', async () => {
    const { findings } = await findingsOf(customers, dedupe)
    expect(findings).toContain('lost-write: insert into public.notes')
  })

  test('with the tables locked first nothing is lost', async () => {
    const locked = `LOCK TABLE customers, notes IN SHARE ROW EXCLUSIVE MODE;\n${dedupe}`
    expect(await findingsOf(customers, locked)).toMatchObject({ verdict: 'holds', findings: [] })
  })

  test('a row that is written behind a batch is lost with the column that the batches have read', async () => {
    const { verdict, findings } = await findingsOf(prices, batches)
    expect(verdict).toBe('violated')
    // A DELETE leaves the same as one after up does.
    expect(findings).toEqual(['lost-write: insert into public.items', 'lost-write: update of public.items'])
  })

  test('a row of a transaction that began before the trigger wrote copies, and commits after the rows were copied, is lost', async () => {
    // Whatever commits at once is in the copy: by the copying before the new function, by the function after it.
    const mirrored = `CREATE TABLE items (id int PRIMARY KEY, price numeric NOT NULL);
      CREATE FUNCTION mirror() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
      CREATE TRIGGER mirror AFTER INSERT ON items FOR EACH ROW EXECUTE FUNCTION mirror();
      CREATE TABLE prices (item int PRIMARY KEY, price numeric NOT NULL);`
    const up = `CREATE OR REPLACE FUNCTION mirror() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN INSERT INTO prices VALUES (NEW.id, NEW.price) ON CONFLICT DO NOTHING; RETURN NULL; END $$;
      INSERT INTO prices SELECT id, price FROM items ON CONFLICT DO NOTHING;`
    const { verdict, messages } = await findingsOf(mirrored, `-- godwit: no-transaction\n${up}`)
    expect(verdict).toBe('violated')
    expect(messages).toEqual([
      expect.stringMatching(
        /^An INSERT into items that is sent before "CREATE OR REPLACE FUNCTION .*" and commits at the end of up is lost: a row of prices .* is missing afterwards$/,
      ),
    ])
    const locked = up.replace('INSERT INTO prices SELECT', 'BEGIN; LOCK TABLE items IN SHARE MODE; INSERT INTO prices SELECT')
    expect(await findingsOf(mirrored, `-- godwit: no-transaction\n${locked} COMMIT;`)).toMatchObject({ verdict: 'holds', messages: [] })
  })

  test('a migration of one statement that reads and writes loses nothing', async () => {
    expect(await findingsOf(prices, 'UPDATE items SET price = price * 2;')).toMatchObject({ verdict: 'holds', findings: [] })
  })
})
