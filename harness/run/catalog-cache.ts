import {
  type Catalog,
  type CatalogDifference,
  type CatalogObjects,
  canonicalExpressions,
  catalogFingerprint,
  catalogShape,
  diffObjects,
  readCatalog,
  readObjects,
} from '../catalog/index.ts'
import type { Session } from '../postgres/index.ts'
import type { Phase } from './observation.ts'

/** The schema of a database in one state. */
export interface KnownCatalog {
  readonly catalog: Catalog
  /** Equal for equal schemas. */
  readonly fingerprint: string
}

export interface CacheOptions {
  readonly legacy: KnownCatalog
  /** Objects read before, by fingerprint; what is read here joins them. */
  readonly objects: Map<string, CatalogObjects>
  /** Whether states are compared with each other: only then are all objects of a catalog read. */
  readonly compared: boolean
  /** Whether the schema after a phase follows from the schema before it, whatever the rows. */
  readonly oneSchema: boolean
}

/** How a state is to be read. */
export interface ReadAs {
  /**
   * The phases that led to the state from the legacy schema. Equal shapes after different phases can be different schemas, so each way has
   * its own memory. Undefined for a state that was reached otherwise (a fault, a saboteur): nothing is known of it beforehand.
   */
  readonly way: readonly Phase[] | undefined
  /** Read it in full although its shape is known: a shape does not tell expressions apart. */
  readonly deep?: boolean | undefined
}

/** No phase: the way to the legacy schema. */
const legacyWay = ''

/** The schemas that one migration leads to. Runs end in the same ones nearly always, so each is read once. */
export class CatalogCache {
  readonly #options: CacheOptions
  readonly #catalogs: Map<string, Catalog>
  /** By fingerprint. A shape is no fingerprint: what is read by shapes is for this migration alone. */
  readonly #objects: Map<string, CatalogObjects>
  /** Way and shape → fingerprint. */
  readonly #shapes = new Map<string, string>()
  /** Way → fingerprint, where the way alone tells it. */
  readonly #ends = new Map<string, string>()
  readonly #differences = new Map<string, readonly CatalogDifference[]>()

  constructor(options: CacheOptions) {
    this.#options = options
    this.#catalogs = new Map([[options.legacy.fingerprint, options.legacy.catalog]])
    this.#objects = options.compared ? options.objects : new Map()
    this.#ends.set(legacyWay, options.legacy.fingerprint)
  }

  /** The schema of the state that a session is in. */
  async read(session: Session, { way, deep = false }: ReadAs): Promise<KnownCatalog> {
    const { oneSchema, compared } = this.#options
    const name = way?.join(' ')
    const isCertain = name === legacyWay || (name !== undefined && !deep && oneSchema)
    const end = isCertain ? this.#ends.get(name) : undefined
    const only = end === undefined ? undefined : this.#catalogs.get(end)
    if (end !== undefined && only !== undefined) return { catalog: only, fingerprint: end }
    const shape = await catalogShape(session)
    const key = name === undefined ? undefined : `${name}\u0000${shape}`
    const known = key === undefined || deep ? undefined : this.#shapes.get(key)
    // A shape tells states apart among those that came the same way; the legacy state can have the shape of the migrated one.
    const fingerprint = known ?? (compared ? await catalogFingerprint(session) : (key ?? `unknown\u0000${shape}`))
    if (key !== undefined) this.#shapes.set(key, fingerprint)
    if (name !== undefined) this.#ends.set(name, fingerprint)
    return { catalog: this.#catalogs.get(fingerprint) ?? (await this.#readWhole(session, fingerprint)), fingerprint }
  }

  async #readWhole(session: Session, fingerprint: string): Promise<Catalog> {
    const catalog = await readCatalog(session)
    if (this.#options.compared) this.#objects.set(fingerprint, await readObjects(session))
    // Set this last: another run that sees the catalog expects the objects to be there.
    this.#catalogs.set(fingerprint, catalog)
    return catalog
  }

  /** All objects of the state that a session is in: read once for each schema. */
  async objects(session: Session, as: ReadAs): Promise<CatalogObjects> {
    const { fingerprint } = await this.read(session, as)
    const objects = this.#objects.get(fingerprint) ?? (await readObjects(session))
    this.#objects.set(fingerprint, objects)
    return objects
  }

  /**
   * The differences of two schemas that were both read; expressions that the server reads as the same are none.
   *
   * @param session  On any database of the server: the server itself compares expressions.
   */
  async differences(session: Session, from: string, to: string): Promise<readonly CatalogDifference[]> {
    if (from === to) return []
    const key = `${from} ${to}`
    const known = this.#differences.get(key)
    if (known !== undefined) return known
    const [before, after] = [this.#objects.get(from), this.#objects.get(to)]
    if (before === undefined || after === undefined) throw new Error('a catalog was compared that was never read')
    const found = await canonicalExpressions(session, diffObjects(before, after), before, after)
    this.#differences.set(key, found)
    return found
  }
}
