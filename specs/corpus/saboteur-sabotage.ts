import { type Catalog, type Relation, scriptPinned } from '../../harness/catalog/index.ts'
import type { Subject } from '../../harness/lineage/subject.ts'
import { quoteIdentifier, quoteLiteral, quoteName, type Session, StatementError } from '../../harness/postgres/index.ts'
import type { RunObservation } from '../../harness/run/index.ts'
import type { State } from '../../harness/run/observation.ts'
import type { RandomSource } from './saboteur-random.ts'
import { type CellTarget, type Learned, type RowTarget, targetsOf } from './saboteur-targets.ts'

export const dataKinds = ['delete a row', 'double a row', 'change a cell', 'swap two cells', 'set a cell NULL', 'make an orphan'] as const
export type DataKind = (typeof dataKinds)[number]

/** One way to spoil a migrated database; which may be refused by a constraint. */
export interface Sabotage {
  readonly kind: string
  /** Path of the relation whose rows it names. */
  readonly relation: string
  /** Positions of those rows, in the order in which rows are read. */
  readonly rows: readonly number[]
  /** SQL, given for each row the condition that names it. */
  readonly sql: (where: readonly string[]) => string
  /** What of the legacy it spoils. */
  readonly spoils: string
  readonly learned: Learned
}

/** Cells and rows of one migrated state, grouped: a cell may hold several legacy ones. */
export interface Targets {
  readonly rows: readonly RowTarget[]
  readonly cells: readonly CellTarget[]
}

/**
 * The rows and cells whose loss is a loss. Left out by definition: a cell that stands at another destination too (kept or moved is no
 * loss), a row of which nothing but NULLs would be missed (to be absent reads as NULL).
 */
export function vulnerable(subject: Subject, run: RunObservation): Targets {
  const { rows, cells } = targetsOf(subject, run)
  return { rows: rows.filter((each) => each.only.length > 0), cells: cells.filter((each) => !each.copied) }
}

/** Some ways to do a sabotage of one kind to a migrated state, in random order. */
export function sabotagesOf(kind: DataKind, targets: Targets, run: RunObservation, random: RandomSource): readonly Sabotage[] {
  const catalog = run.migrated?.catalog
  if (catalog === undefined) return []
  if (kind === 'delete a row')
    return random
      .shuffle(targets.rows)
      .slice(0, 6)
      .flatMap((each) => deleteRow(each, catalog))
  if (kind === 'double a row')
    return random
      .shuffle(targets.rows)
      .slice(0, 6)
      .flatMap((each) => doubleRow(each, catalog))
  if (kind === 'make an orphan') return random.shuffle(targets.cells.flatMap((each) => orphans(each, catalog, targets))).slice(0, 6)
  const cells = random.shuffle(targets.cells)
  if (kind === 'set a cell NULL') return cells.flatMap((each) => setNull(each, catalog)).slice(0, 6)
  if (kind === 'swap two cells')
    return cells
      .slice(0, 12)
      .flatMap((each) => swap(each, targets, catalog, random))
      .slice(0, 6)
  return cells.slice(0, 6).flatMap((each) => change(each, targets, catalog, random))
}

function deleteRow({ relation, row, only, learned }: RowTarget, catalog: Catalog): readonly Sabotage[] {
  const at = catalog.relations.get(relation)
  if (at === undefined) return []
  return [
    {
      kind: 'delete a row',
      relation,
      rows: [row],
      spoils: only.join(', '),
      learned,
      sql: ([where]) => `DELETE FROM ${quoteName(at)} WHERE ${where}`,
    },
  ]
}

/** The whole row again, but for keys that lineage does not tell rows by and that the server gives out. */
function doubleRow({ relation, row, only, identity, learned }: RowTarget, catalog: Catalog): readonly Sabotage[] {
  const at = catalog.relations.get(relation)
  if (at === undefined) return []
  const copied = at.attributes.filter(
    (each) =>
      each.generated === undefined &&
      (identity.includes(each.name) || (each.identity === undefined && !(each.default ?? '').startsWith('nextval('))),
  )
  const names = copied.map((each) => quoteIdentifier(each.name)).join(', ')
  return [
    {
      kind: 'double a row',
      relation,
      rows: [row],
      spoils: only.join(', '),
      learned,
      sql: ([where]) =>
        `INSERT INTO ${quoteName(at)} (${names}) OVERRIDING SYSTEM VALUE SELECT ${names} FROM ${quoteName(at)} WHERE ${where}`,
    },
  ]
}

