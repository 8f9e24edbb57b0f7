import type { Relation } from '../catalog/index.ts'
import { asList, asText, everyNode, type Fields, fieldsOf, isFields, stringsOf } from '../migration/index.ts'
import { quoteIdentifier } from '../postgres/index.ts'
import { cellAims } from './aims.ts'
import { readExpression } from './arms.ts'
import { readTypeChange } from './casts.ts'
import { readCondition } from './conditions.ts'
import { askGroups, type Key } from './groups.ts'
import type { Level } from './level.ts'
import { askPartners } from './partners.ts'
import { columnNames, rangeText } from './ranges.ts'
import type { Outcome, Reader } from './reader.ts'
import { type KnownColumn, notNullOf, sourcesOf } from './sources.ts'

/** Statements that ask something of the rows that are there: constraints, unique indexes, other types, policies. */
export function readConstraints(reader: Reader, name: string, fields: Fields): void {
  if (name === 'AlterTableStmt' && fields.objtype === 'OBJECT_TABLE') {
    const level = levelOf(reader, fields.relation)
    for (const item of asList(fields.cmds)) asSoonAsThere(reader, level, item, () => readCommand(reader, level, item))
  }
  if (name === 'IndexStmt') readIndex(reader, fields)
  if (name === 'CreatePolicyStmt') {
    const level = levelOf(reader, fields.table)
    for (const condition of [fields.qual, fields.with_check])
      if (condition !== undefined) readCondition(reader, level, condition, { over: 'all' })
  }
}

function levelOf(reader: Reader, range: unknown): Level {
  const sources = sourcesOf([{ RangeVar: range }], reader.find, new Set())
  return { with: '', from: rangeText(range), where: undefined, groupBy: undefined, outer: undefined, sources }
}

/**
 * What a constraint asks is asked of the rows before the script, where all columns that it names are there: a script that cleans up first has
 * met the rows that would violate it.
 */
function asSoonAsThere(reader: Reader, level: Level, tree: unknown, ask: () => void): void {
  const columns = new Set(level.sources[0]?.relation?.attributes.map(({ name }) => name))
  const command = fieldsOf(tree, 'AlterTableCmd')
  const constraint = fieldsOf(command?.def, 'Constraint')
  const named = [
    ...(command?.name === undefined || constraint !== undefined ? [] : [asText(command.name) ?? '']),
    ...columnNames([...asList(constraint?.keys), ...asList(constraint?.fk_attrs), ...(command === undefined ? asList(tree) : [])]),
    ...[...everyNode(tree)].flatMap(({ name, fields }) => (name === 'ColumnRef' ? stringsOf(fields.fields).slice(-1) : [])),
  ]
  if (columns.size > 0 && named.every((name) => columns.has(name))) reader.beforehand(ask)
  else ask()
}

function readCommand(reader: Reader, level: Level, item: unknown): void {
  const command = fieldsOf(item, 'AlterTableCmd') ?? {}
  const column = asText(command.name) ?? ''
  if (command.subtype === 'AT_SetNotNull') {
    const infeasible = notNullOf(level.sources, columnRef(column))
    const text = `${column} SET NOT NULL`
    const outcomes = [
      { kind: 'constraint', tree: undefined, text, outcome: 'satisfied' },
      {
        kind: 'constraint',
        tree: undefined,
        text,
        outcome: 'violated',
        infeasible,
        ofLegacy: true,
        aims: cellAims(level.sources, columnRef(column), [null]),
      },
    ] as const
    reader.askRows(level, 'all', outcomes, [`${quoteIdentifier(column)} IS NOT NULL`, `${quoteIdentifier(column)} IS NULL`])
  }
  const definition = fieldsOf(command.def, 'ColumnDef')
  if (command.subtype === 'AT_AlterColumnType' && definition !== undefined) {
    if (definition.raw_default === undefined) readTypeChange(reader, level, undefined, column, definition)
    else readExpression(reader, level, definition.raw_default, 'all', () => undefined)
  }
  const constraint = fieldsOf(command.def, 'Constraint')
  if (command.subtype === 'AT_AddConstraint' && constraint !== undefined) readConstraint(reader, level, constraint)
}

