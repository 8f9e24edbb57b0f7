import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { type Session, startCluster } from 'godwit'
import { type Budget, type Figure, measure, ratios, roundsOr } from './harness/bench-support.ts'
import { Rounds } from './harness/snapshot/rounds.ts'

// Each statement on the bare table, through the view of the migration, and through a view with INSTEAD OF triggers, all over one table. But
// for those over the wire they come from a loop on the server, parsed and planned each time: no round trip hides what a view costs.
const rows = Number(process.env.GODWIT_BENCH_ROWS ?? 1_000_000)
const names = { table: 'order_line_items_v2', view: 'order_line_items', instead: 'order_line_items_instead' } as const

interface Question {
  readonly what: string
  /** How often in a round. */
  readonly times: number
  /** `i` is the number of the repetition. */
  readonly sql: (name: string) => string
  /** As a client sends it, one round trip each, with `i` as $1. */
  readonly overWire?: true
  readonly view?: Budget
  readonly instead?: Budget
}

const key = `' || (i * 7919 % ${rows} + 1) || '`
const read: Budget = { most: 1.05 }
const point: Budget = { most: 1.15 }
const write = { view: { most: 1.1 }, instead: { most: 3 } } as const

const questions: readonly Question[] = [
  { what: 'read by key, over the wire', times: 500, sql: (name) => `SELECT * FROM ${name} WHERE id = $1`, overWire: true, view: point },
  { what: 'read by key', times: 3000, sql: (name) => `SELECT * FROM ${name} WHERE id = ${key}` },
  {
    what: 'read the lines of an order, over the wire',
    times: 500,
    sql: (name) => `SELECT * FROM ${name} WHERE order_id = $1`,
    overWire: true,
    view: point,
  },
  {
    what: 'join to the products of 1000 lines',
    times: 20,
    sql: (name) => `SELECT * FROM ${name} AS l JOIN products AS p ON p.id = l.product_id WHERE l.id <= 1000`,
    view: read,
  },
  {
    what: 'total of all lines',
    times: 1,
    sql: (name) => `SELECT sum(quantity * unit_price * (100 - discount)) FROM ${name}`,
    view: read,
  },
  {
    what: 'insert',
    times: 2000,
    sql: (name) =>
      `INSERT INTO ${name} (order_id, product_id, "position", unit_price) VALUES (1, 1, ${rows} + ' || i || ', 9.99) RETURNING id`,
    ...write,
  },
  {
    what: 'insert of 1000 rows',
    times: 2,
    sql: (name) =>
      `INSERT INTO ${name} (order_id, product_id, "position", unit_price) SELECT 1, 1, ${rows} + 1000 * ' || i || ' + n, 9.99 FROM generate_series(1, 1000) AS n`,
    ...write,
  },
  { what: 'update by key', times: 2000, sql: (name) => `UPDATE ${name} SET quantity = quantity + 1 WHERE id = ${key}`, ...write },
  {
    what: 'update of 1000 rows',
    times: 2,
    sql: (name) => `UPDATE ${name} SET quantity = quantity + 1 WHERE id BETWEEN 1000 * ' || i || ' AND 1000 * ' || i || ' + 999`,
    ...write,
  },
  { what: 'delete by key', times: 2000, sql: (name) => `DELETE FROM ${name} WHERE id = ${key}`, ...write },
]

measure(
  `Each legacy statement through the view, to the bare table, at ${rows} rows`,
  async () => {
    await using cluster = await startCluster({ kind: 'embedded' })
    await using database = await cluster.createDatabase()
    await using session = await database.connect()
    await fill(session)
    const figures: Figure[] = []
    for (const { what, times, sql, overWire, view, instead } of questions) {
      const send = (name: string) => () => (overWire ? oneByOne : inLoop)(session, sql(name), times)
      const rounds = new Rounds({
        table: send(names.table),
        view: send(names.view),
        again: send(names.table),
        ...(instead === undefined ? {} : { instead: send(names.instead) }),
      })
      for (let round = 0; round < roundsOr(9) + 1; round += 1) await rounds.round()
      // The first round warms the caches.
      const warm = (contender: string) => rounds.times(contender).slice(1)
      if ((await planOf(session, sql(names.view))) !== (await planOf(session, sql(names.table)))) console.log(`ANOTHER PLAN: ${what}`)
      figures.push({ what: `${what}, table`, values: warm('table').map((each) => each / times), unit: ' ms' })
      figures.push({
        what: `${what}, view to table`,
        values: ratios(warm('view'), warm('table')),
        control: ratios(warm('again'), warm('table')),
        unit: ' ×',
        ...(view === undefined ? {} : { budget: view }),
      })
      if (instead !== undefined)
        figures.push({ what: `${what}, INSTEAD OF to table`, values: ratios(warm('instead'), warm('table')), unit: ' ×', budget: instead })
    }
    return figures
  },
  'migrations/order-line-items',
)

