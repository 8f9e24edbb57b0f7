import fc, { type Arbitrary } from 'fast-check'
import { escapeCopyText } from '../../postgres/index.ts'
import type { Cell } from '../dataset.ts'
import type { Statement, StatementForm } from './model.ts'
import { literal, type StatementTarget, type TargetRow, typed } from './target.ts'

export interface StatementOptions {
  /** The relation that the statements are about. */
  readonly target: StatementTarget
  /** Relations that refer to it, or that it refers to. */
  readonly neighbours: readonly StatementTarget[]
  readonly forms: ReadonlySet<StatementForm>
  /** Quoted names of attributes that no UPDATE sets to DEFAULT. */
  readonly withoutDefault: ReadonlySet<string>
  /** Whether a list that UPDATE or MERGE joins to may meet a row twice. */
  readonly meetsTwice: boolean
}

/** One statement of a client, of any of the forms; what it says is legal, or breaks a constraint, or meets no row. Undefined where no form fits. */
export function statementArbitrary({
  target: given,
  neighbours,
  forms,
  withoutDefault,
  meetsTwice,
}: StatementOptions): Arbitrary<Statement> | undefined {
  const target: Target = { ...given, withoutDefault, meetsTwice }
  const makers: Readonly<Record<StatementForm, Arbitrary<Statement> | undefined>> = {
    select: one('select', select(target)),
    'select for update': one('select for update', lockedSelect(target)),
    insert: one('insert', insert(target)),
    'insert default values': one(
      'insert default values',
      returning(target).map((tail) => `INSERT INTO ${target.name} AS t DEFAULT VALUES${tail}`),
    ),
    'insert select': one('insert select', insertSelect(target)),
    'insert on conflict': target.conflicts.length === 0 ? undefined : one('insert on conflict', upsert(target)),
    update: one('update', update(target)),
    'update key': target.key.length === 0 ? undefined : one('update key', updateKey(target)),
    'update from': target.key.length === 0 ? undefined : one('update from', updateFrom(target)),
    delete: one('delete', remove(target)),
    'delete using': target.key.length === 0 ? undefined : one('delete using', deleteUsing(target)),
    'writing cte': one('writing cte', writingCte(target)),
    merge: target.key.length === 0 ? undefined : one('merge', merge(target)),
    'copy from': copyFrom(target),
    'copy to': one('copy to', fc.constant(`COPY ${target.name} TO STDOUT`)),
    truncate: one(
      'truncate',
      fc.constantFrom('', ' RESTART IDENTITY').map((tail) => `TRUNCATE ${target.name}${tail}`),
    ),
    lock: one(
      'lock',
      fc
        .constantFrom('ACCESS SHARE', 'ROW EXCLUSIVE', 'SHARE ROW EXCLUSIVE', 'ACCESS EXCLUSIVE')
        .map((mode) => `LOCK TABLE ${target.name} IN ${mode} MODE`),
    ),
    prepared: target.key.length === 0 ? undefined : prepared(target),
    savepoint: fc.tuple(write(target), write(target)).map(([first, second]) => ({
      form: 'savepoint',
      parts: ['SAVEPOINT client', first, 'ROLLBACK TO SAVEPOINT client', second, 'RELEASE SAVEPOINT client'],
    })),
    neighbour: neighbours.length === 0 ? undefined : one('neighbour', fc.oneof(...neighbours.map(write))),
  }
  const chosen = Object.entries(makers).flatMap(([form, maker]) =>
    maker !== undefined && forms.has(form as StatementForm) ? [{ arbitrary: maker, weight: weights[form as StatementForm] ?? 2 }] : [],
  )
  return chosen.length === 0 ? undefined : fc.oneof(...chosen)
}

type Target = StatementTarget & Partial<Pick<StatementOptions, 'withoutDefault' | 'meetsTwice'>>

const weights: Partial<Record<StatementForm, number>> = {
  insert: 6,
  update: 5,
  'update key': 3,
  delete: 3,
  'insert on conflict': 3,
  neighbour: 3,
  'copy to': 1,
  truncate: 1,
  lock: 1,
}

function one(form: StatementForm, sql: Arbitrary<string>): Arbitrary<Statement> {
  return sql.map((text) => ({ form, parts: [text] }))
}