function readConstraint(reader: Reader, level: Level, constraint: Fields): void {
  switch (constraint.contype) {
    case 'CONSTR_CHECK':
      readCondition(reader, level, constraint.raw_expr, { over: 'all', mustHold: true })
      return
    case 'CONSTR_UNIQUE':
    case 'CONSTR_PRIMARY': {
      const names = columnNames(constraint.keys)
      // USING INDEX: the index said what is unique.
      if (names.length > 0) askUnique(reader, level, constraint, { tree: constraint, keys: names.map(plainKey) })
      return
    }
    case 'CONSTR_FOREIGN':
      readForeignKey(reader, level, constraint)
      return
    case 'CONSTR_EXCLUSION':
      readExclusion(reader, level, constraint)
      return
    default:
  }
}

function readIndex(reader: Reader, fields: Fields): void {
  const level = levelOf(reader, fields.relation)
  const where = fields.whereClause === undefined ? undefined : reader.text.expression(fields.whereClause)
  if (fields.whereClause !== undefined) readCondition(reader, level, fields.whereClause, { over: 'all' })
  if (fields.unique !== true) return
  const keys = asList(fields.indexParams).map((item): Key | undefined => {
    const element = fieldsOf(item, 'IndexElem') ?? {}
    const name = asText(element.name)
    if (name !== undefined) return plainKey(name)
    const sql = reader.text.expression(element.expr)
    return sql === undefined ? undefined : { tree: element.expr, sql }
  })
  const known = keys.flatMap((key) => key ?? [])
  if (known.length !== keys.length) return
  asSoonAsThere(reader, level, fields.indexParams, () =>
    askUnique(reader, { ...level, where }, fields, { tree: fields.indexParams, keys: known }),
  )
}

/** Rows alike under a key that is to be unique; rows with NULL in it are alike for no key but one with NULLS NOT DISTINCT. */
function askUnique(
  reader: Reader,
  level: Level,
  { nulls_not_distinct: nullsMeet }: Fields,
  { tree, keys }: { readonly tree: unknown; readonly keys: readonly Key[] },
): void {
  const text = `unique (${keys.map(({ sql }) => sql).join(', ')})`
  askGroups(reader, level, { kind: 'constraint', tree, text, keys, others: [], nullsApart: nullsMeet !== true })
}

function readForeignKey(reader: Reader, level: Level, constraint: Fields): void {
  const own = columnNames(constraint.fk_attrs)
  const range = isFields(constraint.pktable) ? constraint.pktable : {}
  const parent = reader.find(range)
  const primary = parent?.indexes.find((index) => index.primary)?.attributes.flatMap((name) => name ?? [])
  const theirs = columnNames(constraint.pk_attrs).length > 0 ? columnNames(constraint.pk_attrs) : (primary ?? [])
  if (theirs.length !== own.length || own.length === 0) {
    reader.leaveOut('constraint', constraint, 'it does not say which columns it refers to')
    return
  }
  const [child] = level.sources
  const same = child?.relation?.constraints.find(
    (each) =>
      each.kind === 'foreign-key' &&
      each.validated &&
      each.enforced &&
      each.attributes.join() === own.join() &&
      each.references?.attributes.join() === theirs.join(),
  )
  const because = same === undefined ? undefined : `the foreign key ${same.name} asks for one`
  const nullable = own.map((name) => notNullOf(level.sources, columnRef(name)))
  const text = `foreign key (${own.join(', ')})`
  const name = asText(range.relname) ?? ''
  const full = own.map((each) => `godwit_child.${quoteIdentifier(each)} IS NOT NULL`).join(' AND ')
  const on = own
    .map((each, at) => `godwit_parent.${quoteIdentifier(theirs[at] ?? '')} = godwit_child.${quoteIdentifier(each)}`)
    .join(' AND ')
  askPartners(reader, level, {
    kind: 'constraint',
    tree: constraint,
    text,
    from: `${level.from} AS godwit_child WHERE ${full}`,
    found: `${rangeText(range)} AS godwit_parent WHERE ${on}`,
    name: `row of ${name}`,
    never: { none: because },
    outcomes: ['none', 'one'],
    mustMeet: true,
    pairs: pairsOf(child?.relation, own, parent, theirs),
  })
  const missing: Outcome = {
    kind: 'constraint',
    tree: constraint,
    text,
    outcome: 'NULL',
    ofLegacy: true,
    aims: cellAims(level.sources, columnRef(own[0] ?? ''), [null]),
    infeasible: nullable.every((each) => each !== undefined) ? [...new Set(nullable)].join(' and ') : undefined,
  }
  reader.askRows(level, 'all', [missing], [own.map((each) => `${quoteIdentifier(each)} IS NULL`).join(' OR ')])
}

