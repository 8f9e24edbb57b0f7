import type { Answer, AnswerTable, Contents } from './model.ts'

/** Stands for a value that the next run would not give again; with the mark where RETURNING gave what was stored. */
const token = '⟨varies⟩'
const storedToken = '⟨varies, as stored⟩'

type Side = 'table' | 'view'

/**
 * The values that vary from run to run: keys from sequences, times, random ones. Learned from two runs on the table; what the view gives in
 * their place counts as one of them only when it was not there before the statement.
 */
export class VolatileValues {
  readonly #relation: string
  readonly #known: Readonly<Record<Side, Map<string, Set<string>>>> = { table: new Map(), view: new Map() }

  constructor({ relation }: { readonly relation: string }) {
    this.#relation = relation
  }

  /** Take in one statement, carried out twice on the table and once on the view. */
  learn(seen: {
    readonly table: Answer
    readonly repeated: Answer
    readonly view: Answer
    readonly before: Contents
    readonly beforeView: Contents
  }): void {
    const [table, repeated, view] = [
      columnsOf(seen.table, this.#relation),
      columnsOf(seen.repeated, this.#relation),
      columnsOf(seen.view, this.#relation),
    ]
    const [before, beforeView] = [columnsOfContents(seen.before), columnsOfContents(seen.beforeView)]
    for (const [key, values] of table) {
      const others = repeated.get(key) ?? new Set()
      const varying = [...values].filter((value) => !others.has(value))
      if (varying.length === 0) continue
      const stable = new Set([...values].filter((value) => others.has(value)))
      this.#add(
        'table',
        key,
        varying.filter((value) => before.get(key)?.has(value) !== true),
      )
      const fresh = [...(view.get(key) ?? [])].filter((value) => !stable.has(value) && beforeView.get(key)?.has(value) !== true)
      this.#add('view', key, fresh)
    }
  }

  contents(side: Side, path: string, table: AnswerTable): AnswerTable {
    return replaced(table, (name, value) => (this.#varies(side, `${path}.${name}`, value) ? token : value))
  }

  /** Rows that a statement gave; of the relation's own attributes it is told whether the value is stored. */
  result(side: Side, table: AnswerTable, contents: Contents): AnswerTable {
    const stored = columnsOfContents(contents)
    return replaced(table, (name, value) => {
      const own = `${this.#relation}.${name}`
      if (this.#varies(side, own, value)) return stored.get(own)?.has(value) === true ? storedToken : token
      return this.#varies(side, `.${name}`, value) ? token : value
    })
  }

  #varies(side: Side, key: string, value: string): boolean {
    return this.#known[side].get(key)?.has(value) === true
  }

  #add(side: Side, key: string, values: readonly string[]): void {
    const known = this.#known[side].get(key) ?? new Set()
    for (const value of values) known.add(value)
    this.#known[side].set(key, known)
  }
}

function replaced(table: AnswerTable, change: (name: string, value: string) => string): AnswerTable {
  return {
    attributes: table.attributes,
    rows: table.rows.map((row) => row.map((cell, at) => (cell === null ? null : change(table.attributes[at] ?? '', cell)))),
  }
}

/** The values by column: stored ones by path and attribute, given ones as the relation's own where it has such an attribute, and by name alone. */
function columnsOf({ results, contents }: Answer, relation: string): Map<string, Set<string>> {
  const columns = columnsOfContents(contents)
  const own = new Set(contents.get(relation)?.attributes)
  for (const { fields, rows } of results) {
    for (const [at, { name }] of fields.entries())
      collect(
        columns,
        own.has(name) ? `${relation}.${name}` : `.${name}`,
        rows.map((row) => row[at]),
      )
  }
  return columns
}

function columnsOfContents(contents: Contents): Map<string, Set<string>> {
  const columns = new Map<string, Set<string>>()
  for (const [path, { attributes, rows }] of contents) {
    for (const [at, name] of attributes.entries())
      collect(
        columns,
        `${path}.${name}`,
        rows.map((row) => row[at]),
      )
  }
  return columns
}

function collect(columns: Map<string, Set<string>>, key: string, values: readonly (string | null | undefined)[]): void {
  const known = columns.get(key) ?? new Set()
  for (const value of values) if (typeof value === 'string') known.add(value)
  columns.set(key, known)
}
