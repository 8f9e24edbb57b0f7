import fc from 'fast-check'

/** A table with rows, what a mapping declares of it, and what must come of that. */
export interface MovedTable {
  readonly legacy: string
  readonly mapping: string
  /** `either` where only the server can say whether a view can stand for the table. */
  readonly expected: 'equivalent' | 'refused' | 'either'
  readonly columns: readonly MovedColumn[]
  readonly roles: readonly string[]
  readonly triggers: boolean
}

/** A column with texts to write into it: those that its table takes, and those that it refuses. */
export interface MovedColumn {
  readonly name: string
  readonly sql: string
  readonly takes: readonly (string | null)[]
  readonly refuses: readonly (string | null)[]
  readonly generated?: true
}

interface Conversion {
  readonly old: Readonly<Record<string, string>>
  readonly new: Readonly<
    Record<string, { readonly type: string; readonly value: string; readonly notNull?: boolean; readonly default?: string }>
  >
}

/** Columns, and what can become of them. */
interface Part {
  readonly columns: readonly MovedColumn[]
  readonly conversion?: Conversion
  readonly sound?: boolean
}

const column = (name: string, sql: string, takes: MovedColumn['takes'], refuses: MovedColumn['refuses'] = []): MovedColumn => ({
  name,
  sql,
  takes,
  refuses,
})

/** Columns that stay as they are, or get another name. */
const plain: readonly Part[] = [
  { columns: [column('note', `text DEFAULT 'none'`, ['', 'a b', null, "it's", 'é'])] },
  { columns: [column('qty', 'integer NOT NULL DEFAULT 1 CHECK (qty > 0)', ['1', '7', '2147483647'], ['0', null])] },
  { columns: [column('orderNo', 'varchar(8) UNIQUE', ['A1', 'B2', 'C3', null], ['much too long'])] },
  { columns: [column('position', 'smallint', ['1', '2', null], ['99999'])] },
  { columns: [column('order', 'numeric(6,2) DEFAULT 1.5', ['1', '0.005', '-3.25', null], ['123456'])] },
  { columns: [column('since', `timestamptz NOT NULL DEFAULT '2020-01-01Z'`, ['2024-02-29 12:00Z', 'infinity'], [null])] },
  { columns: [column('tags', `text[] DEFAULT '{}'`, ['{}', '{a,b}', '{NULL}', null])] },
  { columns: [column('attrs', 'jsonb', ['{}', '{"a": 1}', 'null', null], ['{'])] },
  { columns: [column('mood', `mood NOT NULL DEFAULT 'fine'`, ['fine', 'bad'], ['none', null])] },
  { columns: [{ ...column('twice', 'integer GENERATED ALWAYS AS (id * 2) STORED', []), generated: true }] },
  { columns: [column('code', 'char(4)', ['ab', 'abcd', null], ['abcde'])] },
]

const name = column('full_name', `text NOT NULL CHECK (full_name ~ '^[^ ]+ [^ ]+$')`, ['Ann Lee', 'é ü', 'a b'], ['Ann', '', null])

