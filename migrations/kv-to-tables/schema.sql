-- The six tables, in the order of their foreign keys, and the two tables of the migration itself. Every statement can be run again.
--
-- source_key     key in the store that the row came from; NULL for a row that the application made
-- source_digest  hash of the value as it was migrated: tells a record that changed since from one that did not
-- extra          fields of the record that have no column, as they were

CREATE TABLE IF NOT EXISTS clients (
  id uuid PRIMARY KEY,
  name text NOT NULL,
  email text NOT NULL,
  phone text,
  status text,
  created_at timestamptz,
  updated_at timestamptz,
  extra jsonb NOT NULL DEFAULT '{}',
  source_key text,
  source_digest bigint
);
-- ASCII letters alone are folded, whatever the database's locale: the program folds the same way.
CREATE UNIQUE INDEX IF NOT EXISTS clients_identity ON clients (lower(email COLLATE "C"));

CREATE TABLE IF NOT EXISTS catalogs (
  id uuid PRIMARY KEY,
  client_id uuid NOT NULL REFERENCES clients,
  name text NOT NULL,
  slug text NOT NULL,
  currency text,
  created_at timestamptz,
  updated_at timestamptz,
  extra jsonb NOT NULL DEFAULT '{}',
  source_key text,
  source_digest bigint
);
CREATE UNIQUE INDEX IF NOT EXISTS catalogs_identity ON catalogs (client_id, slug);

CREATE TABLE IF NOT EXISTS sites (
  id uuid PRIMARY KEY,
  client_id uuid NOT NULL REFERENCES clients,
  catalog_id uuid REFERENCES catalogs,
  name text NOT NULL,
  slug text NOT NULL,
  celebration_date date,
  published boolean,
  theme jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  extra jsonb NOT NULL DEFAULT '{}',
  source_key text,
  source_digest bigint
);
CREATE UNIQUE INDEX IF NOT EXISTS sites_identity ON sites (slug);
CREATE INDEX IF NOT EXISTS sites_client ON sites (client_id);
CREATE INDEX IF NOT EXISTS sites_catalog ON sites (catalog_id);

CREATE TABLE IF NOT EXISTS products (
  id uuid PRIMARY KEY,
  catalog_id uuid NOT NULL REFERENCES catalogs,
  sku text NOT NULL,
  name text NOT NULL,
  description text,
  price numeric NOT NULL CHECK (price >= 0),
  stock integer CHECK (stock >= 0),
  tags jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  extra jsonb NOT NULL DEFAULT '{}',
  source_key text,
  source_digest bigint
);
CREATE UNIQUE INDEX IF NOT EXISTS products_identity ON products (catalog_id, sku);
CREATE INDEX IF NOT EXISTS products_words ON products USING gin (to_tsvector('simple', name));

CREATE TABLE IF NOT EXISTS employees (
  id uuid PRIMARY KEY,
  site_id uuid NOT NULL REFERENCES sites,
  email text NOT NULL,
  first_name text NOT NULL,
  last_name text NOT NULL,
  started_on date,
  points numeric,
  created_at timestamptz,
  updated_at timestamptz,
  extra jsonb NOT NULL DEFAULT '{}',
  source_key text,
  source_digest bigint
);
CREATE UNIQUE INDEX IF NOT EXISTS employees_identity ON employees (site_id, lower(email COLLATE "C"));

CREATE TABLE IF NOT EXISTS orders (
  id uuid PRIMARY KEY,
  number text NOT NULL,
  site_id uuid NOT NULL REFERENCES sites,
  product_id uuid NOT NULL REFERENCES products,
  employee_id uuid REFERENCES employees,
  quantity integer NOT NULL CHECK (quantity >= 1),
  total numeric NOT NULL CHECK (total >= 0),
  status text,
  ordered_at timestamptz NOT NULL,
  shipping jsonb,
  created_at timestamptz,
  updated_at timestamptz,
  extra jsonb NOT NULL DEFAULT '{}',
  source_key text,
  source_digest bigint
);
CREATE UNIQUE INDEX IF NOT EXISTS orders_identity ON orders (number);
CREATE INDEX IF NOT EXISTS orders_site ON orders (site_id);
CREATE INDEX IF NOT EXISTS orders_product ON orders (product_id);
CREATE INDEX IF NOT EXISTS orders_employee ON orders (employee_id);

-- Records that could not be moved, each with its value as it was in the store and every reason.
CREATE TABLE IF NOT EXISTS kv_set_aside (
  key text PRIMARY KEY,
  kind text NOT NULL,
  position bigint NOT NULL,
  value text,
  reasons jsonb NOT NULL
);

-- What a run counted so far, with a digest of its rules and options; empty while none is under way.
CREATE TABLE IF NOT EXISTS kv_checkpoint (
  kind text PRIMARY KEY,
  rules text NOT NULL,
  counts jsonb NOT NULL
);
