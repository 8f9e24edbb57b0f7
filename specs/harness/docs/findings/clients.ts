import type { Examples } from './example.ts'

const parcels = 'CREATE TABLE parcels (id integer PRIMARY KEY, weight integer NOT NULL DEFAULT 1, remark text);'

export const backwardCompatibility: Examples = {
  fails: {
    legacy: parcels,
    bad: { up: 'ALTER TABLE parcels RENAME COLUMN remark TO note;' },
    good: { up: 'ALTER TABLE parcels ADD COLUMN note text GENERATED ALWAYS AS (remark) STORED;' },
  },
  count: {
    legacy: parcels,
    bad: {
      up: `ALTER TABLE parcels ADD COLUMN is_deleted boolean NOT NULL DEFAULT false;
CREATE FUNCTION mark_deleted() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  UPDATE parcels SET is_deleted = true WHERE id = OLD.id;
  RETURN NULL;
END $$;
CREATE TRIGGER mark_deleted BEFORE DELETE ON parcels FOR EACH ROW EXECUTE FUNCTION mark_deleted();`,
    },
    good: { up: 'ALTER TABLE parcels ADD COLUMN is_deleted boolean NOT NULL DEFAULT false;' },
  },
  rows: {
    legacy: parcels,
    bad: { up: 'ALTER TABLE parcels ALTER COLUMN weight SET DEFAULT 0;' },
    good: { up: 'ALTER TABLE parcels ADD COLUMN volume integer NOT NULL DEFAULT 0;' },
  },
  type: {
    legacy: parcels,
    bad: { up: 'ALTER TABLE parcels ALTER COLUMN weight TYPE numeric(8, 3);' },
    good: { up: 'ALTER TABLE parcels ADD COLUMN weight_kg numeric(8, 3) GENERATED ALWAYS AS (weight) STORED;' },
  },
  renamed: {
    legacy: parcels,
    bad: {
      up: `ALTER TABLE parcels RENAME TO shipments;
CREATE VIEW parcels WITH (security_invoker = true) AS SELECT id, weight, remark FROM shipments;`,
    },
    good: { up: 'CREATE VIEW shipments WITH (security_invoker = true) AS SELECT id, weight, remark FROM parcels;' },
  },
}

const accounts = `CREATE TABLE accounts (
  id integer PRIMARY KEY,
  email text NOT NULL UNIQUE,
  seats integer NOT NULL DEFAULT 1 CONSTRAINT accounts_seats_check CHECK (seats > 0)
);`
const renamed = 'ALTER TABLE accounts RENAME TO customers;'
const bareView = `${renamed}
CREATE VIEW accounts WITH (security_invoker = true) AS SELECT id, email, seats FROM customers;`
const plainView = `${bareView}
ALTER VIEW accounts ALTER COLUMN seats SET DEFAULT 1;`

/** A view with a trigger that writes; `change` puts a mistake into it. */
function triggerView(change: readonly [string, string] = ['', '']): string {
  return `${plainView}
CREATE FUNCTION write_account() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
  IF TG_OP = 'INSERT' THEN
    INSERT INTO customers VALUES (NEW.*) RETURNING * INTO NEW;
    RETURN NEW;
  ELSIF TG_OP = 'UPDATE' THEN
    UPDATE customers SET id = NEW.id, email = NEW.email, seats = NEW.seats WHERE id = OLD.id;
    RETURN NEW;
  END IF;
  DELETE FROM customers WHERE id = OLD.id;
  RETURN OLD;
END $$;
CREATE TRIGGER write_account INSTEAD OF INSERT OR UPDATE OR DELETE ON accounts FOR EACH ROW EXECUTE FUNCTION write_account();`.replace(
    ...change,
  )
}

