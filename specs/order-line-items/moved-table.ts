import fc from 'fast-check'
import { column, keys, type Lookup, lookups, type MovedColumn, moving, plain, sound, unsound } from './moved-columns.ts'

/** A table with rows, what a mapping declares of it, and what must come of that. */
export interface MovedTable {
  readonly legacy: string
  readonly mapping: string
  /** `either` where only the server can say whether a view can stand for the table. */
  readonly expected: 'equivalent' | 'refused' | 'either'
  readonly columns: readonly MovedColumn[]
  readonly roles: readonly string[]
  readonly triggers: boolean
  /** What the mapping says of its columns. */
  readonly kinds: readonly Kind[]
}

/** What can become of a column. */
export const kinds = ['rename', 'conversion', 'lookup', 'move'] as const
export type Kind = (typeof kinds)[number]

const drawn = fc.record({
  plain: fc.shuffledSubarray([...plain], { minLength: 1, maxLength: 4 }),
  sound: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 3, arbitrary: fc.shuffledSubarray([...sound], { minLength: 1, maxLength: 2 }) },
  ),
  unsound: fc.oneof({ weight: 7, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: fc.constantFrom(...unsound) }),
  lookups: fc.oneof(
    { weight: 1, arbitrary: fc.constant<Lookup[]>([]) },
    { weight: 1, arbitrary: fc.shuffledSubarray([...lookups], { minLength: 1, maxLength: 2 }) },
  ),
  moving: fc.oneof(
    { weight: 1, arbitrary: fc.constant<MovedColumn[]>([]) },
    { weight: 1, arbitrary: fc.shuffledSubarray([...moving], { minLength: 1, maxLength: 3 }) },
  ),
  keyed: fc.boolean(),
  key: fc.oneof(
    { weight: 7, arbitrary: fc.constantFrom(...keys.filter(({ always }) => !always)) },
    { weight: 1, arbitrary: fc.constantFrom(...keys) },
  ),
  renamed: fc.infiniteStream(fc.boolean()),
  keyRenamed: fc.boolean(),
  swapped: fc.boolean(),
  parent: fc.boolean(),
  child: fc.boolean(),
  touched: fc.nat(3).map((draw) => draw === 0),
  secured: fc.constantFrom('no', 'no', 'no', 'no', 'alike', 'alike', 'unalike'),
  columnGrant: fc.nat(2).map((draw) => draw === 0),
  commented: fc.boolean(),
  moved: fc.boolean(),
})

/** Any table with any mapping. */
export const movedTable: fc.Arbitrary<MovedTable> = drawn.map((each): MovedTable => {
  const parts = [...each.plain, ...each.sound, ...(each.unsound === null ? [] : [each.unsound])]
  const columns = [...parts.flatMap((part) => part.columns), ...each.lookups.map((lookup) => lookup.column), ...each.moving]
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
  const converts = conversions.some(({ old }) => Object.keys(old).length > 0)
  const triggers = converts || each.lookups.length > 0 || each.moving.length > 0
  const quoted = (text: string) => `"${text}"`
  const touchesRenamed = each.touched && renamed.has('note')
  const touches = each.touched && names.includes('note')
  const legacy = [
    ...(each.moving.some(({ name: own }) => own === 'friend')
      ? ['CREATE TABLE friends (id integer PRIMARY KEY)', 'INSERT INTO friends VALUES (1)']
      : []),
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
    lookups: Object.fromEntries(each.lookups.map((lookup) => [lookup.column.name, lookup.to])),
    moved: each.moving.length === 0 ? {} : { details: movedTo(each) },
  }
  const hidden = each.secured !== 'no'
  const refused =
    each.unsound !== null ||
    each.lookups.some((lookup) => !lookup.sound || (hidden && lookup.to.values === undefined)) ||
    (each.moving.length > 0 && (hidden || touches)) ||
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
    kinds: kinds.filter(
      (kind) => ({ rename: renamed.size > 0, conversion: converts, lookup: each.lookups.length > 0, move: each.moving.length > 0 })[kind],
    ),
  }
})

/** Where columns move, with names of their own there or not. */
function movedTo({ moving, keyed, renamed }: { moving: readonly MovedColumn[]; keyed: boolean; renamed: fc.Stream<boolean> }) {
  return {
    ...(keyed ? { key: { id: 'thing_id' } } : {}),
    columns: Object.fromEntries(moving.map(({ name }) => [name, renamed.next().value === true ? `${name}_there` : name])),
  }
}

/** The roles of all these tables: they belong to the cluster. */
export const movedRoles = ['moved_reader', 'moved_writer', 'moved_adder']
