import { quoteIdentifier, quoteLiteral } from '../../postgres/index.ts'
import type { ComparedPair } from './pair.ts'
import type { Row } from './throw-away-rows.ts'

/** One statement of a client, for either name. */
export interface NamedStatement {
  readonly form: string
  /** @param name  The quoted name of the table or of what took its place. */
  readonly sql: (name: string) => string
}

/** Statements that are sent one after another, and taken back together. */
export type Sequence = readonly NamedStatement[]

/**
 * The statements of the model, on rows that are in no table: INSERT, UPDATE and DELETE with RETURNING, defaults, generated keys, several rows,
 * keys that change, and what constraints refuse.
 *
 * @param rows  Four, or none: then only what needs no row.
 * @param major  Of the server: before 17 no view takes MERGE.
 */
export function sequencesFor(pair: ComparedPair, rows: readonly Row[], major: number): readonly Sequence[] {
  const [first, second, third] = rows
  const none: Sequence[] = [
    [select('select no row', 'SELECT * FROM', 'WHERE false')],
    [select('insert defaults', 'INSERT INTO', 'DEFAULT VALUES RETURNING *')],
    [select('update no row', 'UPDATE', `SET ${firstColumn(pair)} = ${firstColumn(pair)} WHERE false RETURNING *`)],
    [select('delete no row', 'DELETE FROM', 'WHERE false RETURNING *')],
  ]
  if (first === undefined || second === undefined || third === undefined) return none
  const forms = new Forms(pair)
  const both = forms.insert('insert several rows', [first, second])
  const columns = pair.columns.filter(({ generated }) => generated === undefined)
  return [
    ...none,
    [forms.insert('insert', [first]), forms.selectRow(first)],
    [both, forms.insert('insert the same key', [first])],
    ...columns.map(({ name }) => [forms.insertWithout(first, [name])]),
    [
      forms.insertWithout(
        first,
        columns.flatMap((each) => (hasDefault(each) ? [each.name] : [])),
      ),
    ],
    ...columns.map(({ name }) => [forms.insert('insert NULL', [new Map([...first, [name, null]])])]),
    ...['DO NOTHING', `DO UPDATE SET ${firstColumn(pair)} = EXCLUDED.${firstColumn(pair)}`].map((action) => [
      both,
      forms.onConflict(first, action),
    ]),
    ...columns.map(({ name }) => [both, forms.update('update', first, name, quoteLiteral(second.get(name) ?? null))]),
    ...columns.map(({ name }) => [both, forms.update('update to NULL', first, name, 'NULL')]),
    ...columns
      .filter((each) => !isOnlyOfTables(pair, each))
      .map(({ name }) => [both, forms.update('update to the default', first, name, 'DEFAULT')]),
    ...columns.flatMap((each) =>
      strangeValues(each.type).map((value) => [both, forms.update('update to a strange value', first, each.name, value)]),
    ),
    ...pair.key.map((name) => [
      both,
      forms.update('update the key', first, name, quoteLiteral(third.get(name) ?? null)),
      forms.selectRow(third),
    ]),
    [both, forms.updateAll([first, second]), forms.updateFrom(first, second)],
    [both, forms.remove(first), forms.remove(first), forms.removeUsing(second)],
    ...(major >= 17 ? [[both, forms.merge(first, third)]] : []),
    [both, select('select for update', 'SELECT * FROM', `WHERE ${forms.where(first)} FOR UPDATE`)],
    [both, forms.copy(first, third)],
  ]
}

function select(form: string, before: string, after: string): NamedStatement {
  return { form, sql: (name) => `${before} ${name} ${after}` }
}

function firstColumn({ columns }: ComparedPair): string {
  return quoteIdentifier(columns[0]?.name ?? '')
}

/** No view of PostgreSQL takes UPDATE … SET column = DEFAULT where the table's column is an identity. */
export function isOnlyOfTables({ other }: ComparedPair, { identity }: ComparedPair['columns'][number]): boolean {
  return other.kind === 'view' && identity !== undefined
}

function hasDefault({ default: value, identity, notNull }: ComparedPair['columns'][number]): boolean {
  return value !== undefined || identity !== undefined || !notNull
}

