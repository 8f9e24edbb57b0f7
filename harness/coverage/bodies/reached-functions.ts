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
import type { Fired } from './body-scope.ts'

/** A function as far as it is known by what can call it. */
export interface Callable {
  readonly name: string
  /** With which numbers of arguments it can be called. */
  readonly least: number
  readonly most: number
  /** A whole CREATE FUNCTION, or CREATE PROCEDURE. */
  readonly definition: string
}

export interface Trigger {
  readonly name: string
  readonly relation: string
  readonly events: readonly string[]
  readonly function: string
}

const eventBits: readonly (readonly [string, number])[] = [
  ['INSERT', 4],
  ['DELETE', 8],
  ['UPDATE', 16],
  ['TRUNCATE', 32],
]

/** What a CREATE TRIGGER makes; undefined for any other statement. */
export function triggerOf(tree: unknown): Trigger | undefined {
  const fields = fieldsOf(tree, 'CreateTrigStmt')
  const relation = isFields(fields?.relation) ? asText(fields.relation.relname) : undefined
  if (fields === undefined || relation === undefined) return undefined
  const events = eventBits.flatMap(([event, bit]) => ((Number(fields.events) & bit) === 0 ? [] : [event]))
  return { name: asText(fields.trigname) ?? '', relation, events, function: stringsOf(fields.funcname).at(-1) ?? '' }
}

/**
 * What statements call and fire, by names: what they call, what that calls in turn, and triggers of what all of it writes, also through
 * foreign keys. More than is called for sure, and nothing of what dynamic SQL makes up.
 */
export class Reached {
  readonly #catalog: Catalog
  readonly #triggersOf: (relation: string) => readonly Trigger[]
  readonly #calls = new Map<string, Set<number>>()
  readonly #writes = new Map<string, Set<string>>()
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
    for (const { tree, text, node } of statements) {
      if (node === 'DoStmt') this.#body(tree, text)
      else if (node !== 'CreateFunctionStmt') this.#tree(tree)
    }
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
    const counts = this.#calls.get(callable.name) ?? new Set()
    return [...counts].some((count) => count >= callable.least && count <= callable.most) || this.firing(callable.name).length > 0
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

  #eventsOf({ relation, events }: Trigger): readonly string[] {
    const written = this.#writes.get(relation)
    return events.filter((event) => written?.has(event) === true)
  }

  #body(tree: unknown, text: string): void {
    const body = bodyOf(tree)
    if (body?.language === 'sql') this.#tree(body.text === undefined ? tree : tryParse(body.text))
    if (body?.language !== 'plpgsql') return
    for (const node of plpgsqlNodes(text) ?? [])
      if (node.name === 'PLpgSQL_expr') for (const { tree: query } of bodyQueries(node.fields)) this.#tree(query)
  }

  #tree(tree: unknown): void {
    for (const { name, fields } of everyNode(tree)) {
      if (name === 'FuncCall') this.#call(fields)
      else if (name === 'CallStmt' && isFields(fields.funccall)) this.#call(fields.funccall)
      else if (name === 'InsertStmt')
        this.#write(fields.relation, fields.onConflictClause === undefined ? ['INSERT'] : ['INSERT', 'UPDATE'])
      else if (name === 'UpdateStmt') this.#write(fields.relation, ['UPDATE'])
      else if (name === 'DeleteStmt') this.#write(fields.relation, ['DELETE'])
      else if (name === 'MergeStmt') this.#write(fields.relation, ['INSERT', 'UPDATE', 'DELETE'])
      else if (name === 'CopyStmt' && fields.is_from === true) this.#write(fields.relation, ['INSERT'])
      else if (name === 'TruncateStmt') for (const item of asList(fields.relations)) this.#write(fieldsOf(item, 'RangeVar'), ['TRUNCATE'])
    }
  }

  #call(call: Fields): void {
    this.#add(this.#calls, functionName(call), asList(call.args).length)
  }

  #write(range: unknown, events: readonly string[]): void {
    const name = isFields(range) ? asText(range.relname) : undefined
    if (name !== undefined) for (const event of events) this.#add(this.#writes, name, event)
  }

  #add<Value>(to: Map<string, Set<Value>>, name: string, value: Value): void {
    const known = to.get(name) ?? new Set()
    if (known.has(value)) return
    to.set(name, known.add(value))
    this.#grown = true
  }

  #cascades(): void {
    for (const relation of this.#catalog.relations.values()) {
      for (const { references, onDelete } of relation.constraints) {
        const target = references === undefined ? undefined : this.#catalog.relations.get(references.relation)
        const written = target === undefined ? undefined : this.#writes.get(target.name)
        if (written?.has('DELETE') === true && onDelete === 'cascade') this.#add(this.#writes, relation.name, 'DELETE')
        if (written?.has('DELETE') === true && /^set/.test(onDelete ?? '')) this.#add(this.#writes, relation.name, 'UPDATE')
      }
    }
  }
}
