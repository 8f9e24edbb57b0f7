import type { Catalog } from '../catalog/index.ts'
import type { Hints, JsonKeyHint, LiteralHint, SoftReference } from '../data/index.ts'
import type { CastCollector } from './cast-collector.ts'
import type { Constant } from './constant.ts'
import { listDocuments } from './list-documents.ts'
import type { Columns, Reference } from './relation-names.ts'

/** More constants than these on one attribute are a load of data, not conditions. */
const mostPerAttribute = 64
/** Those at the borders of a type included. */
const mostInAll = 96
const mostUnattributed = 256

export interface LiteralUse {
  readonly ordered?: boolean
  readonly pattern?: 'like' | 'regex'
  /** A row that is inserted has it, and there should be none with it yet. */
  readonly inserted?: boolean
}

/** Gathers hints, each once. */
export class HintCollector {
  readonly casts: CastCollector
  readonly #catalog: Catalog
  readonly #literals = new Map<string, LiteralHint>()
  readonly #perAttribute = new Map<string, number>()
  readonly #softReferences = new Map<string, SoftReference>()
  readonly #jsonKeys = new Map<string, JsonKeyHint>()
  readonly #zones = new Set<string>()
  readonly #meetings = new Map<string, Pick<SoftReference, 'from' | 'to'>>()
  readonly #divisors = new Map<string, { readonly relation: string; readonly attribute: string }>()
  readonly #counted = new Map<string, { readonly relation: string; readonly attribute: string }>()
  readonly #emptied = new Set<string>()
  readonly #doubled = new Set<string>()
  readonly #unified = new Set<string>()
  readonly #unifiedAttributes = new Map<string, { readonly relation: string; readonly attribute: string }>()
  readonly #rewritten = new Map<string, { readonly relation: string; readonly attribute: string }>()

  /** The rows outside a NOT EXISTS that is being read. */
  #outside: ReadonlySet<Columns> = new Set()
  #inTriggers = false

  constructor(catalog: Catalog, casts: CastCollector) {
    this.#catalog = catalog
    this.casts = casts
  }

