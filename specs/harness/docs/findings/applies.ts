import type { Examples } from './example.ts'

const setNotesInParts = `CREATE PROCEDURE set_notes() LANGUAGE plpgsql AS $$ BEGIN
  UPDATE orders SET note = '' WHERE note IS NULL AND id % 2 = 0;
  COMMIT;
  UPDATE orders SET note = '' WHERE note IS NULL;
END $$;
CALL set_notes();
DROP PROCEDURE set_notes();`
const orders = 'CREATE TABLE orders (id integer PRIMARY KEY, amount integer, note text);'

export const applies: Examples = {
  '21000': {
    legacy: `CREATE TABLE customers (id integer PRIMARY KEY, name text);
CREATE TABLE addresses (id integer PRIMARY KEY, customer_id integer REFERENCES customers, city text);`,
    bad: {
      up: `ALTER TABLE customers ADD COLUMN city text;
UPDATE customers AS c SET city = (SELECT a.city FROM addresses AS a WHERE a.customer_id = c.id);`,
    },
    good: {
      up: `ALTER TABLE customers ADD COLUMN city text;
UPDATE customers AS c SET city = (SELECT a.city FROM addresses AS a WHERE a.customer_id = c.id ORDER BY a.id LIMIT 1);`,
    },
  },
  '22001': {
    legacy: 'CREATE TABLE products (id integer PRIMARY KEY, name varchar(80));',
    bad: { up: 'ALTER TABLE products ALTER COLUMN name TYPE varchar(40);' },
    good: { up: 'ALTER TABLE products ALTER COLUMN name TYPE varchar(120);' },
  },
  '22003': {
    legacy: 'CREATE TABLE meters (id integer PRIMARY KEY, reading bigint);',
    bad: { up: 'ALTER TABLE meters ALTER COLUMN reading TYPE integer;' },
    good: { up: 'ALTER TABLE meters ALTER COLUMN reading TYPE numeric;' },
  },
  '22007': {
    legacy: 'CREATE TABLE people (id integer PRIMARY KEY, born text);',
    bad: { up: 'ALTER TABLE people ALTER COLUMN born TYPE date USING born::date;' },
    good: {
      up: `ALTER TABLE people ADD COLUMN born_on date;
UPDATE people SET born_on = born::date WHERE pg_input_is_valid(born, 'date');`,
    },
  },
  '22008': {
    legacy: 'CREATE TABLE events (id integer PRIMARY KEY, unix_seconds bigint);',
    bad: {
      up: `ALTER TABLE events ADD COLUMN happened_at timestamptz;
UPDATE events SET happened_at = to_timestamp(unix_seconds);`,
    },
    good: {
      up: `ALTER TABLE events ADD COLUMN happened_at timestamptz;
UPDATE events SET happened_at = to_timestamp(unix_seconds) WHERE unix_seconds BETWEEN 0 AND 4102444800;`,
    },
  },
  '22012': {
    legacy: 'CREATE TABLE batches (id integer PRIMARY KEY, pieces integer, boxes integer);',
    bad: {
      up: `ALTER TABLE batches ADD COLUMN per_box integer;
UPDATE batches SET per_box = pieces / boxes;`,
    },
    good: {
      up: `ALTER TABLE batches ADD COLUMN per_box integer;
UPDATE batches SET per_box = pieces / NULLIF(boxes, 0);`,
    },
  },
  '22P02': {
    legacy: 'CREATE TABLE parts (id integer PRIMARY KEY, shelf text);',
    bad: { up: 'ALTER TABLE parts ALTER COLUMN shelf TYPE integer USING shelf::integer;' },
    good: {
      up: `ALTER TABLE parts ADD COLUMN shelf_number integer;
UPDATE parts SET shelf_number = shelf::integer WHERE pg_input_is_valid(shelf, 'integer');`,
    },
  },
  '23502': {
    legacy: 'CREATE TABLE members (id integer PRIMARY KEY, phone text);',
    bad: { up: 'ALTER TABLE members ALTER COLUMN phone SET NOT NULL;' },
    good: { up: 'ALTER TABLE members ADD CONSTRAINT members_phone_given CHECK (phone IS NOT NULL) NOT VALID;' },
  },
  '23503': {
    legacy: `CREATE TABLE customers (id integer PRIMARY KEY);
CREATE TABLE orders (id integer PRIMARY KEY, customer_id integer);`,
    bad: { up: 'ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers;' },
    good: { up: 'ALTER TABLE orders ADD CONSTRAINT orders_customer_fkey FOREIGN KEY (customer_id) REFERENCES customers NOT VALID;' },
  },
  '23505': {
    legacy: 'CREATE TABLE accounts (id integer PRIMARY KEY, email text);',
    bad: { up: 'CREATE UNIQUE INDEX accounts_email_idx ON accounts (email);' },
    good: { up: 'CREATE INDEX accounts_email_idx ON accounts (email);' },
  },
  '23514': {
    legacy: 'CREATE TABLE products (id integer PRIMARY KEY, price numeric);',
    bad: { up: 'ALTER TABLE products ADD CONSTRAINT products_price_check CHECK (price >= 0);' },
    good: { up: 'ALTER TABLE products ADD CONSTRAINT products_price_check CHECK (price >= 0) NOT VALID;' },
  },
  '23P01': {
    legacy: 'CREATE TABLE bookings (id integer PRIMARY KEY, stay daterange);',
    bad: { up: 'ALTER TABLE bookings ADD CONSTRAINT bookings_stay_excl EXCLUDE USING gist (stay WITH &&);' },
    good: { up: 'CREATE INDEX bookings_stay_idx ON bookings USING gist (stay);' },
  },
  '25001': {
    legacy: orders,
    bad: {
      up: `BEGIN;
CREATE INDEX CONCURRENTLY orders_amount_idx ON orders (amount);
COMMIT;`,
    },
    good: { up: 'CREATE INDEX CONCURRENTLY orders_amount_idx ON orders (amount);' },
  },
  '2D000': {
    legacy: orders,
    bad: { up: setNotesInParts },
    good: { up: `-- godwit: no-transaction\n${setNotesInParts}` },
  },
  '2BP01': {
    legacy: 'CREATE TABLE accounts (id integer PRIMARY KEY, email text CONSTRAINT accounts_email_key UNIQUE);',
    bad: { up: 'DROP INDEX accounts_email_key;' },
    good: { up: 'ALTER TABLE accounts DROP CONSTRAINT accounts_email_key;' },
  },
  '42501': {
    legacy: orders,
    bad: { up: `COPY orders TO '/tmp/orders.csv';` },
    good: { up: 'CREATE TABLE orders_archive AS TABLE orders;' },
  },
  '42601': {
    legacy: orders,
    bad: { up: `DO $$ BEGIN EXECUTE 'ALTER TABLE orders ADD COLUM state text'; END $$;` },
    good: { up: `DO $$ BEGIN EXECUTE 'ALTER TABLE orders ADD COLUMN state text'; END $$;` },
  },
  '42701': {
    legacy: orders,
    bad: { up: 'ALTER TABLE orders ADD COLUMN note text;' },
    good: { up: 'ALTER TABLE orders ADD COLUMN IF NOT EXISTS note text;' },
  },
  '42703': {
    legacy: orders,
    bad: { up: 'CREATE INDEX orders_amount_idx ON orders (amout);' },
    good: { up: 'CREATE INDEX orders_amount_idx ON orders (amount);' },
  },
  '42704': {
    legacy: orders,
    bad: { up: 'ALTER TABLE orders ADD COLUMN state order_state;' },
    good: {
      up: `CREATE TYPE order_state AS ENUM ('open', 'paid');
ALTER TABLE orders ADD COLUMN state order_state;`,
    },
  },
  '42710': {
    legacy: `CREATE TYPE order_state AS ENUM ('open');
CREATE TABLE orders (id integer PRIMARY KEY, state order_state);`,
    bad: { up: `CREATE TYPE order_state AS ENUM ('open', 'paid');` },
    good: { up: `ALTER TYPE order_state ADD VALUE 'paid';` },
  },
  '42804': {
    legacy: 'CREATE TABLE invoices (id integer PRIMARY KEY, paid boolean);',
    bad: { up: 'ALTER TABLE invoices ALTER COLUMN paid TYPE integer;' },
    good: {
      up: 'ALTER TABLE invoices ALTER COLUMN paid TYPE integer USING paid::integer;',
      down: 'ALTER TABLE invoices ALTER COLUMN paid TYPE boolean USING paid::boolean;',
    },
  },
  '42883': {
    legacy: 'CREATE TABLE pages (id integer PRIMARY KEY, title text);',
    bad: {
      up: `ALTER TABLE pages ADD COLUMN slug text;
UPDATE pages SET slug = slugify(title);`,
    },
    good: {
      up: `ALTER TABLE pages ADD COLUMN slug text;
UPDATE pages SET slug = regexp_replace(lower(title), '\\W+', '-', 'g');`,
    },
  },
  '42P01': {
    legacy: orders,
    bad: { up: 'ALTER TABLE ordres ADD COLUMN state text;' },
    good: { up: 'ALTER TABLE orders ADD COLUMN state text;' },
  },
  '42P07': {
    legacy: `${orders}
CREATE INDEX orders_amount_idx ON orders (amount);`,
    bad: { up: 'CREATE INDEX orders_amount_idx ON orders (amount);' },
    good: { up: 'CREATE INDEX IF NOT EXISTS orders_amount_idx ON orders (amount);' },
  },
  '55006': {
    legacy: `CREATE TABLE orders (id integer PRIMARY KEY);
CREATE TABLE lines (id integer PRIMARY KEY, order_id integer REFERENCES orders DEFERRABLE INITIALLY DEFERRED, amount integer);`,
    bad: {
      up: `INSERT INTO lines (id, order_id) SELECT -o.id, o.id FROM orders AS o WHERE o.id > 0 ON CONFLICT DO NOTHING;
ALTER TABLE lines ADD COLUMN note text;`,
    },
    good: {
      up: `INSERT INTO lines (id, order_id) SELECT -o.id, o.id FROM orders AS o WHERE o.id > 0 ON CONFLICT DO NOTHING;
SET CONSTRAINTS ALL IMMEDIATE;
ALTER TABLE lines ADD COLUMN note text;`,
    },
  },
  '55P03': { without: 'Only a second session that holds the lock shows it, and a migration is verified alone unless `--online` is given.' },
  '55P04': {
    legacy: `CREATE TYPE order_state AS ENUM ('open');
CREATE TABLE orders (id integer PRIMARY KEY, state order_state);`,
    bad: {
      up: `ALTER TYPE order_state ADD VALUE 'paid';
ALTER TABLE orders ALTER COLUMN state SET DEFAULT 'paid';`,
    },
    good: { up: `ALTER TYPE order_state ADD VALUE 'paid';` },
  },
  '57014': {
    legacy: 'CREATE TABLE categories (id integer PRIMARY KEY, parent_id integer REFERENCES categories);',
    bad: {
      up: `CREATE TABLE category_ancestors AS
WITH RECURSIVE up (id, ancestor_id) AS (
  SELECT id, parent_id FROM categories
  UNION ALL
  SELECT up.id, c.parent_id FROM up JOIN categories AS c ON c.id = up.ancestor_id
)
SELECT id, ancestor_id FROM up WHERE ancestor_id IS NOT NULL;`,
    },
    good: {
      up: `CREATE TABLE category_ancestors AS
WITH RECURSIVE up (id, ancestor_id) AS (
  SELECT id, parent_id FROM categories
  UNION
  SELECT up.id, c.parent_id FROM up JOIN categories AS c ON c.id = up.ancestor_id
)
SELECT id, ancestor_id FROM up WHERE ancestor_id IS NOT NULL;`,
    },
  },
  P0001: {
    legacy: 'CREATE TABLE products (id integer PRIMARY KEY, price numeric);',
    bad: {
      up: `DO $$ BEGIN
  IF EXISTS (SELECT FROM products WHERE price < 0) THEN RAISE EXCEPTION 'there are negative prices'; END IF;
END $$;
ALTER TABLE products ADD CONSTRAINT products_price_check CHECK (price >= 0);`,
    },
    good: { up: 'ALTER TABLE products ADD CONSTRAINT products_price_check CHECK (price >= 0) NOT VALID;' },
  },
}