/** Two rows that conflict, and two that are equal in what is compared by equality and do not. */
function readExclusion(reader: Reader, level: Level, constraint: Fields): void {
  const elements = asList(constraint.exclusions).map((pair) => {
    const [element, operator] = asList(pair)
    const name = asText(fieldsOf(element, 'IndexElem')?.name)
    const sign = asText(fieldsOf(asList(operator)[0], 'String')?.sval)
    return name === undefined || sign === undefined ? undefined : { name, sign }
  })
  const known = elements.flatMap((each) => each ?? [])
  if (known.length === 0 || known.length !== elements.length || constraint.where_clause !== undefined) {
    reader.leaveOut('constraint', constraint, 'an exclusion over an expression is not measured')
    return
  }
  const test = ({ name, sign }: { readonly name: string; readonly sign: string }) =>
    `godwit_one.${quoteIdentifier(name)} ${sign} godwit_other.${quoteIdentifier(name)}`
  const all = known.map(test).join(' AND ')
  const scalars = known.filter(({ sign }) => sign === '=').map(test)
  const text = `exclude (${known.map(({ name, sign }) => `${name} with ${sign}`).join(', ')})`
  const outcomes: Outcome[] = [
    { kind: 'constraint', tree: constraint, text, outcome: 'two rows that conflict', ofLegacy: true },
    { kind: 'constraint', tree: constraint, text, outcome: 'two rows that come near and do not conflict' },
  ]
  const pairs = `FROM ${level.from} AS godwit_one, ${level.from} AS godwit_other WHERE godwit_one.ctid < godwit_other.ctid`
  const near = [...scalars, `(${all}) IS NOT TRUE`].join(' AND ')
  reader.ask(level, outcomes, `SELECT pg_catalog.bool_or(${all}) AS c0, pg_catalog.bool_or(${near}) AS c1 ${pairs}`)
}

function pairsOf(child: Relation | undefined, own: readonly string[], parent: Relation | undefined, theirs: readonly string[]) {
  if (child === undefined || parent === undefined) return []
  const known = (relation: Relation, name: string | undefined): KnownColumn | undefined => {
    const attribute = relation.attributes.find((each) => each.name === name)
    return attribute === undefined ? undefined : { relation, attribute, source: { alias: relation.name, relation, optional: false } }
  }
  return own.flatMap((name, at): readonly (readonly [KnownColumn, KnownColumn])[] => {
    const [one, other] = [known(child, name), known(parent, theirs[at])]
    return one === undefined || other === undefined ? [] : [[one, other]]
  })
}

function plainKey(name: string): Key {
  return { tree: columnRef(name), sql: quoteIdentifier(name) }
}

function columnRef(name: string): unknown {
  return { ColumnRef: { fields: [{ String: { sval: name } }] } }
}