/** What checks and foreign keys are likely to refuse. */
function strangeValues(type: string): readonly string[] {
  if (/^(smallint|integer|bigint|numeric|real|double)/.test(type)) return ['0', '-1', '99999']
  if (/^(text|character|"?citext)/.test(type)) return [`''`, `repeat('x', 5000)`]
  return type === 'boolean' ? ['true', 'false'] : []
}

/** Statements on rows of one pair. */
class Forms {
  readonly #pair: ComparedPair
  readonly #columns: readonly string[]

  constructor(pair: ComparedPair) {
    this.#pair = pair
    this.#columns = pair.columns.flatMap(({ name, generated }) => (generated === undefined ? [name] : []))
  }

  names(columns = this.#columns): string {
    return `(${columns.map(quoteIdentifier).join(', ')})`
  }

  /** Keys that are always generated can be given on purpose only. */
  overriding(columns = this.#columns): string {
    const always = this.#pair.columns.some(({ name, identity }) => identity === 'always' && columns.includes(name))
    return always ? 'OVERRIDING SYSTEM VALUE ' : ''
  }

  valuesOf(row: Row, columns = this.#columns): string {
    return columns.map((name) => quoteLiteral(row.get(name) ?? null)).join(', ')
  }

  where(row: Row): string {
    return this.#pair.key.map((name) => `${quoteIdentifier(name)} = ${quoteLiteral(row.get(name) ?? null)}`).join(' AND ')
  }

  insert(form: string, rows: readonly Row[]): NamedStatement {
    const values = rows.map((row) => `(${this.valuesOf(row)})`).join(', ')
    return select(form, 'INSERT INTO', `${this.names()} ${this.overriding()}VALUES ${values} RETURNING *`)
  }

  insertWithout(row: Row, left: readonly string[]): NamedStatement {
    const columns = this.#columns.filter((name) => !left.includes(name))
    if (columns.length === 0) return select('insert defaults', 'INSERT INTO', 'DEFAULT VALUES RETURNING *')
    const values = `VALUES (${this.valuesOf(row, columns)})`
    return select('insert without a column', 'INSERT INTO', `${this.names(columns)} ${this.overriding(columns)}${values} RETURNING *`)
  }

  onConflict(row: Row, action: string): NamedStatement {
    const target = this.names([...this.#pair.key])
    return select(
      'insert on conflict',
      'INSERT INTO',
      `${this.names()} ${this.overriding()}VALUES (${this.valuesOf(row)}) ON CONFLICT ${target} ${action} RETURNING *`,
    )
  }

  update(form: string, row: Row, column: string, value: string): NamedStatement {
    return select(form, 'UPDATE', `SET ${quoteIdentifier(column)} = ${value} WHERE ${this.where(row)} RETURNING *`)
  }

  updateAll(rows: readonly Row[]): NamedStatement {
    const [last] = this.#columns.slice(-1).map(quoteIdentifier)
    return select('update several rows', 'UPDATE', `SET ${last} = ${last} WHERE ${rows.map((row) => `(${this.where(row)})`).join(' OR ')}`)
  }

  updateFrom(row: Row, other: Row): NamedStatement {
    const column = this.#columns.find((name) => !this.#pair.key.includes(name)) ?? this.#columns[0] ?? ''
    const type = this.#pair.columns.find(({ name }) => name === column)?.type ?? 'text'
    const value = `(VALUES (${quoteLiteral(other.get(column) ?? null)}::${type})) AS given (value)`
    return select(
      'update from',
      'UPDATE',
      `SET ${quoteIdentifier(column)} = given.value FROM ${value} WHERE ${this.where(row)} RETURNING *`,
    )
  }

  remove(row: Row): NamedStatement {
    return select('delete', 'DELETE FROM', `WHERE ${this.where(row)} RETURNING *`)
  }

  removeUsing(row: Row): NamedStatement {
    return select(
      'delete using',
      'DELETE FROM',
      `USING (VALUES (1)) AS godwit_given (godwit_one) WHERE ${this.where(row)} AND godwit_one = 1 RETURNING *`,
    )
  }

  merge(row: Row, added: Row): NamedStatement {
    const keys = this.#pair.key.map((name) => `target.${quoteIdentifier(name)} = ${quoteLiteral(row.get(name) ?? null)}`)
    const insert = `INSERT ${this.names()} ${this.overriding()}VALUES (${this.valuesOf(added)})`
    return select(
      'merge',
      'MERGE INTO',
      `AS target USING (VALUES (1), (2)) AS given (n) ON ${keys.join(' AND ')} AND given.n = 1 WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN ${insert}`,
    )
  }

  copy(row: Row, to: Row): NamedStatement {
    const into = `${this.names()} ${this.overriding()}SELECT ${this.valuesOf(to)}`
    return { form: 'insert from a query', sql: (name) => `INSERT INTO ${name} ${into} FROM ${name} WHERE ${this.where(row)} RETURNING *` }
  }

  selectRow(row: Row): NamedStatement {
    return select('select', 'SELECT * FROM', `WHERE ${this.where(row)}`)
  }
}