function setNull({ relation, row, column, cell, legacy, learned }: CellTarget, catalog: Catalog): readonly Sabotage[] {
  const at = catalog.relations.get(relation)
  if (at === undefined || cell === null || at.attributes.find((each) => each.name === column)?.notNull === true) return []
  return [{ kind: 'set a cell NULL', relation, rows: [row], spoils: legacy, learned, sql: ([where]) => update(at, column, 'NULL', where) }]
}

function swap(
  { relation, row, column, cell, legacy, learned }: CellTarget,
  targets: Targets,
  catalog: Catalog,
  random: RandomSource,
): readonly Sabotage[] {
  const at = catalog.relations.get(relation)
  const other = random.pick(
    targets.cells.filter((each) => each.relation === relation && each.column === column && each.row !== row && each.cell !== cell),
  )
  if (at === undefined || other === undefined) return []
  const name = quoteIdentifier(column)
  return [
    {
      kind: 'swap two cells',
      relation,
      rows: [row, other.row],
      spoils: legacy,
      learned,
      sql: ([first, second]) =>
        `UPDATE ${quoteName(at)} AS t SET ${name} = CASE WHEN ${first} THEN (SELECT ${name} FROM ${quoteName(at)} WHERE ${second}) ELSE (SELECT ${name} FROM ${quoteName(at)} WHERE ${first}) END WHERE (${first}) OR (${second})`,
    },
  ]
}

function change(target: CellTarget, targets: Targets, catalog: Catalog, random: RandomSource): readonly Sabotage[] {
  const { relation, row, column, cell, legacy, learned } = target
  const at = catalog.relations.get(relation)
  if (at === undefined) return []
  const present = targets.cells.filter(
    (each) => each.relation === relation && each.column === column && each.cell !== null && each.cell !== cell,
  )
  const values = [...new Set(present.map((each) => `${quoteLiteral(each.cell)}::${target.type}`)), ...inventedValues(target, catalog, at)]
  return random.shuffle(values).map((value) => ({
    kind: 'change a cell',
    relation,
    rows: [row],
    spoils: legacy,
    learned,
    sql: ([where]: readonly string[]) => update(at, column, value, where),
  }))
}

/** Values near the one that is there, as expressions: the least that makes another one. */
function inventedValues({ cell, type, column, learned }: CellTarget, catalog: Catalog, relation: Relation): readonly string[] {
  const name = quoteIdentifier(column)
  const info = catalog.types.get(relation.attributes.find((each) => each.name === column)?.typePath ?? '')
  if (info?.kind === 'enum') return info.labels.filter((each) => each !== cell).map((each) => `${quoteLiteral(each)}::${type}`)
  if (cell === null) {
    if (/^(text|character)/.test(type)) return [`'gained'`, `''`]
    if (/^(smallint|integer|bigint|numeric|real|double)/.test(type)) return ['7', '0']
    if (type === 'boolean') return ['true', 'false']
    return /^(date|timestamp)/.test(type) ? [`'2031-02-03 04:05:06'`] : []
  }
  if (/^(text|character varying|citext)/.test(type))
    return [
      `${name} || 'x'`,
      `pg_catalog.left(${name}, -1)`,
      // Of an encoded one blanks are no part.
      ...(learned.transforms.includes('encoded') ? [] : [`' ' || ${name}`]),
      ...(cell.toUpperCase() === cell ? [] : [`pg_catalog.upper(${name})`]),
    ]
  if (/^(smallint|integer|bigint)/.test(type)) return [`${name} + 1`, `${name} - 1`, `-${name} - 1`]
  if (/^(numeric|real|double)/.test(type)) return [`${name} + 1`, `${name} + 0.01`]
  if (type === 'boolean') return [`NOT ${name}`]
  if (type === 'date') return [`${name} + 1`]
  if (/^timestamp/.test(type))
    return [
      `${name} + interval '1 second'`,
      `${name} + interval '1 hour'`,
      // What came from a coarser clock is read back by rounding.
      ...(learned.transforms.includes('identical') ? [`${name} + interval '1 microsecond'`] : []),
    ]
  if (/^time/.test(type)) return [`${name} + interval '1 second'`]
  if (type === 'uuid') return [`'00000000-0000-4000-8000-00000000abcd'::uuid`]
  if (type === 'jsonb') return [`'{"spoilt": true}'`]
  return /\[\]$/.test(type) ? [`${name} || ${name}`] : []
}