  literals(reference: Reference | undefined, constants: readonly Constant[], use: LiteralUse = {}): void {
    // What stands inside JSON is no value of the attribute itself.
    const attributed = reference?.jsonPath.length === 0 ? reference : undefined
    for (const { kind, value } of constants) {
      const hint: LiteralHint = {
        relation: this.#legacy(attributed?.relation),
        attribute: attributed?.attribute,
        kind,
        value,
        ordered: use.ordered === true,
        pattern: use.pattern,
        ...(use.inserted === true ? { inserted: true } : {}),
      }
      const key = JSON.stringify(hint)
      const owner = JSON.stringify([hint.relation, hint.attribute])
      const count = this.#perAttribute.get(owner) ?? 0
      if (this.#literals.has(key) || count >= (hint.attribute === undefined ? mostUnattributed : mostPerAttribute)) continue
      this.#literals.set(key, hint)
      this.#perAttribute.set(owner, count + 1)
    }
  }

  /** What `read` meets is inside a NOT EXISTS: an equality with a row outside is looked for where it does not hold. */
  withoutMatch(outside: ReadonlySet<Columns>, read: () => void): void {
    const before = this.#outside
    this.#outside = outside
    read()
    this.#outside = before
  }

  /**
   * Two attributes that the SQL equates; from is the one that points, where a unique index tells which is pointed at. Two of one row
   * point at nothing.
   */
  equal(left: Reference | undefined, right: Reference | undefined, negated = false): void {
    if (this.#inTriggers) {
      this.meet(left, right)
      return
    }
    if (left === undefined || right === undefined || (left.row !== undefined && left.row === right.row)) return
    const [from, to] = this.#isUnique(left) && !this.#isUnique(right) ? [right, left] : [left, right]
    const ends = [this.#end(from), this.#end(to)] as const
    if (ends[0] === undefined || ends[1] === undefined || this.#covered(from, to) || this.#covered(to, from)) return
    if (JSON.stringify(ends[0]) === JSON.stringify(ends[1])) return
    const turned = JSON.stringify([ends[1], ends[0]])
    const key = this.#softReferences.has(turned) ? turned : JSON.stringify(ends)
    const known = this.#softReferences.get(key)
    const looksForNone = negated || this.#isOutside(left) !== this.#isOutside(right)
    if (known === undefined) this.#softReferences.set(key, { from: ends[0], to: ends[1], ...(looksForNone ? { negated: true } : {}) })
    else if (!looksForNone) this.#softReferences.set(key, { from: known.from, to: known.to })
  }

  /** The attributes of a relation's primary key, in its order; none where it has none. */
  primaryKey(path: string | undefined): readonly string[] {
    const indexes = this.#catalog.relations.get(this.#legacy(path) ?? '')?.indexes ?? []
    return indexes.find(({ primary }) => primary)?.attributes.flatMap((each) => each ?? []) ?? []
  }

  /** Two attributes of two relations whose values meet: compared by order, or stored in one. */
  meet(left: Reference | undefined, right: Reference | undefined): void {
    if (left === undefined || right === undefined || left.relation === right.relation) return
    if (left.jsonPath.length + right.jsonPath.length > 0 || this.#covered(left, right) || this.#covered(right, left)) return
    const [from, to] = [this.#end(left), this.#end(right)]
    if (from !== undefined && to !== undefined) this.#meetings.set(JSON.stringify([from, to]), { from, to })
  }

  /** Something is divided by it. */
  divide(reference: Reference | undefined): void {
    const end = reference === undefined || reference.jsonPath.length > 0 ? undefined : this.#end(reference)
    if (end === undefined) return
    this.literals(reference, [{ kind: 'number', value: '0' }])
    this.#divisors.set(JSON.stringify(end), end)
  }

  /** Triggers act on rows that meet: what they equate is seldom a reference of every row. */
  ofTriggers(read: () => void): void {
    this.#inTriggers = true
    read()
    this.#inTriggers = false
  }

  /** One value is taken of a whole relation, which may have no row. */
  empty(path: string | undefined): void {
    const relation = this.#legacy(path)
    if (relation !== undefined) this.#emptied.add(relation)
  }

  /** One row is taken of a relation of which several may fit. */
  double(path: string | undefined): void {
    const relation = this.#legacy(path)
    if (relation !== undefined) this.#doubled.add(relation)
  }

  /** Rows of a relation are to be unique from now on, by these attributes as far as they are plain. */
  unify(path: string | undefined, key: readonly (Reference | undefined)[]): void {
    const relation = this.casts.direction === 'up' ? this.#legacy(path) : undefined
    if (relation === undefined) return
    this.#unified.add(relation)
    for (const reference of key) {
      const end = reference === undefined ? undefined : this.#end(reference)
      if (end !== undefined && end.jsonPath === undefined) this.#unifiedAttributes.set(JSON.stringify(end), end)
    }
  }

  /** An attribute gets other values. */
  rewrite(reference: Reference | undefined): void {
    const end = reference === undefined || this.casts.direction !== 'up' ? undefined : this.#end(reference)
    if (end !== undefined && end.jsonPath === undefined) this.#rewritten.set(JSON.stringify(end), end)
  }

  /** An attribute that says how many rows or characters are made. */
  counted(reference: Reference): void {
    const end = this.#end(reference)
    if (end !== undefined && end.jsonPath === undefined) this.#counted.set(JSON.stringify(end), end)
  }

  jsonKey(reference: Reference | undefined, path: readonly string[]): void {
    if (path.length === 0) return
    const hint = {
      relation: this.#legacy(reference?.relation),
      attribute: reference?.attribute,
      path: [...(reference?.jsonPath ?? []), ...path],
    }
    this.#jsonKeys.set(JSON.stringify(hint), hint)
  }

  zone(name: string | undefined): void {
    if (name !== undefined && !/^(utc|gmt|z|default|local)$/i.test(name)) this.#zones.add(name)
  }

  /** Whether the attribute holds JSON; false where nothing is known of it. */
  isJson(reference: Reference | undefined): boolean {
    return /(^|\.)jsonb?$/.test(this.#attribute(reference)?.typePath ?? '')
  }

  hints(): Hints {
    for (const [left, right] of this.casts.meetings) this.meet(left, right)
    const jsonKeys = withoutPrefixes([...this.#jsonKeys.values()]).map((hint): JsonKeyHint => {
      const values = this.casts.leafValues(hint.relation, hint.attribute, hint.path)
      return values === undefined ? hint : { ...hint, values }
    })
    return {
      literals: this.#allLiterals(jsonKeys),
      softReferences: [...this.#softReferences.values()],
      jsonKeys,
      zones: [...this.#zones],
      casts: this.casts.casts,
      meetings: [...this.#meetings.values()],
      divisors: [...this.#divisors.values()],
      counted: [...this.#counted.values()],
      emptied: [...this.#emptied],
      doubled: [...this.#doubled],
      unified: [...this.#unified],
      unifiedAttributes: [...this.#unifiedAttributes.values()],
      rewritten: [...this.#rewritten.values()],
    }
  }

  /** Constants and borders of types, up to a bound for each attribute that leaves borders at least a third. */
  #allLiterals(jsonKeys: readonly JsonKeyHint[]): readonly LiteralHint[] {
    const counts = new Map(this.#perAttribute)
    const borders = this.casts.literals.filter((hint) => {
      const owner = JSON.stringify([hint.relation, hint.attribute])
      const count = counts.get(owner) ?? 0
      if (this.#literals.has(JSON.stringify(hint)) || count >= mostInAll) return false
      counts.set(owner, count + 1)
      return true
    })
    return [...this.#literals.values(), ...borders, ...listDocuments(jsonKeys)]
  }

  #isOutside(reference: Reference): boolean {
    return reference.row !== undefined && this.#outside.has(reference.row)
  }

  /** A relation that the migration makes has no rows to generate; its attribute's name may still tell. */
  #legacy(relation: string | undefined): string | undefined {
    return relation !== undefined && this.#catalog.relations.has(relation) ? relation : undefined
  }

  #end(reference: Reference): SoftReference['from'] | undefined {
    const relation = this.#legacy(reference.relation)
    if (relation === undefined) return undefined
    const { attribute, jsonPath } = reference
    return jsonPath.length === 0 ? { relation, attribute } : { relation, attribute, jsonPath }
  }

  #attribute(reference: Reference | undefined) {
    const relation = this.#catalog.relations.get(reference?.relation ?? '')
    return relation?.attributes.find((attribute) => attribute.name === reference?.attribute)
  }

  #isUnique(reference: Reference): boolean {
    if (reference.jsonPath.length > 0) return false
    const indexes = this.#catalog.relations.get(reference.relation ?? '')?.indexes ?? []
    return indexes.some((index) => index.unique && index.attributes.length === 1 && index.attributes[0] === reference.attribute)
  }

  #covered(from: Reference, to: Reference): boolean {
    if (from.jsonPath.length + to.jsonPath.length > 0) return false
    const constraints = this.#catalog.relations.get(from.relation ?? '')?.constraints ?? []
    return constraints.some(
      ({ attributes, references }) =>
        references?.relation === to.relation &&
        attributes.some((attribute, index) => attribute === from.attribute && references?.attributes[index] === to.attribute),
    )
  }
}

/** `data -> 'a'` inside `data -> 'a' -> 'b'` says nothing of its own. */
function withoutPrefixes(keys: readonly JsonKeyHint[]): readonly JsonKeyHint[] {
  const textOf = ({ relation, attribute, path }: JsonKeyHint, length: number) =>
    JSON.stringify([relation, attribute, path.slice(0, length)])
  const prefixes = new Set(keys.flatMap((key) => key.path.slice(1).map((_, index) => textOf(key, index + 1))))
  return keys.filter((key) => !prefixes.has(textOf(key, key.path.length)))
}