/** Conversions that give every legal value back. */
const sound: readonly Part[] = [
  {
    columns: [name],
    conversion: {
      old: { full_name: `first || ' ' || last` },
      new: {
        first: { type: 'text', value: `split_part(full_name, ' ', 1)`, notNull: true },
        last: { type: 'text', value: `split_part(full_name, ' ', 2)`, notNull: true },
      },
    },
  },
  {
    columns: [column('state', `text NOT NULL DEFAULT 'open' CHECK (state IN ('open', 'done'))`, ['open', 'done'], ['lost', null])],
    conversion: {
      old: { state: `CASE WHEN is_open THEN 'open' ELSE 'done' END` },
      new: { is_open: { type: 'boolean', value: `state = 'open'`, notNull: true, default: 'true' } },
    },
  },
  {
    columns: [column('phase', `text CONSTRAINT known_phase CHECK (phase IN ('one', 'two'))`, ['one', 'two', null], ['three'])],
    conversion: {
      old: { phase: `CASE is_one WHEN true THEN 'one' WHEN false THEN 'two' END` },
      new: { is_one: { type: 'boolean', value: `phase = 'one'` } },
    },
  },
  {
    columns: [
      column(
        'price',
        'numeric(8,2) NOT NULL DEFAULT 0 CHECK (price >= 0 AND price < 100000)',
        ['0', '1.25', '99999.99'],
        ['-1', null, 'NaN'],
      ),
    ],
    conversion: {
      old: { price: 'cents / 100.0' },
      new: { cents: { type: 'integer', value: 'price * 100', notNull: true, default: '0' } },
    },
  },
  {
    columns: [column('zip', `text CHECK (zip ~ '^[1-9][0-9]{3,4}$')`, ['1234', '99999', null], ['0123', 'x', ''])],
    conversion: { old: { zip: 'zip::text' }, new: { zip: { type: 'integer', value: 'zip::integer' } } },
  },
  {
    columns: [
      column('city', `text NOT NULL DEFAULT '' CHECK (strpos(city, '|') = 0)`, ['', 'Ulm', 'New York'], ['a|b', null]),
      column('street', 'text NOT NULL', ['', 'Main | 1', 'x'], [null]),
    ],
    conversion: {
      old: { city: `split_part(address, '|', 1)`, street: `substr(address, strpos(address, '|') + 1)` },
      new: { address: { type: 'text', value: `city || '|' || street`, notNull: true } },
    },
  },
  {
    columns: [column('kind', `text NOT NULL DEFAULT 'item' CHECK (kind = 'item')`, ['item'], ['other', null])],
    conversion: { old: { kind: `'item'` }, new: {} },
  },
  {
    columns: [column('sku', 'text UNIQUE', ['abc', 'x', '', 'yé', null])],
    conversion: { old: { sku: 'reverse(uks)' }, new: { uks: { type: 'text', value: 'reverse(sku)' } } },
  },
  {
    columns: [column('active', 'boolean NOT NULL DEFAULT true', ['true', 'false'], [null])],
    conversion: {
      old: { active: 'NOT archived' },
      new: { archived: { type: 'boolean', value: 'NOT active', notNull: true, default: 'false' } },
    },
  },
  { columns: [], conversion: { old: {}, new: { currency: { type: 'text', value: `'EUR'`, notNull: true } } } },
]

const once = (sql: string, back: string, value: string, type: string, takes: MovedColumn['takes'], notNull = false): Part => ({
  columns: [column('lossy', sql, takes)],
  conversion: { old: { lossy: back }, new: { kept: { type, value, notNull } } },
  sound: false,
})

/** Conversions that do not, each for a reason of its own. */
const unsound: readonly Part[] = [
  once('text', 'kept', 'lower(lossy)', 'text', ['a']),
  once('text', 'kept', 'trim(lossy)', 'text', ['a']),
  once('text', 'kept', `coalesce(lossy, '')`, 'text', ['a']),
  once('text', `nullif(kept, '')`, `coalesce(lossy, '')`, 'text', ['a']),
  once('text', 'kept', 'left(lossy, 3)', 'text', ['a']),
  once('text NOT NULL', `split_part(kept, ',', 1)`, 'lossy', 'text', ['a']),
  once('text', 'kept::text', 'lossy::integer', 'integer', ['1']),
  once('numeric(8,2)', 'kept', 'round(lossy)', 'numeric', ['1']),
  once('integer', 'kept * 2', 'lossy / 2', 'integer', ['2']),
  once('timestamptz', 'kept', 'lossy::date', 'date', ['2020-01-01']),
  once('integer', 'kept', 'lossy', 'smallint', ['1']),
  once('integer', 'kept', 'abs(lossy)', 'integer', ['1']),
  once('boolean', 'kept', 'lossy', 'boolean', ['true'], true),
  once('integer', 'kept + 1', 'lossy', 'integer', ['1']),
]

const keys = [
  { sql: 'id serial PRIMARY KEY', always: false },
  { sql: 'id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY', always: false },
  { sql: 'id integer PRIMARY KEY', always: false },
  { sql: 'id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY', always: true },
] as const

const drawn = fc.record({
  plain: fc.shuffledSubarray([...plain], { minLength: 1, maxLength: 4 }),
  sound: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.shuffledSubarray([...sound], { minLength: 1, maxLength: 2 }) },
  ),
  unsound: fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...unsound) }),
  key: fc.constantFrom(...keys),
  renamed: fc.infiniteStream(fc.boolean()),
  keyRenamed: fc.boolean(),
  swapped: fc.boolean(),
  parent: fc.boolean(),
  child: fc.boolean(),
  touched: fc.nat(3).map((draw) => draw === 0),
  secured: fc.constantFrom('no', 'no', 'alike', 'unalike'),
  columnGrant: fc.nat(2).map((draw) => draw === 0),
  commented: fc.boolean(),
  moved: fc.boolean(),
})