function write(target: Target): Arbitrary<string> {
  return fc.oneof(insert(target), update(target), remove(target))
}

function cell(target: StatementTarget, at: number): Arbitrary<Cell> {
  const values = target.columns[at]?.values ?? []
  return fc.oneof(
    { arbitrary: fc.constantFrom<Cell[]>(...values), weight: 4 },
    { arbitrary: fc.constant<Cell>(null), weight: 1 },
    { arbitrary: fc.constant<Cell>(undefined), weight: 1 },
  )
}

function shown(cell: Cell): string {
  return cell === undefined ? 'DEFAULT' : literal(cell)
}

/** Columns that an INSERT names, and the rows: of the spare ones, some that are held already, with a few cells changed. */
function rows(
  target: StatementTarget,
  most: number,
): Arbitrary<{ readonly columns: readonly number[]; readonly rows: readonly (readonly Cell[])[] }> {
  const all = target.columns.map((_, at) => at)
  const issued = all.filter((at) => target.columns[at]?.issued === true)
  const optional = all.filter((at) => target.columns[at]?.optional === true && !issued.includes(at))
  const bases = [...target.spare, ...target.held.slice(0, 2)]
  const none = all.map(() => null)
  const change = fc.nat({ max: Math.max(0, all.length - 1) }).chain((at) => cell(target, at).map((to) => ({ at, to })))
  const row = fc.record({
    base: fc.nat({ max: Math.max(0, bases.length - 1) }),
    // Most go in as they are: a sequence of refusals tells little.
    changes: fc.oneof(
      { arbitrary: fc.array(change, { maxLength: 0 }), weight: 3 },
      { arbitrary: fc.array(change, { maxLength: 2 }), weight: 2 },
    ),
  })
  const list = fc.oneof(
    { arbitrary: fc.uniqueArray(row, { minLength: 1, maxLength: most, selector: ({ base }) => base }), weight: 4 },
    { arbitrary: fc.array(row, { minLength: 1, maxLength: most }), weight: 1 },
  )
  const made = list.map((each) =>
    each.map(({ base, changes }): readonly Cell[] =>
      (bases[base] ?? none).map((text, at) => {
        const changed = changes.findLast((one) => one.at === at)
        return changed === undefined ? text : changed.to
      }),
    ),
  )
  return fc
    .record({
      rows: made,
      given: fc.subarray(issued),
      issuedByServer: fc.integer({ min: 0, max: 3 }),
      left: fc.subarray(optional),
    })
    .map((drawn) => {
      // Mostly as applications do it: what the server issues is left to it.
      const left = new Set([...drawn.left, ...(drawn.issuedByServer < 3 ? issued : issued.filter((at) => !drawn.given.includes(at)))])
      const columns = all.filter((at) => !left.has(at))
      return { columns, rows: drawn.rows }
    })
}

function returning(target: StatementTarget): Arbitrary<string> {
  const names = target.columns.map((each) => `t.${each.name}`)
  return fc.oneof(
    fc.constant(''),
    fc.constant(' RETURNING *'),
    fc.subarray(names, { minLength: 1 }).map((list) => ` RETURNING ${list.join(', ')}`),
  )
}

function insert(target: StatementTarget): Arbitrary<string> {
  const overriding = target.columns.some((each) => each.issued)
    ? fc.constantFrom('', ' OVERRIDING SYSTEM VALUE', '', ' OVERRIDING USER VALUE')
    : fc.constant('')
  return fc
    .tuple(rows(target, 3), overriding, returning(target))
    .map(([given, override, tail]) => insertText(target, given, target.identityAlways || override === '' ? override : '', tail))
}

function insertText(
  target: StatementTarget,
  given: { readonly columns: readonly number[]; readonly rows: readonly (readonly Cell[])[] },
  overriding: string,
  tail: string,
): string {
  const { columns } = given
  if (columns.length === 0) return `INSERT INTO ${target.name} AS t DEFAULT VALUES${tail}`
  const values = given.rows.map((row) => `(${columns.map((at) => shown(row[at])).join(', ')})`)
  return `INSERT INTO ${target.name} AS t (${nameList(target, columns)})${overriding} VALUES ${values.join(', ')}${tail}`
}

