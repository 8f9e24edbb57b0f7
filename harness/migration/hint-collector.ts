import type { Catalog } from '../catalog/index.ts'
import type { Hints, JsonKeyHint, LiteralHint, SoftReference } from '../data/index.ts'
import type { Constant } from './constant.ts'
import type { Reference } from './relation-names.ts'

/** More constants than these on one attribute are a load of data, not conditions. */
const mostPerAttribute = 64
const mostUnattributed = 256

export interface LiteralUse {
  readonly ordered?: boolean
  readonly pattern?: 'like' | 'regex'
}

/** Gathers hints, each once. */
export class HintCollector {
  readonly #catalog: Catalog
  readonly #literals = new Map<string, LiteralHint>()
  readonly #perAttribute = new Map<string, number>()
  readonly #softReferences = new Map<string, SoftReference>()
  readonly #jsonKeys = new Map<string, JsonKeyHint>()
  readonly #zones = new Set<string>()

  constructor(catalog: Catalog) {
    this.#catalog = catalog
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
      }
      const key = JSON.stringify(hint)
      const owner = JSON.stringify([hint.relation, hint.attribute])
      const count = this.#perAttribute.get(owner) ?? 0
      if (this.#literals.has(key) || count >= (hint.attribute === undefined ? mostUnattributed : mostPerAttribute)) continue
      this.#literals.set(key, hint)
      this.#perAttribute.set(owner, count + 1)
    }
  }

  /** Two attributes that the SQL equates; from is the one that points, where a unique index tells which is pointed at. */
  equal(left: Reference | undefined, right: Reference | undefined): void {
    if (left === undefined || right === undefined) return
    const [from, to] = this.#isUnique(left) && !this.#isUnique(right) ? [right, left] : [left, right]
    const ends = [this.#end(from), this.#end(to)] as const
    if (ends[0] === undefined || ends[1] === undefined || this.#covered(from, to) || this.#covered(to, from)) return
    const key = JSON.stringify(ends)
    if (JSON.stringify(ends[0]) === JSON.stringify(ends[1]) || this.#softReferences.has(JSON.stringify([ends[1], ends[0]]))) return
    this.#softReferences.set(key, { from: ends[0], to: ends[1] })
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
    return {
      literals: [...this.#literals.values()],
      softReferences: [...this.#softReferences.values()],
      jsonKeys: withoutPrefixes([...this.#jsonKeys.values()]),
      zones: [...this.#zones],
    }
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
