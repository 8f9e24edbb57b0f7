import type { Catalog, Relation } from '../../catalog/index.ts'
import {
  asList,
  asText,
  bodyOf,
  bodyQueries,
  everyNode,
  type Fields,
  fieldsOf,
  isFields,
  plpgsqlNodes,
  type Statement,
  stringsOf,
  tryParse,
} from '../../migration/index.ts'
import { functionName } from '../calls.ts'

/** A function as far as it is known by what can call it. */
export interface Callable {
  readonly name: string
  /** With which numbers of arguments it can be called. */
  readonly least: number
  readonly most: number
  /** A whole CREATE FUNCTION, or CREATE PROCEDURE. */
  readonly definition: string
}

/** A trigger's function, as the migration fires it. */
export interface Fired {
  readonly relation: Relation | undefined
  readonly events: ReadonlySet<string>
}

/** A call with the tables of the statement in which it stands. */
export interface Call {
  readonly args: readonly unknown[]
  readonly ranges: readonly Fields[]
  /** Whether a row of them may be missing, by an outer join. */
  readonly optional: boolean
}

export interface Trigger {
  readonly name: string
  readonly relation: string
  readonly events: readonly string[]
  readonly function: string
  /** The statement that makes it, and the one that drops it, where the script does: it fires in between. */
  readonly from: number
  readonly until: number
}

/** Stands for any statement: what the body of a function writes, what is there before the script. */
const anywhere = -1

const eventBits: readonly (readonly [string, number])[] = [
  ['INSERT', 4],
  ['DELETE', 8],
  ['UPDATE', 16],
  ['TRUNCATE', 32],
]

/** What a CREATE TRIGGER makes; undefined for any other statement. */
export function triggerOf(tree: unknown, from = anywhere): Trigger | undefined {
  const fields = fieldsOf(tree, 'CreateTrigStmt')
  const relation = isFields(fields?.relation) ? asText(fields.relation.relname) : undefined
  if (fields === undefined || relation === undefined) return undefined
  const events = eventBits.flatMap(([event, bit]) => ((Number(fields.events) & bit) === 0 ? [] : [event]))
  return {
    name: asText(fields.trigname) ?? '',
    relation,
    events,
    function: stringsOf(fields.funcname).at(-1) ?? '',
    from,
    until: Number.POSITIVE_INFINITY,
  }
}

/**
 * What statements call and fire, by names: what they call, what that calls in turn, and triggers of what all of it writes, also through
 * foreign keys. More than is called for sure, and nothing of what dynamic SQL makes up.
 */
export class Reached {
  readonly #catalog: Catalog
  readonly #triggersOf: (relation: string) => readonly Trigger[]
  readonly #calls = new Map<string, Call[]>()
  /** By relation and event, the statements that write. */
  readonly #writes = new Map<string, Map<string, Set<number>>>()
  #at = anywhere
  #grown = false