function nameList(target: StatementTarget, columns: readonly number[]): string {
  return columns.map((at) => target.columns[at]?.name ?? '').join(', ')
}

/** A copy of rows that are there, under another key. */
function insertSelect(target: StatementTarget): Arbitrary<string> {
  const columns = target.columns.map((_, at) => at).filter((at) => target.columns[at]?.issued !== true)
  if (columns.length === 0 || target.spare.length === 0) return insert(target)
  return fc
    .record({
      row: fc.constantFrom(...target.spare),
      copied: fc.subarray(columns.filter((at) => !target.unique.has(at))),
      where: fc.oneof({ arbitrary: keyed(target, 's'), weight: 3 }, { arbitrary: where(target, 's'), weight: 1 }),
      tail: returning(target),
    })
    .map(({ row, copied, where: condition, tail }) => {
      const list = columns.map((at) => {
        const column = target.columns[at]
        return column === undefined ? 'NULL' : copied.includes(at) ? `s.${column.name}` : typed(row[at] ?? null, column)
      })
      return `INSERT INTO ${target.name} AS t (${nameList(target, columns)}) SELECT ${list.join(', ')} FROM ${target.name} AS s WHERE ${condition}${tail}`
    })
}

function upsert(target: StatementTarget): Arbitrary<string> {
  const settable = target.columns.filter((_, at) => !target.key.includes(at))
  const update = fc
    .record({
      on: fc.constantFrom(...target.conflicts),
      set: fc.subarray(settable, { minLength: Math.min(1, settable.length) }),
      only: fc.boolean(),
    })
    .map(({ on, set, only }) => {
      const [first] = set
      if (first === undefined) return ` ON CONFLICT (${on}) DO NOTHING`
      const condition = only ? ` WHERE t.${first.name}::text IS DISTINCT FROM EXCLUDED.${first.name}::text` : ''
      return ` ON CONFLICT (${on}) DO UPDATE SET ${set.map((each) => `${each.name} = EXCLUDED.${each.name}`).join(', ')}${condition}`
    })
  const action = fc.oneof(
    fc.constant(' ON CONFLICT DO NOTHING'),
    fc.constantFrom(...target.conflicts).map((on) => ` ON CONFLICT (${on}) DO NOTHING`),
    update,
  )
  // Conflicts are wanted: rows that are held come first, with the key given.
  const columns = target.columns.map((_, at) => at)
  const given =
    target.held.length === 0
      ? rows(target, 2)
      : fc.oneof(
          fc.array(fc.constantFrom(...target.held), { minLength: 1, maxLength: 2 }).map((list) => ({ columns, rows: list })),
          rows(target, 2),
        )
  const overriding = target.identityAlways ? ' OVERRIDING SYSTEM VALUE' : ''
  return fc
    .tuple(given, action, returning(target))
    .map(([list, conflict, tail]) => insertText(target, list, overriding, `${conflict}${tail}`))
}

function assignments(target: Target, columns: readonly number[]): Arbitrary<string> {
  return fc
    .uniqueArray(
      fc.constantFrom(...columns).chain((at) => cell(target, at).map((to) => ({ at, to: settable(target, at, to) }))),
      { minLength: 1, maxLength: 3, selector: ({ at }) => at },
    )
    .map((list) => list.map(({ at, to }) => `${target.columns[at]?.name} = ${shown(to)}`).join(', '))
}

/** A plain value in the place of a DEFAULT that the column must not be set to. */
function settable(target: Target, at: number, to: Cell): Cell {
  const column = target.columns[at]
  return to === undefined && column !== undefined && target.withoutDefault?.has(column.name) === true ? column.values[0] : to
}

function update(target: Target): Arbitrary<string> {
  const free = target.columns.map((_, at) => at).filter((at) => !target.key.includes(at))
  const columns = free.length > 0 ? free : target.columns.map((_, at) => at)
  return fc
    .tuple(assignments(target, columns), where(target, 't'), returning(target))
    .map(([set, condition, tail]) => `UPDATE ${target.name} AS t SET ${set} WHERE ${condition}${tail}`)
}

function updateKey(target: Target): Arbitrary<string> {
  return fc
    .tuple(assignments(target, target.key), keyed(target, 't'), returning(target))
    .map(([set, condition, tail]) => `UPDATE ${target.name} AS t SET ${set} WHERE ${condition}${tail}`)
}

