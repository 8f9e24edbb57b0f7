import { describe, expect, test } from 'vitest'
import { inGate } from '../../in-gate.ts'
import { observePair } from './observe-pair.ts'

const legacy = `
  CREATE TABLE orders (id integer PRIMARY KEY, note text);
  CREATE TABLE lines (
    id serial PRIMARY KEY,
    order_id integer NOT NULL REFERENCES orders ON DELETE CASCADE,
    code text UNIQUE,
    quantity integer NOT NULL DEFAULT 1 CONSTRAINT lines_quantity_check CHECK (quantity > 0),
    note text DEFAULT 'none',
    touched timestamptz NOT NULL DEFAULT now()
  );
  CREATE TABLE shipments (line_id integer REFERENCES lines ON UPDATE CASCADE ON DELETE RESTRICT);
  CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.touched := now(); RETURN NEW; END $$;
  CREATE TRIGGER touch BEFORE UPDATE ON lines FOR EACH ROW EXECUTE FUNCTION touch()`

/** An INSTEAD OF view that does all that such a view can do. */
const right = `
  ALTER TABLE lines RENAME TO lines_v2;
  CREATE VIEW lines WITH (security_invoker = true) AS SELECT id, order_id, code, quantity, note, touched FROM lines_v2;
  ALTER VIEW lines ALTER COLUMN id SET DEFAULT nextval('lines_id_seq');
  ALTER VIEW lines ALTER COLUMN quantity SET DEFAULT 1;
  ALTER VIEW lines ALTER COLUMN note SET DEFAULT 'none';
  ALTER VIEW lines ALTER COLUMN touched SET DEFAULT now();
  CREATE FUNCTION write_line() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'INSERT' THEN
      INSERT INTO lines_v2 VALUES (NEW.*) RETURNING * INTO NEW;
      RETURN NEW;
    ELSIF TG_OP = 'UPDATE' THEN
      UPDATE lines_v2 SET id = NEW.id, order_id = NEW.order_id, code = NEW.code, quantity = NEW.quantity, note = NEW.note, touched = NEW.touched
      WHERE id = OLD.id RETURNING * INTO NEW;
      IF NOT FOUND THEN RETURN NULL; END IF;
      RETURN NEW;
    ELSE
      DELETE FROM lines_v2 WHERE id = OLD.id;
      IF NOT FOUND THEN RETURN NULL; END IF;
      RETURN OLD;
    END IF;
  END $$;
  CREATE TRIGGER write_line INSTEAD OF INSERT OR UPDATE OR DELETE ON lines FOR EACH ROW EXECUTE FUNCTION write_line()`

interface Mistake {
  readonly what: string
  readonly change: readonly (readonly [from: string, to: string])[]
  /** One of the findings. */
  readonly found: string
}

const mistakes: readonly Mistake[] = [
  {
    what: 'an UPDATE that returns NULL',
    change: [['WHERE id = OLD.id RETURNING * INTO NEW;', 'WHERE id = OLD.id; RETURN NULL;']],
    found: 'error row-count public.lines (UPDATE)',
  },
  {
    what: 'an UPDATE whose RETURNING does not show what was stored',
    change: [['WHERE id = OLD.id RETURNING * INTO NEW;', 'WHERE id = OLD.id;']],
    found: 'error rows public.lines.touched',
  },
  {
    what: 'a default that is not applied',
    change: [['ALTER VIEW lines ALTER COLUMN quantity SET DEFAULT 1;', '']],
    found: 'error sqlstate public.lines (INSERT: 23502)',
  },
  {
    what: 'an explicit NULL that is taken for a default',
    change: [['INSERT INTO lines_v2 VALUES', "NEW.note := coalesce(NEW.note, 'none'); INSERT INTO lines_v2 VALUES"]],
    found: 'public.lines.note',
  },
  { what: 'an update of the key that is ignored', change: [['SET id = NEW.id, ', 'SET ']], found: 'public.lines.id' },
  {
    what: 'a DELETE that counts no row',
    change: [['RETURN OLD;', 'RETURN NEW;']],
    found: 'error row-count public.lines (DELETE)',
  },
  {
    what: 'ON CONFLICT that is refused',
    change: [],
    found: 'warning avoidable public.lines',
  },
  {
    what: 'a check that raises P0001',
    change: [['BEGIN\n    IF TG_OP', "BEGIN\n    IF NEW.quantity <= 0 THEN RAISE EXCEPTION 'no quantity'; END IF;\n    IF TG_OP"]],
    found: 'error sqlstate public.lines (lines_quantity_check)',
  },
  {
    what: 'another row that is updated where a key is NULL',
    change: [['touched = NEW.touched\n      WHERE id = OLD.id', 'touched = NEW.touched\n      WHERE code IS NOT DISTINCT FROM OLD.code']],
    found: 'error sqlstate public.lines (UPDATE: 23505)',
  },
  {
    what: 'a generated key that is not returned',
    change: [
      ["ALTER VIEW lines ALTER COLUMN id SET DEFAULT nextval('lines_id_seq');", ''],
      [
        'INSERT INTO lines_v2 VALUES (NEW.*) RETURNING * INTO NEW;',
        `INSERT INTO lines_v2 VALUES (coalesce(NEW.id, nextval('lines_id_seq')), NEW.order_id, NEW.code, NEW.quantity, NEW.note, NEW.touched);`,
      ],
    ],
    found: 'error rows public.lines.id',
  },
  {
    what: 'a copy of the table without its foreign keys',
    change: [
      [
        'ALTER TABLE lines RENAME TO lines_v2;',
        'CREATE TABLE lines_v2 (LIKE lines INCLUDING ALL); INSERT INTO lines_v2 SELECT * FROM lines; ALTER TABLE lines RENAME TO lines_old;',
      ],
    ],
    found: 'error sqlstate public.lines (lines_order_id_fkey)',
  },
  {
    what: 'a column that an UPDATE forgets',
    change: [[' code = NEW.code,', '']],
    found: 'error contents public.lines.code',
  },
]

describe('a view with INSTEAD OF triggers', () => {
  test('that does all it can is told from the table only by what no such view can do', async () => {
    const seen = await observePair({ legacy, up: right }, 300)
    expect(seen.found).toEqual(['warning avoidable public.lines', 'info cannot public.lines'])
    expect(seen.sequences).toBeGreaterThan(300)
    expect(seen.changes).toBeGreaterThan(300)
  })

  test.each(inGate(mistakes, 3))('is refuted for $what', async ({ change, found }) => {
    const up = change.reduce((text, [from, to]) => {
      expect(text).toContain(from)
      return text.replace(from, to)
    }, right)
    expect((await observePair({ legacy, up }, 20)).found).toContainEqual(expect.stringContaining(found))
  })
})
