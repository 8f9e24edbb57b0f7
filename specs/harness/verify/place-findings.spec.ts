import { describe, expect, test } from 'vitest'
import { verifyInline } from './verify-inline.ts'

/** Lines of `up` that findings about a legacy attribute, or the rows of a relation, are told of. */
async function lines(legacy: string, up: readonly string[], about: string): Promise<readonly (number | null)[]> {
  const { findings } = await verifyInline(legacy, up.join(';\n'), { runs: 30 })
  const own = findings.filter((each) => each.invariant === 'zero-loss' && each.severity !== 'info')
  return own.flatMap((each) => ([each.relation, each.attribute].filter(Boolean).join('.') === about ? [each.line] : []))
}

describe('the statement that a loss is told of', () => {
  test('is the one that alters values, not an earlier one that leaves them', async () => {
    const up = ['UPDATE t SET name = name WHERE id > 0', "UPDATE t SET note = note || '!'", 'UPDATE t SET name = left(name, 3)']
    expect(await lines('CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL, note text)', up, 'public.t.name')).toEqual([3])
  })

  test('is the one that fires the trigger', async () => {
    const legacy = `CREATE TABLE parent (id int PRIMARY KEY, state text NOT NULL);
      CREATE TABLE child (id int PRIMARY KEY, parent int NOT NULL REFERENCES parent, price int NOT NULL, label text NOT NULL);
      CREATE FUNCTION cheapen() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE child SET price = 0 WHERE parent = NEW.id; RETURN NEW; END $$;
      CREATE TRIGGER cheapen AFTER UPDATE ON parent FOR EACH ROW EXECUTE FUNCTION cheapen()`
    const up = ["UPDATE child SET label = label || ''", 'ALTER TABLE child ADD COLUMN seen bool', "UPDATE parent SET state = state || ''"]
    expect(await lines(legacy, up, 'public.child.price')).toEqual([3])
  })

  test('is the last that writes the new column, where the old one is dropped afterwards', async () => {
    const up = [
      'ALTER TABLE t ADD COLUMN short text',
      'UPDATE t SET short = name',
      "UPDATE t SET short = left(short, 12) WHERE short > ''",
      'ALTER TABLE t DROP COLUMN name',
    ]
    expect(await lines('CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL)', up, 'public.t.name')).toEqual([3])
  })

  test('is the one that removes rows, not an earlier one that removes none', async () => {
    const up = ['DELETE FROM t WHERE id IS NULL', 'DELETE FROM t a USING t b WHERE a.name = b.name AND a.id > b.id']
    expect(await lines('CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL)', up, 'public.t')).toEqual([2])
  })
})