async function oneByOne(session: Session, sql: string, times: number): Promise<void> {
  for (let i = 1; i <= times; i += 1) await session.query(sql, [((i * 7919) % (rows / 10)) + 1])
}

/** One message; what it writes is undone. */
async function inLoop(session: Session, sql: string, times: number): Promise<void> {
  await session.script(`BEGIN; DO $$ BEGIN FOR i IN 1..${times} LOOP EXECUTE '${sql}'; END LOOP; END $$; ROLLBACK`)
}

/** The nodes of the plan, outermost first; without aliases, which a view adds. */
async function planOf(session: Session, sql: string): Promise<string> {
  const [result] = await session.script(`EXPLAIN (FORMAT JSON) ${sql.replaceAll(/' \|\| .*? \|\| '|\$1/g, '1')}`)
  const nodes = (result?.rows ?? [])
    .flat()
    .join('\n')
    .matchAll(/"(Node Type|Relation Name|Index Name|Index Cond|Join Type)": "(.*)"/g)
  return [...nodes].map(([, name, text = '']) => `${name}: ${text.replaceAll(/\b\w+\./g, '')}`).join('\n')
}

async function fill(session: Session): Promise<void> {
  const read = (name: string) => readFileSync(resolve(import.meta.dirname, '../migrations/order-line-items', name), 'utf8')
  await session.script(read('legacy.sql'))
  await session.script(`
    SET session_replication_role = replica;
    INSERT INTO orders (customer_email) SELECT n || '@example.com' FROM generate_series(1, ${rows} / 10) AS n;
    INSERT INTO products (sku, name, list_price) SELECT n, 'product ' || n, n FROM generate_series(1, 1000) AS n;
    INSERT INTO order_line_items (order_id, product_id, "position", quantity, unit_price, discount, notes)
    SELECT n % (${rows} / 10) + 1, n % 1000 + 1, n, n % 9 + 1, n % 100 + 0.99, n % 5, 'note ' || n FROM generate_series(1, ${rows}) AS n;
    RESET session_replication_role`)
  for (const table of ['orders', 'products', 'order_line_items']) await session.query(`VACUUM ANALYZE ${table}`)
  await session.script(`BEGIN; ${read('up.sql')}; COMMIT`)
  await session.script(insteadOf)
}

const columns = ['id', 'order_id', 'product_id', '"position"', 'quantity', 'unit_price', 'discount', 'notes', 'created_at', 'updated_at']

const insteadOf = `
  CREATE VIEW ${names.instead} AS SELECT ${columns.join(', ')} FROM ${names.table};
  ALTER VIEW ${names.instead} ALTER id SET DEFAULT nextval('order_line_items_id_seq'), ALTER quantity SET DEFAULT 1,
    ALTER discount SET DEFAULT 0, ALTER created_at SET DEFAULT now(), ALTER updated_at SET DEFAULT now();
  CREATE FUNCTION write_line() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    IF TG_OP = 'INSERT' THEN
      INSERT INTO ${names.table} VALUES (NEW.*) RETURNING * INTO NEW;
    ELSIF TG_OP = 'UPDATE' THEN
      UPDATE ${names.table} SET ${columns.map((each) => `${each} = NEW.${each}`).join(', ')} WHERE id = OLD.id RETURNING * INTO NEW;
    ELSE
      DELETE FROM ${names.table} WHERE id = OLD.id;
      RETURN OLD;
    END IF;
    RETURN NEW;
  END $$;
  CREATE TRIGGER write_line INSTEAD OF INSERT OR UPDATE OR DELETE ON ${names.instead} FOR EACH ROW EXECUTE FUNCTION write_line()`