  /** @param triggersOf  By the bare name of a relation. */
  constructor(
    statements: readonly Statement[],
    callables: readonly Callable[],
    triggersOf: (relation: string) => readonly Trigger[],
    catalog: Catalog,
  ) {
    this.#catalog = catalog
    this.#triggersOf = triggersOf
    for (const [at, { tree, text, node }] of statements.entries()) {
      this.#at = at
      if (node === 'DoStmt') this.#body(tree, text)
      else if (node !== 'CreateFunctionStmt') this.#tree(tree)
    }
    this.#at = anywhere
    const done = new Set<Callable>()
    do {
      this.#grown = false
      for (const callable of callables) {
        if (done.has(callable) || !this.reaches(callable)) continue
        done.add(callable)
        const [tree] = tryParse(callable.definition) ?? []
        this.#body(tree, callable.definition)
        this.#grown = true
      }
      this.#cascades()
    } while (this.#grown)
  }

  /** Whether a function is called, or fired. */
  reaches(callable: Callable): boolean {
    return this.callsOf(callable).length > 0 || this.firing(callable.name).length > 0
  }

  /** The calls that may be calls of a function. */
  callsOf({ name, least, most }: Callable): readonly Call[] {
    return (this.#calls.get(name) ?? []).filter(({ args }) => args.length >= least && args.length <= most)
  }

  /** The triggers that fire a function. */
  firing(name: string): readonly Trigger[] {
    return this.fired.filter((each) => each.function === name)
  }

  /** The triggers that fire at all. */
  get fired(): readonly Trigger[] {
    return [...this.#writes.keys()].flatMap((name) => this.#triggersOf(name)).filter((each) => this.#eventsOf(each).length > 0)
  }

  /** On what, and on which events, a trigger's function runs; undefined for one that no trigger fires. */
  firedAs(name: string): Fired | undefined {
    const firing = this.firing(name)
    if (firing.length === 0) return undefined
    const relations = [...new Set(firing.map(({ relation }) => relation))].flatMap((relation) => this.#relations(relation))
    const [only, ...more] = relations
    return { relation: more.length === 0 ? only : undefined, events: new Set(firing.flatMap((each) => this.#eventsOf(each))) }
  }

  #relations(name: string): readonly Relation[] {
    return [...this.#catalog.relations.values()].filter((each) => each.name === name)
  }

  #eventsOf({ relation, events, from, until }: Trigger): readonly string[] {
    const written = this.#writes.get(relation)
    const isBetween = (at: number) => at === anywhere || (at > from && at < until)
    return events.filter((event) => [...(written?.get(event) ?? [])].some(isBetween))
  }

  #body(tree: unknown, text: string): void {
    const body = bodyOf(tree)
    if (body?.language === 'sql') this.#tree(body.text === undefined ? tree : tryParse(body.text))
    if (body?.language !== 'plpgsql') return
    for (const node of plpgsqlNodes(text) ?? [])
      if (node.name === 'PLpgSQL_expr') for (const { tree: query } of bodyQueries(node.fields)) this.#tree(query)
  }

  #tree(tree: unknown): void {
    const ranges = [...everyNode(tree)].flatMap(({ name, fields }) => {
      if (name === 'RangeVar') return [fields]
      return /^(Update|Delete)Stmt$/.test(name) && isFields(fields.relation) ? [fields.relation] : []
    })
    const optional = /"JOIN_(LEFT|RIGHT|FULL)"/.test(JSON.stringify(tree) ?? '')
    for (const { name, fields } of everyNode(tree)) {
      if (name === 'FuncCall') this.#call(fields, ranges, optional)
      else if (name === 'CallStmt' && isFields(fields.funccall)) this.#call(fields.funccall, ranges, optional)
      else if (name === 'InsertStmt')
        this.#write(fields.relation, fields.onConflictClause === undefined ? ['INSERT'] : ['INSERT', 'UPDATE'])
      else if (name === 'UpdateStmt') this.#write(fields.relation, ['UPDATE'])
      else if (name === 'DeleteStmt') this.#write(fields.relation, ['DELETE'])
      else if (name === 'MergeStmt') this.#write(fields.relation, ['INSERT', 'UPDATE', 'DELETE'])
      else if (name === 'CopyStmt' && fields.is_from === true) this.#write(fields.relation, ['INSERT'])
      else if (name === 'TruncateStmt') for (const item of asList(fields.relations)) this.#write(fieldsOf(item, 'RangeVar'), ['TRUNCATE'])
    }
  }

  #call(call: Fields, ranges: readonly Fields[], optional: boolean): void {
    const known = this.#calls.get(functionName(call)) ?? []
    if (known.length === 0) this.#grown = true
    this.#calls.set(functionName(call), [...known, { args: asList(call.args), ranges, optional }])
  }

  #write(range: unknown, events: readonly string[]): void {
    const name = isFields(range) ? asText(range.relname) : undefined
    if (name !== undefined) for (const event of events) this.#addWrite(name, event)
  }

  #addWrite(name: string, value: string): void {
    const events = this.#writes.get(name) ?? new Map<string, Set<number>>()
    const known = events.get(value) ?? new Set()
    if (known.has(this.#at)) return
    this.#writes.set(name, events.set(value, known.add(this.#at)))
    this.#grown = true
  }

  #cascades(): void {
    for (const relation of this.#catalog.relations.values()) {
      for (const { references, onDelete } of relation.constraints) {
        const target = references === undefined ? undefined : this.#catalog.relations.get(references.relation)
        const written = target === undefined ? undefined : this.#writes.get(target.name)
        if (written?.has('DELETE') === true && onDelete === 'cascade') this.#addWrite(relation.name, 'DELETE')
        if (written?.has('DELETE') === true && /^set/.test(onDelete ?? '')) this.#addWrite(relation.name, 'UPDATE')
      }
    }
  }
}