/** New values by key, from a list. */
function updateFrom(target: Target): Arbitrary<string> {
  const free = target.columns.flatMap((column, at) => (target.key.includes(at) ? [] : [{ column, at }]))
  const bases = [...target.held, ...target.spare]
  if (free.length === 0 || bases.length === 0) return update(target)
  return fc
    .record({
      rows: sources(target, bases),
      from: fc.constantFrom(...bases),
      set: fc.subarray(free, { minLength: 1, maxLength: Math.min(2, free.length) }),
      tail: returning(target),
    })
    .map(({ rows: list, from, set, tail }) => {
      const values = list.map(
        (row) =>
          `(${[...target.key.map((at) => typedCell(target, row, at)), ...set.map(({ at }) => typedCell(target, from, at))].join(', ')})`,
      )
      const on = target.key.map((at, position) => `t.${target.columns[at]?.name} = v.k${position}`)
      const names = [...target.key.map((_, position) => `k${position}`), ...set.map((_, position) => `c${position}`)]
      return `UPDATE ${target.name} AS t SET ${set.map(({ column }, position) => `${column.name} = v.c${position}`).join(', ')} FROM (VALUES ${values.join(', ')}) AS v(${names.join(', ')}) WHERE ${on.join(' AND ')}${tail}`
    })
}

function sources(target: Target, bases: readonly TargetRow[]): Arbitrary<readonly TargetRow[]> {
  const row = fc.constantFrom(...bases)
  const size = { minLength: 1, maxLength: 2 }
  if (target.meetsTwice !== false) return fc.array(row, size)
  return fc.uniqueArray(row, { ...size, selector: (each) => JSON.stringify(target.key.map((at) => each[at])) })
}

function typedCell(target: StatementTarget, row: TargetRow, at: number): string {
  const column = target.columns[at]
  return column === undefined ? 'NULL' : typed(row[at] ?? null, column)
}

function remove(target: StatementTarget): Arbitrary<string> {
  return fc
    .tuple(where(target, 't'), returning(target))
    .map(([condition, tail]) => `DELETE FROM ${target.name} AS t WHERE ${condition}${tail}`)
}

function deleteUsing(target: StatementTarget): Arbitrary<string> {
  const bases = [...target.held, ...target.spare]
  if (bases.length === 0) return remove(target)
  return fc.tuple(fc.array(fc.constantFrom(...bases), { minLength: 1, maxLength: 2 }), returning(target)).map(([list, tail]) => {
    const values = list.map((row) => `(${target.key.map((at) => typedCell(target, row, at)).join(', ')})`)
    const on = target.key.map((at, position) => `t.${target.columns[at]?.name} = v.k${position}`)
    return `DELETE FROM ${target.name} AS t USING (VALUES ${values.join(', ')}) AS v(${target.key.map((_, position) => `k${position}`).join(', ')}) WHERE ${on.join(' AND ')}${tail}`
  })
}

function writingCte(target: Target): Arbitrary<string> {
  return fc.tuple(write(target), fc.boolean()).map(([sql, whole]) => {
    const inner = sql.includes(' RETURNING ') ? sql : `${sql} RETURNING *`
    return `WITH written AS (${inner}) SELECT ${whole ? '*' : 'count(*)'} FROM written`
  })
}

function merge(target: Target): Arbitrary<string> {
  const bases = [...target.held, ...target.spare]
  const columns = target.columns.map((_, at) => at)
  const free = columns.filter((at) => !target.key.includes(at))
  if (bases.length === 0) return insert(target)
  return fc
    .record({
      rows: sources(target, bases),
      set: fc.subarray(free),
      matched: fc.constantFrom('update', 'delete', 'nothing'),
    })
    .map(({ rows: list, set, matched }) => {
      const values = list.map((row) => `(${columns.map((at) => typedCell(target, row, at)).join(', ')})`)
      const on = target.key.map((at) => `t.${target.columns[at]?.name} = s.${target.columns[at]?.name}`)
      const change =
        matched === 'update' && set.length > 0
          ? `UPDATE SET ${set.map((at) => `${target.columns[at]?.name} = s.${target.columns[at]?.name}`).join(', ')}`
          : matched === 'delete'
            ? 'DELETE'
            : 'DO NOTHING'
      const given = columns.filter((at) => target.columns[at]?.issued !== true || (target.key.includes(at) && !target.identityAlways))
      return `MERGE INTO ${target.name} AS t USING (VALUES ${values.join(', ')}) AS s(${nameList(target, columns)}) ON ${on.join(' AND ')} WHEN MATCHED THEN ${change} WHEN NOT MATCHED THEN INSERT (${nameList(target, given)}) VALUES (${given.map((at) => `s.${target.columns[at]?.name}`).join(', ')})`
    })
}