export const viewEquivalence: Examples = {
  sqlstate: {
    legacy: accounts,
    bad: { up: bareView },
    good: { up: plainView },
  },
  constraint: {
    legacy: accounts,
    bad: {
      up: `${renamed}
ALTER TABLE customers RENAME CONSTRAINT accounts_seats_check TO customers_seats_check;
CREATE VIEW accounts WITH (security_invoker = true) AS SELECT id, email, seats FROM customers;
ALTER VIEW accounts ALTER COLUMN seats SET DEFAULT 1;`,
    },
    good: { up: plainView },
  },
  columns: {
    legacy: accounts,
    bad: {
      up: `${renamed}
CREATE VIEW accounts WITH (security_invoker = true) AS SELECT id, seats, email FROM customers;
ALTER VIEW accounts ALTER COLUMN seats SET DEFAULT 1;`,
    },
    good: { up: plainView },
  },
  'row-count': {
    legacy: accounts,
    bad: { up: triggerView(['RETURN OLD;', 'RETURN NULL;']) },
    good: { up: plainView },
  },
  rows: {
    legacy: `CREATE TABLE accounts (id serial PRIMARY KEY, email text NOT NULL UNIQUE, seats integer NOT NULL DEFAULT 1);`,
    bad: {
      up: triggerView([
        'INSERT INTO customers VALUES (NEW.*) RETURNING * INTO NEW;',
        `INSERT INTO customers VALUES (coalesce(NEW.id, nextval('accounts_id_seq')), NEW.email, NEW.seats);`,
      ]),
    },
    good: { up: plainView },
  },
  contents: {
    legacy: accounts,
    bad: { up: triggerView([', seats = NEW.seats', '']) },
    good: { up: plainView },
  },
  avoidable: {
    legacy: accounts,
    bad: { up: triggerView() },
    good: { up: plainView },
  },
  cannot: {
    legacy: accounts,
    bad: { up: plainView },
    good: { up: 'CREATE VIEW customers WITH (security_invoker = true) AS SELECT id, email, seats FROM accounts;' },
  },
}

const notes = `CREATE TABLE notes (id integer PRIMARY KEY, author text NOT NULL, body text);
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_notes ON notes USING (author = current_setting('app.author', true));
GRANT SELECT ON notes TO note_app;`
const rebuiltNotes = `CREATE TABLE notes_new (LIKE notes INCLUDING ALL);
INSERT INTO notes_new SELECT * FROM notes;
DROP TABLE notes;
ALTER TABLE notes_new RENAME TO notes;
ALTER TABLE notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_notes ON notes USING (author = current_setting('app.author', true));`

export const accessParity: Examples = {
  gained: {
    legacy: notes,
    bad: {
      up: `CREATE VIEW note_bodies AS SELECT id, body FROM notes;
GRANT SELECT ON note_bodies TO note_app;`,
    },
    good: {
      up: `CREATE VIEW note_bodies WITH (security_invoker = true) AS SELECT id, body FROM notes;
GRANT SELECT ON note_bodies TO note_app;`,
    },
  },
  lost: {
    legacy: notes,
    bad: { up: rebuiltNotes },
    good: { up: `${rebuiltNotes}\nGRANT SELECT ON notes TO note_app;` },
  },
  bypass: {
    legacy: notes,
    bad: {
      up: `CREATE VIEW note_counts AS SELECT author, count(*) FROM notes GROUP BY author;
GRANT SELECT ON note_counts TO note_app;`,
    },
    good: {
      up: `CREATE VIEW note_counts WITH (security_invoker = true) AS SELECT author, count(*) FROM notes GROUP BY author;
GRANT SELECT ON note_counts TO note_app;`,
    },
  },
  'search-path': {
    legacy: notes,
    bad: { up: `CREATE FUNCTION count_notes() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS 'SELECT count(*) FROM notes';` },
    good: {
      up: `CREATE FUNCTION count_notes() RETURNS bigint LANGUAGE sql SECURITY DEFINER SET search_path = '' AS 'SELECT count(*) FROM public.notes';`,
    },
  },
}
