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

/** A column that becomes a foreign key, as the mapping says it. */
export interface Lookup {
  readonly column: MovedColumn
  readonly to: { readonly to: string; readonly column?: string; readonly values?: readonly string[] }
  readonly sound: boolean
}

/** Columns, and what can become of them. */
interface Part {
  readonly columns: readonly MovedColumn[]
  readonly conversion?: Conversion
  readonly sound?: boolean
}

export const column = (name: string, sql: string, takes: MovedColumn['takes'], refuses: MovedColumn['refuses'] = []): MovedColumn => ({
  name,
  sql,
  takes,
  refuses,
})

/** Columns that stay as they are, or get another name. */
export const plain: readonly Part[] = [
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
export const sound: readonly Part[] = [
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
export const unsound: readonly Part[] = [
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

/** Columns whose texts become rows of a table, the last without all of its values. */
export const lookups: readonly Lookup[] = [
  {
    column: column('level', `text NOT NULL DEFAULT 'low' CHECK (level IN ('low', 'high'))`, ['low', 'high'], ['none', null]),
    to: { to: 'levels', values: ['low', 'high'] },
    sound: true,
  },
  {
    column: column('shade', `varchar(5) CHECK (shade IN ('light', 'dark', ''))`, ['light', 'dark', '', null], ['red']),
    to: { to: 'shades', column: 'shade', values: ['', 'light', 'dark'] },
    sound: true,
  },
  { column: column('town', 'varchar(12)', ['Ulm', 'ulm', '', 'é', null], ['a town with a long name']), to: { to: 'towns' }, sound: true },
  {
    column: column('badge', `text DEFAULT 'none' UNIQUE`, ['b1', 'b2', "b'3", null]),
    to: { to: 'badges', column: 'badge' },
    sound: true,
  },
  {
    column: column('tone', `text NOT NULL DEFAULT 'mild' CONSTRAINT some_tone CHECK (tone <> '')`, ['mild', 'loud'], ['', null]),
    to: { to: 'tones', column: 'tone_no' },
    sound: true,
  },
  { column: column('grade', 'text', ['a', null]), to: { to: 'grades', values: ['a', 'b'] }, sound: false },
]

/** Columns that move to another table. */
export const moving: readonly MovedColumn[] = [
  column('mail', `text UNIQUE CHECK (mail <> '')`, ['a@b', 'c@d', null], ['']),
  column('phone', `varchar(6) NOT NULL DEFAULT '' CONSTRAINT digits CHECK (phone ~ '^[0-9]*$')`, ['', '123', '0'], ['x', null]),
  column('score', 'numeric(4,1) DEFAULT 1', ['0.05', '-3', 'NaN', null], ['12345']),
  column('feeling', `mood NOT NULL DEFAULT 'fine'`, ['fine', 'bad'], [null]),
  column('born', 'date', ['2024-02-29', 'infinity', null]),
  column('friend', 'integer REFERENCES friends ON DELETE SET NULL', ['1', null], ['9']),
]

export const keys = [
  { sql: 'id serial PRIMARY KEY', always: false },
  { sql: 'id bigint GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY', always: false },
  { sql: 'id integer PRIMARY KEY', always: false },
  { sql: 'id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY', always: true },
] as const
