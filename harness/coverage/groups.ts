import type { Aim } from '../data/index.ts'
import { asList, asText, everyNode, type Fields, fieldsOf, nodeOf, treeText } from '../migration/index.ts'
import { pathOf } from '../postgres/index.ts'
import { alikeAims, cellAims } from './aims.ts'
import { isAggregate, namesColumn } from './calls.ts'
import { anyOf, fromOf, type Level } from './level.ts'
import type { Outcome, Reader } from './reader.ts'
import { columnIn, notNullOf, uniqueKeyOf } from './sources.ts'
import type { TargetKind } from './target.ts'

/** An expression by which rows are put together, or in order. */
export interface Key {
  readonly tree: unknown
  readonly sql: string
}

/** Rows that are put together by a key. */
interface Grouping {
  readonly kind: TargetKind
  readonly tree: unknown
  readonly text: string
  readonly keys: readonly Key[]
  /** What else of the rows arrives: they may differ in it. */
  readonly others: readonly Key[]
  /** Rows with NULL in the key are not put together, as under a unique key. */
  readonly nullsApart?: boolean
}

/** Ask for keys of one row, of several, of several that differ in each other attribute, and with NULL. */
export function askGroups(reader: Reader, level: Level, { kind, tree, text, keys, others, nullsApart = false }: Grouping): void {
  const unsafe = reader.unsafeCall([...keys, ...others].map((each) => each.tree))
  if (unsafe !== undefined) {
    reader.leaveOut(kind, tree, unsafe)
    return
  }
  const single = keyReason(level, keys)
  const nulls = nullReason(level, keys)
  const base = { kind, tree, text }
  const ofLegacy = kind === 'constraint'
  const trees = keys.map((key) => key.tree)
  const alike = (differ: readonly unknown[]) => alikeAims(level.sources, trees, differ)
  const nullAims = keys.flatMap((key) => cellAims(level.sources, key.tree, [null])).slice(0, 1)
  const outcomes: Outcome[] = [
    { ...base, outcome: 'one row' },
    { ...base, outcome: 'several rows', infeasible: single, ofLegacy, aims: alike([]) },
    ...(keys.some(({ tree: key }) => namesColumn(key))
      ? [{ ...base, outcome: 'NULL in the key', infeasible: nulls, ofLegacy, aims: nullAims }]
      : []),
    ...others.map(({ sql, tree: other }) => ({
      ...base,
      outcome: `several rows that differ in ${sql.replaceAll(/\s+/g, ' ')}`,
      infeasible: single,
      aims: alike([other]),
    })),
  ]
  const hasNull = outcomes.some(({ outcome }) => outcome === 'NULL in the key')
  const inner = [
    'pg_catalog.count(*) AS n',
    `pg_catalog.bool_or(${keys.map(({ sql }) => `(${sql}) IS NULL`).join(' OR ')}) AS missing`,
    ...others.map(({ sql }, at) => `pg_catalog.count(DISTINCT pg_catalog.concat(pg_catalog.jsonb_build_array(${sql}))) AS d${at}`),
  ].join(', ')
  const columns = [
    'godwit_group.n = 1',
    nullsApart ? 'godwit_group.n > 1 AND NOT godwit_group.missing' : 'godwit_group.n > 1',
    ...(hasNull ? ['godwit_group.missing'] : []),
    ...others.map((_, at) => `godwit_group.d${at} > 1`),
  ]
  const grouped = `SELECT ${inner} ${fromOf(level, 'filtered')} GROUP BY ${keys.map(({ sql }) => `(${sql})`).join(', ')}`
  reader.ask(
    level,
    outcomes,
    anyOf(`SELECT ${columns.map((column, at) => `${column} AS c${at}`).join(', ')} FROM (${grouped}) AS godwit_group`, outcomes.length),
  )
}

/** Ask for rows that an order leaves apart by chance. */
export function askTies(reader: Reader, level: Level, tree: unknown, keys: readonly Key[]): void {
  const unsafe = reader.unsafeCall(keys.map((each) => each.tree))
  const text = `ORDER BY ${keys.map(({ sql }) => sql).join(', ')}`
  if (unsafe !== undefined) {
    reader.leaveOut('order', tree, unsafe)
    return
  }
  const outcome: Outcome = {
    kind: 'order',
    tree,
    text,
    outcome: 'two rows alike',
    infeasible: keyReason(level, keys),
    aims: alikeAims(
      level.sources,
      keys.map((key) => key.tree),
      [],
    ),
  }
  const grouped = `SELECT pg_catalog.count(*) AS n ${fromOf(level, 'filtered')} GROUP BY ${keys.map(({ sql }) => `(${sql})`).join(', ')}`
  reader.ask(level, [outcome], anyOf(`SELECT godwit_group.n > 1 AS c0 FROM (${grouped}) AS godwit_group`, 1))
}