/** A reference to nothing: the key is dropped or not looked at first; or the row that it names goes. */
function orphans(
  { relation, row, column, type, cell, legacy, learned }: CellTarget,
  catalog: Catalog,
  targets: Targets,
): readonly Sabotage[] {
  const at = catalog.relations.get(relation)
  if (at === undefined || cell === null) return []
  const unlooked = (sql: string) => `SET LOCAL session_replication_role = replica; ${sql}; SET LOCAL session_replication_role = origin`
  const nothing = /^(text|character)/.test(type) ? `'nobody'` : type === 'uuid' ? `'00000000-0000-4000-8000-00000000dead'` : '31999'
  const keys = at.constraints.filter(
    (each) => each.kind === 'foreign-key' && !each.inherited && each.attributes.length === 1 && each.attributes[0] === column,
  )
  return keys.flatMap((key): readonly Sabotage[] => {
    const parent = catalog.relations.get(key.references?.relation ?? '')
    const named = targets.cells.find(
      (each) => each.relation === key.references?.relation && each.column === key.references.attributes[0] && each.cell === cell,
    )
    const common = { kind: 'make an orphan', spoils: legacy, learned }
    const child = { ...common, relation, rows: [row] }
    return [
      { ...child, sql: ([where]) => unlooked(update(at, column, nothing, where)) },
      {
        ...child,
        sql: ([where]) =>
          `ALTER TABLE ${quoteName(at)} DROP CONSTRAINT ${quoteIdentifier(key.name)}; ${update(at, column, nothing, where)}`,
      },
      ...(parent === undefined || named === undefined
        ? []
        : [
            {
              ...common,
              relation: named.relation,
              rows: [named.row],
              sql: ([where]: readonly string[]) => unlooked(`DELETE FROM ${quoteName(parent)} WHERE ${where}`),
            },
          ]),
    ]
  })
}

function update(relation: Relation, column: string, value: string, where: string | undefined): string {
  return `UPDATE ${quoteName(relation)} SET ${quoteIdentifier(column)} = ${value} WHERE ${where}`
}

/** Do the first of some sabotages that the server lets through; returns it with its SQL. */
export async function doFirst(
  session: Session,
  state: State,
  sabotages: readonly Sabotage[],
): Promise<{ readonly sabotage: Sabotage; readonly sql: string } | undefined> {
  const { catalog, rows } = state
  const places = new Map<string, readonly (readonly (string | null)[])[]>()
  for (const sabotage of sabotages) {
    const relation = catalog.relations.get(sabotage.relation)
    if (relation === undefined) continue
    const known = places.get(sabotage.relation) ?? (await locate(session, relation))
    places.set(sabotage.relation, known)
    // Keys drawn at random and clocks change the order and the cells: a row is known by the legacy's part in it.
    const part = [...sabotage.learned.identity, ...sabotage.learned.columns].map((name) =>
      relation.attributes.findIndex((each) => each.name === name),
    )
    const held = (cells: readonly (string | null)[] | undefined) => JSON.stringify(part.map((at) => cells?.[at] ?? null))
    const found = sabotage.rows.map((row) => {
      const wanted = held(rows.get(sabotage.relation)?.rows[row])
      const same = known.filter((each) => held(each.slice(2)) === wanted)
      return same.find((each) => each === known[row]) ?? same[0]
    })
    if (found.some((each) => each === undefined)) continue
    const sql = sabotage.sql(found.map((each) => `tableoid = ${each?.[0]} AND ctid = '${each?.[1]}'`))
    if (await goesThrough(session, `${sql}; SET CONSTRAINTS ALL IMMEDIATE`)) return { sabotage, sql }
  }
  return undefined
}

/** Whether a script is let through; where not, nothing of it stays. */
export async function goesThrough(session: Session, sql: string): Promise<boolean> {
  try {
    await session.script(`SAVEPOINT godwit_sabotage; ${sql}; RELEASE SAVEPOINT godwit_sabotage`)
    return true
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    await session.script('ROLLBACK TO SAVEPOINT godwit_sabotage; RELEASE SAVEPOINT godwit_sabotage')
    return false
  }
}

/** Where each row of a relation is, in the order in which `readRows` reads them. */
async function locate(session: Session, relation: Relation): Promise<readonly (readonly (string | null)[])[]> {
  const key = relation.constraints.find((each) => each.kind === 'primary-key')?.attributes ?? []
  const order =
    key.length > 0 ? key.map((name) => `t.${quoteIdentifier(name)}`).join(', ') : `(t.*)::pg_catalog.text COLLATE pg_catalog."C"`
  const cells = relation.attributes.map((each) => `t.${quoteIdentifier(each.name)}`).join(', ')
  const from = `${relation.kind === 'table' ? 'ONLY ' : ''}${quoteName(relation)}`
  const [result] = await scriptPinned(session, [
    `SELECT t.tableoid::pg_catalog.text, t.ctid::pg_catalog.text, ${cells} FROM ${from} AS t ORDER BY ${order}`,
  ])
  return result?.rows ?? []
}