function copyFrom(target: StatementTarget): Arbitrary<Statement> {
  return rows(target, 3).map(({ columns, rows: list }) => ({
    form: 'copy from',
    parts: [columns.length === 0 ? `COPY ${target.name} FROM STDIN` : `COPY ${target.name} (${nameList(target, columns)}) FROM STDIN`],
    copyData: list.map((row) => `${columns.map((at) => escapeCopyText(row[at] ?? null)).join('\t')}\n`).join(''),
  }))
}

function prepared(target: Target): Arbitrary<Statement> {
  const bases = [...target.held, ...target.spare]
  const [first] = target.key
  const column = target.columns[first ?? -1]
  const free = target.columns.map((_, at) => at).filter((at) => !target.key.includes(at))
  if (first === undefined || column === undefined || bases.length === 0 || free.length === 0) return one('prepared', select(target))
  return fc
    .record({
      row: fc.constantFrom(...bases),
      again: fc.constantFrom(...bases),
      set: assignments(target, free),
      kind: fc.constantFrom('select', 'update', 'delete'),
    })
    .map(({ row, again, set, kind }) => {
      const condition = `WHERE t.${column.name} = $1`
      const body =
        kind === 'select'
          ? `SELECT * FROM ${target.name} AS t ${condition}`
          : kind === 'update'
            ? `UPDATE ${target.name} AS t SET ${set} ${condition} RETURNING *`
            : `DELETE FROM ${target.name} AS t ${condition}`
      return {
        form: 'prepared',
        parts: [
          `PREPARE client (${column.type}) AS ${body}`,
          `EXECUTE client (${literal(row[first] ?? null)})`,
          `EXECUTE client (${literal(again[first] ?? null)})`,
          'DEALLOCATE client',
        ],
      }
    })
}

function select(target: StatementTarget): Arbitrary<string> {
  return fc
    .tuple(where(target, 't'), fc.constantFrom('*', 'count(*)', 't'))
    .map(([condition, list]) => `SELECT ${list} FROM ${target.name} AS t WHERE ${condition}`)
}

function lockedSelect(target: StatementTarget): Arbitrary<string> {
  return fc
    .tuple(where(target, 't'), fc.constantFrom('UPDATE', 'NO KEY UPDATE', 'SHARE', 'KEY SHARE', 'UPDATE SKIP LOCKED'))
    .map(([condition, strength]) => `SELECT * FROM ${target.name} AS t WHERE ${condition} FOR ${strength}`)
}

/** By key, by any value, by NULL, or all rows. */
function where(target: StatementTarget, alias: string): Arbitrary<string> {
  const byValue = fc.nat({ max: Math.max(0, target.columns.length - 1) }).chain((at) => {
    const column = target.columns[at]
    if (column === undefined) return fc.constant('true')
    return fc.oneof(
      fc.constantFrom(...column.values).map((value) => `${alias}.${column.name}::text = ${literal(value)}::${column.type}::text`),
      fc.constantFrom(`${alias}.${column.name} IS NULL`, `${alias}.${column.name} IS NOT NULL`),
    )
  })
  return fc.oneof(
    { arbitrary: fc.constant('true'), weight: 2 },
    { arbitrary: keyed(target, alias), weight: 4 },
    { arbitrary: byValue, weight: 2 },
  )
}

function keyed(target: StatementTarget, alias: string): Arbitrary<string> {
  const bases = [...target.held, ...target.spare.slice(0, 1)]
  if (target.key.length === 0 || bases.length === 0) return fc.constant('true')
  return fc
    .constantFrom(...bases)
    .map((row) => target.key.map((at) => `${alias}.${target.columns[at]?.name} = ${literal(row[at] ?? null)}`).join(' AND '))
}