/** Ask whether a query finds no row, one, several: what it aggregates without GROUP BY. */
export function askRowCount(reader: Reader, level: Level, tree: unknown, text: string): void {
  const outcomes = ['no row', 'one row', 'several rows'].map((outcome): Outcome => ({ kind: 'group', tree, text, outcome }))
  const counted = `SELECT pg_catalog.count(*) AS n ${fromOf(level, 'filtered')}`
  const columns = ['= 0', '= 1', '> 1'].map((test, at) => `godwit_count.n ${test} AS c${at}`).join(', ')
  reader.ask(level, outcomes, anyOf(`SELECT ${columns} FROM (${counted}) AS godwit_count`, 3))
}

/** Ask whether there are fewer rows than a limit, as many, more. */
export function askLimit(reader: Reader, level: Level, tree: unknown, limit: number): void {
  const outcomes = [`fewer than ${limit} rows`, `${limit} rows`, `more than ${limit} rows`].map(
    (outcome, at): Outcome => ({ kind: 'limit', tree, text: `LIMIT ${limit}`, outcome, aims: countAims(level, limit + at - 1) }),
  )
  const counted = `SELECT pg_catalog.count(*) AS n ${fromOf(level, 'filtered')}`
  const columns = ['<', '=', '>'].map((test, at) => `godwit_count.n ${test} ${limit} AS c${at}`).join(', ')
  reader.ask(level, outcomes, anyOf(`SELECT ${columns} FROM (${counted}) AS godwit_count`, 3))
}

/** More rows than these are too many for an edge run. */
const mostRows = 20

function countAims({ sources }: Level, rows: number): readonly Aim[] {
  const [only] = sources
  if (sources.length !== 1 || only?.relation === undefined || rows > mostRows) return []
  return [{ kind: 'rows', relation: pathOf(only.relation), rows }]
}

/** The expressions of GROUP BY, DISTINCT ON, ORDER BY or PARTITION BY; undefined where one is not found. */
export function keysOf(reader: Reader, items: unknown, targets: readonly Fields[], byAlias: boolean): readonly Key[] | undefined {
  const keys: Key[] = []
  for (const item of asList(items)) {
    const tree = resolve(fieldsOf(item, 'SortBy')?.node ?? item, targets, byAlias)
    const sql = nodeOf(tree)?.name === 'GroupingSet' ? undefined : reader.text.expression(tree)
    if (sql === undefined) return undefined
    keys.push({ tree, sql })
  }
  return keys
}

/** `1` is the first item of the SELECT list; a name that the list gives stands for its item, in ORDER BY before any column. */
function resolve(tree: unknown, targets: readonly Fields[], byAlias: boolean): unknown {
  const position = fieldsOf(fieldsOf(tree, 'A_Const'), 'ival')
  if (position !== undefined) return targets[Number(position.ival) - 1]?.val ?? tree
  const names = asList(fieldsOf(tree, 'ColumnRef')?.fields)
  const name = names.length === 1 ? asText(fieldsOf(names[0], 'String')?.sval) : undefined
  const named = byAlias && name !== undefined ? targets.find((target) => target.name === name) : undefined
  return named?.val ?? tree
}

/** What aggregates see of rows beside the key. */
export function aggregated(reader: Reader, trees: unknown, keys: readonly Key[]): readonly Key[] {
  const known = new Set(keys.map(({ tree }) => treeText(tree)))
  const others: Key[] = []
  for (const { name, fields } of everyNode(trees)) {
    if (!isAggregate({ [name]: fields })) continue
    for (const tree of asList(fields.args)) {
      const text = treeText(tree)
      if (!namesColumn(tree) || known.has(text)) continue
      known.add(text)
      const sql = reader.text.expression(tree)
      if (sql !== undefined) others.push({ tree, sql })
    }
  }
  return others
}

function keyReason(level: Level, keys: readonly Key[]): string | undefined {
  const columns = keys.map(({ tree }) => columnIn(level.sources, tree))
  const [source] = level.sources
  if (level.sources.length !== 1 || source?.relation === undefined) return undefined
  const names = new Set(columns.flatMap((column) => (column?.attribute.notNull === true ? [column.attribute.name] : [])))
  const key = uniqueKeyOf(source.relation, names)
  return key === undefined ? undefined : `the unique key ${key} tells rows of ${source.relation.name} apart`
}

function nullReason(level: Level, keys: readonly Key[]): string | undefined {
  const reasons = keys.map(({ tree }) => notNullOf(level.sources, tree))
  return reasons.every((reason) => reason !== undefined) ? [...new Set(reasons)].join(' and ') : undefined
}
