import type { Catalog } from '../catalog/index.ts'
import type { CastHint, LiteralHint } from '../data/index.ts'
import { type CastType, isInteger, isNumber, isText, lengthOf } from './cast-type.ts'
import { castValues, digitValues, lengthValues, scaleValues } from './cast-values.ts'
import { holds } from './holds.ts'
import type { Reference } from './relation-names.ts'
import type { TypeNames } from './type-names.ts'

const leafType: CastType = { name: 'text', modifiers: [], array: false, labels: undefined, text: 'text', checks: [] }

interface Owner {
  readonly relation: string | undefined
  readonly attribute: string
  readonly type: CastType | undefined
}

/** Gathers what attributes are cast to and stored as, with values at the borders of those types. */
export class CastCollector {
  readonly #catalog: Catalog
  readonly #types: TypeNames
  readonly #casts = new Map<string, CastHint>()
  readonly #literals = new Map<string, LiteralHint>()
  /** By relation, attribute and path inside its JSON: texts near what the type takes that is read there. */
  readonly #leaves = new Map<string, readonly string[]>()
  /** By attribute that the scripts make: the one that it is filled from first. */
  readonly #origins = new Map<string, Reference>()
  readonly #meetings: (readonly [Reference, Reference])[] = []
  /** The script that is being read. */
  direction: 'up' | 'down' = 'up'

  constructor(catalog: Catalog, types: TypeNames) {
    this.#catalog = catalog
    this.#types = types
  }

  /** An attribute is filled from another. */
  flow(target: Reference | undefined, source: Reference): void {
    if (target === undefined || target.jsonPath.length > 0) return
    const place = placeOf(target)
    const isMade = this.#legacyType(target) === undefined && source.joined !== true
    if (isMade && place !== placeOf(source)) this.#originate(place, source)
    this.cast(source, target.type)
  }

  /** Attributes of two relations that are stored in one. */
  get meetings(): readonly (readonly [Reference, Reference])[] {
    return this.#meetings
  }

  #originate(place: string, source: Reference): void {
    const first = this.#origins.get(place)
    if (first === undefined) this.#origins.set(place, source)
    else if (this.direction === 'up' && first.relation !== source.relation) this.#meetings.push([first, source])
  }

  /** An attribute is read as a value of the type. */
  cast(source: Reference | undefined, target: CastType | undefined): void {
    if (source !== undefined && source.jsonPath.length > 0) {
      if (target !== undefined) this.#castLeaf(source, target)
      return
    }
    const owner = this.#owner(source)
    if (owner === undefined || source === undefined || target === undefined) return
    const from = this.typeOf(source)
    if (source.joined === true) {
      this.#add(owner, partValues(owner.type, target))
      return
    }
    if (from !== undefined && isSame(from, target)) return
    const values = source.shift !== undefined && isInteger(target) ? scaleValues(source.shift) : valuesOf(owner.type, from, target)
    this.#add(owner, values)
    if (owner.type?.array === false && target.text === 'text') return
    const { relation, attribute } = owner
    const labels = target.array ? undefined : target.labels
    const hint: CastHint = {
      relation,
      attribute,
      type: target.text,
      direction: this.direction,
      ...(labels === undefined ? {} : { labels }),
    }
    this.#casts.set(JSON.stringify(hint), hint)
  }

  /** Texts at a path in an attribute's JSON, where they are read as values of a type. */
  leafValues(relation: string | undefined, attribute: string | undefined, path: readonly string[]): readonly string[] | undefined {
    return this.#leaves.get(JSON.stringify([relation, attribute, path]))
  }

  #castLeaf({ relation, attribute, jsonPath }: Reference, target: CastType): void {
    const near = castValues(leafType, target)
    // Of a text with a length all are borders: most that is stored there is a word.
    const values = near.length > 0 && isText(target) ? [(near[1] ?? '').slice(0, 5), ...near] : near
    const key = JSON.stringify([this.#catalog.relations.has(relation ?? '') ? relation : undefined, attribute, jsonPath])
    if (values.length > 0 && !this.#leaves.has(key)) this.#leaves.set(key, values)
  }

  /** Only so many characters of it are taken, or let through. */
  length(source: Reference | undefined, length: number): void {
    const owner = this.#owner(source)
    if (owner === undefined || !Number.isInteger(length)) return
    this.#add(owner, owner.type !== undefined && isNumber(owner.type) ? digitValues(length) : lengthValues(length))
  }

  /** It is rounded to so many decimals. */
  scale(source: Reference | undefined, scale: number): void {
    const owner = this.#owner(source)
    if (owner?.type !== undefined && isNumber(owner.type) && Number.isInteger(scale))
      this.#add(owner, scaleValues(scale + (source?.shift ?? 0)))
  }

  typeOf(reference: Reference): CastType | undefined {
    return reference.castTo === undefined ? reference.type : this.#types.ofTree(reference.castTo)
  }

  get casts(): readonly CastHint[] {
    return [...this.#casts.values()]
  }

  /** Each attribute's literals, the most telling first. */
  get literals(): readonly LiteralHint[] {
    return [...this.#literals.values()]
  }

  #add({ relation, attribute, type }: Owner, values: readonly string[]): void {
    const kind = type !== undefined && isNumber(type) ? 'number' : type?.name === 'bool' ? 'boolean' : 'text'
    for (const value of values) {
      const legal = type === undefined || holds(type, value)
      if (!legal && this.direction === 'up') continue
      const plain: LiteralHint = { relation, attribute, kind, value, ordered: false, pattern: undefined }
      const key = JSON.stringify([relation, attribute, value])
      if (!this.#literals.has(key)) this.#literals.set(key, legal ? plain : { ...plain, migrated: true })
    }
  }

  /** The legacy attribute that the values come from; undefined where there is none, or they are inside its JSON. */
  #owner(reference: Reference | undefined, steps = 0): Owner | undefined {
    if (reference === undefined || reference.jsonPath.length > 0 || steps > 8) return undefined
    const { relation, attribute } = reference
    if (relation === undefined) return { relation, attribute, type: undefined }
    const type = this.#legacyType(reference)
    if (type !== undefined) return { relation, attribute, type }
    return this.#owner(this.#origins.get(placeOf(reference)), steps + 1)
  }

  #legacyType({ relation, attribute }: Reference): CastType | undefined {
    const found = this.#catalog.relations.get(relation ?? '')?.attributes.find(({ name }) => name === attribute)
    return found === undefined ? undefined : this.#types.ofAttribute(found)
  }
}

/** Of the legacy type and of the type that it is cast from; between enums a text on the way changes nothing. */
function valuesOf(owner: CastType | undefined, from: CastType | undefined, target: CastType): readonly string[] {
  const sources = owner?.labels !== undefined && target.labels !== undefined ? [owner] : [owner, from]
  return [...new Set(sources.flatMap((source) => (source === undefined ? [] : castValues(source, target))))]
}

/** Each part of a text as long as it may be: together they are too long for a target that has only room for the parts. */
function partValues(part: CastType | undefined, whole: CastType): readonly string[] {
  const [own, limit] = [part === undefined ? undefined : lengthOf(part), lengthOf(whole)]
  return limit === undefined ? [] : lengthValues(Math.min(own ?? limit, limit)).slice(1, 2)
}

function placeOf({ relation, attribute }: Reference): string {
  return JSON.stringify([relation, attribute])
}

/** An enum made again under its old name is another type. */
function isSame(left: CastType, right: CastType): boolean {
  return left.text === right.text && left.labels === right.labels && lengthOf(left) === lengthOf(right)
}