/** Any table with any mapping. */
export const movedTable: fc.Arbitrary<MovedTable> = drawn.map((each): MovedTable => {
  const parts = [...each.plain, ...each.sound, ...(each.unsound === null ? [] : [each.unsound])]
  const columns = parts.flatMap((part) => part.columns)
  const renamed = new Map<string, string>()
  const names = each.plain.flatMap((part) => part.columns.map(({ name: old }) => old))
  for (const old of names) if (each.renamed.next().value === true) renamed.set(old, `${old}_new`)
  const [one, other] = names
  if (each.swapped && one !== undefined && other !== undefined) {
    renamed.set(one, other)
    renamed.set(other, one)
  }
  if (each.keyRenamed) renamed.set('id', 'item_id')
  const conversions = parts.flatMap(({ conversion }) => (conversion === undefined ? [] : [conversion]))
  const triggers = conversions.some(({ old }) => Object.keys(old).length > 0)
  const quoted = (text: string) => `"${text}"`
  const touchesRenamed = each.touched && renamed.has('note')
  const touches = each.touched && names.includes('note')
  const legacy = [
    `CREATE TYPE mood AS ENUM ('fine', 'bad')`,
    ...(each.parent ? ['CREATE TABLE parents (id integer PRIMARY KEY)', 'INSERT INTO parents VALUES (1), (2)'] : []),
    `CREATE TABLE things (${[each.key.sql, ...columns.map(({ name: own, sql }) => `${quoted(own)} ${sql}`), ...(each.parent ? ['parent_id integer REFERENCES parents ON DELETE CASCADE'] : [])].join(', ')})`,
    ...(each.child ? ['CREATE TABLE children (thing_id bigint REFERENCES things ON UPDATE CASCADE ON DELETE SET NULL)'] : []),
    ...(touches
      ? [
          `CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $f$ BEGIN NEW.note := coalesce(NEW.note, '') || '!'; RETURN NEW; END $f$`,
          'CREATE TRIGGER touch BEFORE UPDATE ON things FOR EACH ROW EXECUTE FUNCTION touch()',
        ]
      : []),
    ...(each.secured === 'no'
      ? []
      : [
          'ALTER TABLE things ENABLE ROW LEVEL SECURITY',
          `CREATE POLICY small ON things USING (id < 4) WITH CHECK (id < ${each.secured === 'alike' ? 4 : 6})`,
        ]),
    'GRANT SELECT ON things TO moved_reader',
    'GRANT SELECT, INSERT, UPDATE, DELETE ON things TO moved_writer',
    'GRANT INSERT ON things TO moved_adder',
    `GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO moved_writer, moved_adder`,
    ...(each.columnGrant ? [`GRANT SELECT (id, ${quoted(columns[0]?.name ?? 'id')}) ON things TO moved_adder`] : []),
    ...(each.commented
      ? [`COMMENT ON TABLE things IS 'It''s'`, `COMMENT ON COLUMN things.${quoted(columns[0]?.name ?? 'id')} IS 'first'`]
      : []),
  ]
  const table = {
    to: each.moved ? 'public.items' : 'things_v2',
    columns: Object.fromEntries(renamed),
    conversions,
  }
  const hidden = each.secured !== 'no'
  const refused =
    each.unsound !== null ||
    touchesRenamed ||
    (triggers && (each.key.always || each.secured === 'unalike')) ||
    (each.columnGrant && (hidden || (triggers && touches)))
  return {
    legacy: legacy.join(';\n'),
    mapping: JSON.stringify({ name: 'move_things', tables: { 'public.things': table } }, null, 1),
    expected: refused ? 'refused' : each.swapped && touches ? 'either' : 'equivalent',
    columns: [
      column('id', '', each.key.always ? [] : ['1', '2', '3', '50'], [null]),
      ...columns,
      ...(each.parent ? [column('parent_id', '', ['1', '2', null], ['9'])] : []),
    ],
    roles: ['moved_reader', 'moved_writer', 'moved_adder'],
    triggers,
  }
})

/** The roles of all these tables: they belong to the cluster. */
export const movedRoles = ['moved_reader', 'moved_writer', 'moved_adder']
