/** Schemas that between them have every type and constraint that rows must be made for. */
export const zoo: Readonly<Record<string, string>> = {
  shop: `
    CREATE TYPE public.mood AS ENUM ('sad', 'ok', 'happy');
    CREATE TABLE public.customers (id serial PRIMARY KEY, email text NOT NULL UNIQUE, "fullName" varchar(40), mood public.mood DEFAULT 'ok', active boolean NOT NULL DEFAULT true, created_at timestamptz NOT NULL DEFAULT now());
    CREATE UNIQUE INDEX customers_lower ON public.customers (lower(email));
    CREATE TABLE public.items (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, sku varchar(20) NOT NULL UNIQUE, price numeric(10,2) NOT NULL CHECK (price >= 0), status text NOT NULL DEFAULT 'new' CHECK (status IN ('new', 'old', 'gone')), notes text, tags text[]);
    CREATE TABLE public.orders (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), customer_id int NOT NULL REFERENCES public.customers ON DELETE CASCADE, placed date NOT NULL, shipped date, meta jsonb NOT NULL DEFAULT '{}', CHECK (shipped IS NULL OR shipped >= placed));
    CREATE TABLE public.lines (order_id uuid REFERENCES public.orders, item_id bigint REFERENCES public.items, quantity int NOT NULL CHECK (quantity BETWEEN 1 AND 99), PRIMARY KEY (order_id, item_id));
    CREATE TABLE public.profiles (customer_id int PRIMARY KEY REFERENCES public.customers, bio text, score smallint);`,
  types: `
    CREATE TYPE public.pair AS (left_part int, right_part text);
    CREATE DOMAIN public.posint AS int CHECK (VALUE > 0);
    CREATE DOMAIN public.small_posint AS public.posint CHECK (VALUE < 100) NOT NULL;
    CREATE DOMAIN public.mail AS text CHECK (VALUE ~ '^[a-z0-9.]+@[a-z0-9]+\\.[a-z]{2,5}$');
    CREATE TYPE public.span AS RANGE (subtype = float8);
    CREATE TABLE public.numbers (a int2, b int4, c int8, d numeric, e numeric(5,2), f numeric(3,-2), g float4, h float8, i money, j oid, k numeric(30,10), l public.posint, m public.small_posint, n numeric(2,0));
    CREATE TABLE public.texts (a text, b varchar(3), c char(5), d "char", e name, f char(1), g varchar, h bpchar, i public.mail, j varchar(8), k text COLLATE "C");
    CREATE TABLE public.times (a date, b time, c timetz(2), d timestamp(0), e timestamptz(3), f interval, g interval day to second, h interval year, i interval(0), j timestamp, k interval hour);
    CREATE TABLE public.others (a boolean, b bytea, c uuid, d inet, e cidr, f macaddr, g macaddr8, h bit, i bit(8), j bit(40), k varbit(12), l varbit, m json, n jsonb, o jsonpath, p tsvector, q tsquery, r pg_lsn, s xid, t pg_snapshot, u int2vector, v tid, w xid8);
    CREATE TABLE public.shapes (a point, b line, c lseg, d box, e path, f polygon, g circle);
    CREATE TABLE public.regs (a regclass, b regtype, c regproc, d regrole, e regnamespace, f regconfig, g regcollation, h regoperator);
    CREATE TABLE public.containers (a int[], b text[][], c public.pair, d public.pair[], e int4range, f int8range, g numrange, h tsrange, i tstzrange, j daterange, k int4multirange, l datemultirange, m public.span, n public.posint[], o uuid[], p jsonb[], q box[], r boolean[], s numeric(6,2)[]);
    CREATE TABLE public.markup (a xml);`,
  checks: `
    CREATE TABLE public.ranges (id int PRIMARY KEY, low int NOT NULL, high int NOT NULL, CHECK (low < high), CHECK (high - low < 1000));
    CREATE TABLE public.either (id int PRIMARY KEY, x text, y int, z date, CHECK ((x IS NOT NULL AND y IS NULL AND z IS NULL) OR (x IS NULL AND y IS NOT NULL AND z IS NULL) OR (x IS NULL AND y IS NULL AND z IS NOT NULL)));
    CREATE TABLE public.users (id serial PRIMARY KEY, name text NOT NULL CHECK (char_length(name) BETWEEN 3 AND 12));
    CREATE TABLE public.friends (one int NOT NULL REFERENCES public.users, two int NOT NULL REFERENCES public.users, PRIMARY KEY (one, two), CHECK (one <> two));
    CREATE TABLE public.pairs (low_id int NOT NULL REFERENCES public.users, high_id int NOT NULL REFERENCES public.users, CHECK (low_id < high_id));
    CREATE TABLE public.owned (id int PRIMARY KEY, user_id int REFERENCES public.users, team text, kind text NOT NULL, CHECK (num_nonnulls(user_id, team) = 1), CHECK (kind <> 'user' OR user_id IS NOT NULL));
    CREATE TABLE public.totals (id int PRIMARY KEY, quantity int NOT NULL, price int NOT NULL, total int NOT NULL, CHECK (quantity > 0), CHECK (price >= 0), CHECK (total = quantity * price));
    CREATE TABLE public.patterns (id int PRIMARY KEY, code text NOT NULL CHECK (code ~ '^[A-Z]{3}-\\d{4}$'), zip text CHECK (zip LIKE '12___'), hex text CHECK (hex ~* '^#?([a-f0-9]{6}|[a-f0-9]{3})$'), slug text NOT NULL UNIQUE CHECK (slug ~ '^[a-z0-9]+(-[a-z0-9]+)*$'), blank text CHECK (trim(blank) <> ''), upper_only text CHECK (upper_only = upper(upper_only)));
    CREATE TABLE public.derived (id int PRIMARY KEY, net numeric(8,2) NOT NULL, gross numeric(8,2) GENERATED ALWAYS AS (net * 1.2) STORED UNIQUE, full_text text GENERATED ALWAYS AS (net::text || '!') STORED, CHECK (gross < 1000));
    CREATE TABLE public.document (id int PRIMARY KEY, body jsonb NOT NULL CHECK (jsonb_typeof(body) = 'object'), CHECK (body ? 'name' OR body = '{}'));
    CREATE TABLE public.probability (id int PRIMARY KEY, p numeric(3,2) NOT NULL CHECK (p >= 0 AND p <= 1), f float8 CHECK (f > 0 AND f < 1), n int CHECK (n % 5 = 0), d date CHECK (d > '2024-01-01'), nothing text CHECK (nothing IS NULL));`,
  references: `
    CREATE TABLE public.tenants (id int PRIMARY KEY);
    CREATE TABLE public.people (tenant_id int NOT NULL REFERENCES public.tenants, id int NOT NULL, manager_id int, PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, manager_id) REFERENCES public.people);
    CREATE TABLE public.projects (tenant_id int NOT NULL REFERENCES public.tenants, id int NOT NULL, PRIMARY KEY (tenant_id, id));
    CREATE TABLE public.work (tenant_id int NOT NULL, person_id int NOT NULL, project_id int, FOREIGN KEY (tenant_id, person_id) REFERENCES public.people, FOREIGN KEY (tenant_id, project_id) REFERENCES public.projects);
    CREATE TABLE public.tree (id int PRIMARY KEY, parent_id int NOT NULL REFERENCES public.tree, name text NOT NULL, UNIQUE (parent_id, name));
    CREATE TABLE public.departments (id int PRIMARY KEY, head_id int NOT NULL);
    CREATE TABLE public.employees (id int PRIMARY KEY, department_id int NOT NULL REFERENCES public.departments);
    ALTER TABLE public.departments ADD FOREIGN KEY (head_id) REFERENCES public.employees;
    CREATE TABLE public.hens (id int PRIMARY KEY, egg_id int UNIQUE);
    CREATE TABLE public.eggs (id int PRIMARY KEY, hen_id int REFERENCES public.hens DEFERRABLE INITIALLY DEFERRED);
    ALTER TABLE public.hens ADD FOREIGN KEY (egg_id) REFERENCES public.eggs;
    CREATE TABLE public.codes (code text UNIQUE NOT NULL, label text);
    CREATE TABLE public.uses (code text REFERENCES public.codes (code), a int, b int, FOREIGN KEY (a, b) REFERENCES public.people MATCH FULL);
    CREATE TABLE public.narrow (code varchar(6) REFERENCES public.codes (code));`,
  keys: `
    CREATE TABLE public.soft_deleted (id int PRIMARY KEY, name text NOT NULL, deleted_at timestamptz);
    CREATE UNIQUE INDEX ON public.soft_deleted (name) WHERE deleted_at IS NULL;
    CREATE TABLE public.one_null (id int PRIMARY KEY, a int, b int, UNIQUE NULLS NOT DISTINCT (a, b));
    CREATE TABLE public.daily (id int PRIMARY KEY, at timestamp NOT NULL, room int NOT NULL);
    CREATE UNIQUE INDEX ON public.daily (date_trunc('day', at), room);
    CREATE TABLE public.flags (id int PRIMARY KEY, flag boolean NOT NULL UNIQUE);
    CREATE TABLE public.decimals (d numeric NOT NULL UNIQUE, f float8 NOT NULL UNIQUE, c char(4) NOT NULL UNIQUE, t timestamptz(0) UNIQUE);
    CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
    CREATE TABLE public.bookings (room int NOT NULL, during tsrange NOT NULL, EXCLUDE USING gist (room WITH =, during WITH &&));
    CREATE TABLE public.shifts (worker int NOT NULL, starts timestamptz NOT NULL, ends timestamptz NOT NULL, CHECK (starts < ends), EXCLUDE USING gist (worker WITH =, tstzrange(starts, ends) WITH &&));
    CREATE TABLE public.discs (c circle, EXCLUDE USING gist (c WITH &&));
    CREATE TABLE public.only_row (id boolean PRIMARY KEY DEFAULT true CHECK (id), value text);`,
  partitions: `
    CREATE TABLE public.events (id bigint GENERATED BY DEFAULT AS IDENTITY, at date NOT NULL, kind text NOT NULL, PRIMARY KEY (id, at, kind)) PARTITION BY RANGE (at);
    CREATE TABLE public.events_2024 PARTITION OF public.events FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE public.events_2025 PARTITION OF public.events FOR VALUES FROM ('2025-01-01') TO ('2026-01-01') PARTITION BY LIST (kind);
    CREATE TABLE public.events_2025_a PARTITION OF public.events_2025 FOR VALUES IN ('a', 'b');
    CREATE TABLE public.regions (id int, region text NOT NULL) PARTITION BY LIST (region);
    CREATE TABLE public.regions_eu PARTITION OF public.regions FOR VALUES IN ('de', 'fr');
    CREATE TABLE public.hashed (id uuid PRIMARY KEY) PARTITION BY HASH (id);
    CREATE TABLE public.hashed_0 PARTITION OF public.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 0);
    CREATE TABLE public.hashed_1 PARTITION OF public.hashed FOR VALUES WITH (MODULUS 2, REMAINDER 1);
    CREATE TABLE public.fallback (n int) PARTITION BY RANGE (n);
    CREATE TABLE public.fallback_default PARTITION OF public.fallback DEFAULT;
    CREATE TABLE public.base (id int PRIMARY KEY, name text CHECK (length(name) > 2));
    CREATE TABLE public.sub (extra int) INHERITS (public.base);`,
  names: `
    CREATE SCHEMA "odd schema.x";
    CREATE TYPE "odd schema.x"."Mo""od" AS ENUM ('it''s', 'a b', 'back\\slash');
    CREATE TABLE "odd schema.x"."Tä ble.""q" ("select" int PRIMARY KEY, "camelCase" text NOT NULL, "with ""quote" "odd schema.x"."Mo""od" NOT NULL, "dot.ted" int CHECK ("dot.ted" > 5), "Ünï" text CHECK ("Ünï" <> "camelCase"));
    CREATE TABLE "odd schema.x".child (id serial, ref int NOT NULL REFERENCES "odd schema.x"."Tä ble.""q");`,
  triggers: `
    CREATE TABLE public.guarded (id int PRIMARY KEY, state text NOT NULL);
    CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'not today'; END $$;
    CREATE TRIGGER guard BEFORE INSERT ON public.guarded FOR EACH ROW EXECUTE FUNCTION public.refuse();
    CREATE TABLE public.swallowed (id int PRIMARY KEY);
    CREATE FUNCTION public.swallow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RETURN NULL; END $$;
    CREATE TRIGGER swallow BEFORE INSERT ON public.swallowed FOR EACH ROW EXECUTE FUNCTION public.swallow();
    CREATE TABLE public.secret (id int PRIMARY KEY, owner text NOT NULL);
    ALTER TABLE public.secret ENABLE ROW LEVEL SECURITY;
    ALTER TABLE public.secret FORCE ROW LEVEL SECURITY;`,
  extensions: `
    CREATE EXTENSION citext SCHEMA public; CREATE EXTENSION hstore SCHEMA public; CREATE EXTENSION ltree SCHEMA public;
    CREATE EXTENSION isn SCHEMA public; CREATE EXTENSION cube SCHEMA public; CREATE EXTENSION seg SCHEMA public;
    CREATE TABLE public.extended (email public.citext UNIQUE NOT NULL, attrs public.hstore NOT NULL, path public.ltree NOT NULL, q public.lquery, book public.isbn13, cube public.cube NOT NULL, seg public.seg NOT NULL, mails public.citext[]);
    CREATE COLLATION public.nocase (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE public.folded (name text COLLATE public.nocase UNIQUE);
    CREATE DOMAIN public.tag AS text CHECK (VALUE = lower(VALUE) AND length(VALUE) < 20);
    CREATE DOMAIN public.tags AS public.tag[] CHECK (cardinality(VALUE) <= 3);
    CREATE TYPE public.address AS (street text, zip public.tag, geo point);
    CREATE TABLE public.nested (a public.tags NOT NULL, b public.address NOT NULL, c public.address[], CHECK ((b).street IS NOT NULL), d jsonb CHECK ((d ->> 'kind') IN ('x', 'y')));`,
  temporal: `
    CREATE EXTENSION IF NOT EXISTS btree_gist WITH SCHEMA public;
    CREATE TABLE public.rooms (id int NOT NULL, during daterange NOT NULL, name text, EXCLUDE USING gist (id WITH =, during WITH &&), CHECK (NOT isempty(during)));
    CREATE TABLE public.valid (id int PRIMARY KEY, span tstzrange CHECK (lower(span) < upper(span)), price int4range CHECK (NOT isempty(price) AND lower(price) >= 0));
    CREATE TABLE public.counters (id int PRIMARY KEY, a smallint NOT NULL CHECK (a > 0), b smallint NOT NULL, kind "char" NOT NULL CHECK (kind IN ('a', 'b')), CHECK (a > b OR b = 0), UNIQUE (a, b, kind));
    CREATE TABLE public.steps (id int PRIMARY KEY, status text NOT NULL CHECK (status IN ('draft', 'sent', 'paid')), sent_at timestamptz, paid_at timestamptz, amount numeric(10,2), CHECK (status = 'draft' OR sent_at IS NOT NULL), CHECK (status <> 'paid' OR (paid_at IS NOT NULL AND amount > 0)), CHECK (paid_at IS NULL OR paid_at > sent_at));
    CREATE TABLE public.clock (id int PRIMARY KEY, starts time NOT NULL, ends time NOT NULL, CHECK (ends > starts), days int[] CHECK (array_length(days, 1) <= 7), hash char(64) CHECK (hash ~ '^[0-9a-f]{64}$'), iso char(2) CHECK (iso = upper(iso)), country varchar(2) CHECK (length(country) = 2));`,
}
