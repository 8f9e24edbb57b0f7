import type { Catalog } from '../catalog/index.ts'
import { pathOf } from '../postgres/index.ts'
import type { CastType } from './cast-type.ts'
import { asList, asText, type Fields, fieldsOf, isFields, stringsOf } from './tree.ts'
import type { TypeNames } from './type-names.ts'

/** An attribute, perhaps a place inside its JSON, as the legacy database names it. */
export interface Reference {
  /** Undefined where the parse does not tell which relation. */
  readonly relation: string | undefined
  readonly attribute: string
  /** Empty for the attribute itself; a whole number stands for the elements of a list. */
  readonly jsonPath: readonly string[]
  /** The type that it has now, where the script or the catalog tells. */
  readonly type?: CastType | undefined
  /** The `TypeName` that an expression casts it to. */
  readonly castTo?: unknown
  /** How many decimals a factor of ten moves before the point. */
  readonly shift?: number | undefined
  /** It is one part of a text that is put together. */
  readonly joined?: true | undefined
  /** The range variable it is read through: two attributes of one row have the same. */
  readonly row?: Columns | undefined
}

/** An attribute that a script makes. */
export interface MadeAttribute {
  readonly name: string
  readonly type: CastType | undefined
}

/** What can be named in one place: the columns of a relation, a subquery, a record. */
export interface Columns {
  /** By the name they have there; undefined for what no attribute is behind. */
  readonly references: ReadonlyMap<string, Reference | undefined>
  /** Path of a relation whose attributes are not known: any name is taken to be one. */
  readonly open: string | undefined
  /** Of a query: what each column of the result may come from, in order, as far as that can be counted. */
  readonly outputs?: readonly (readonly Reference[])[]
}

export const noColumns: Columns = { references: new Map(), open: undefined }

/** The column of that name; `undefined` when there is none or nothing is known of it. */
export function columnOf(columns: Columns, name: string): Reference | undefined {
  const known = columns.references.get(name)
  return known === undefined && columns.open !== undefined ? { relation: columns.open, attribute: name, jsonPath: [] } : known
}

interface Entry {
  path: string
  references: Map<string, Reference | undefined>
  open: boolean
}

/**
 * Which relation and attribute a name means while a script runs: knows the catalog, follows `search_path`, renames, and what the script
 * makes and drops. A renamed relation or attribute keeps the name by which the legacy database knows it.
 */
export class RelationNames {
  readonly #entries = new Map<string, Entry>()
  #searchPath: readonly string[] = ['public']

  constructor(catalog: Catalog, types: TypeNames) {
    for (const [path, relation] of catalog.relations) {
      this.#entries.set(path, {
        path,
        references: ownAttributes(
          path,
          relation.attributes.map((attribute) => ({ name: attribute.name, type: types.ofAttribute(attribute) })),
        ),
        open: false,
      })
    }
  }

  setSearchPath(schemas: readonly string[]): void {
    const named = schemas.filter((schema) => schema !== '$user' && schema !== '')
    if (named.length > 0) this.#searchPath = named
  }

  /** The columns of a `RangeVar`. */
  columns(range: unknown): Columns {
    const found = this.#find(range)
    if (found === undefined) return { references: new Map(), open: this.#pathOf(range) }
    return { references: found.references, open: found.open ? found.path : undefined }
  }

  /** Where the rows of a relation are known from: its legacy path. */
  path(range: unknown): string | undefined {
    return this.#find(range)?.path ?? this.#pathOf(range)
  }

  /** A relation that the script makes; `columns` undefined where it takes those of another (LIKE, PARTITION OF). */
  create(range: unknown, columns: readonly MadeAttribute[] | ReadonlyMap<string, Reference | undefined>, open = false): void {
    const path = this.#pathOf(range)
    if (path === undefined) return
    this.#entries.set(path, {
      path,
      references: Array.isArray(columns) ? ownAttributes(path, columns) : new Map(columns as ReadonlyMap<string, Reference | undefined>),
      open,
    })
  }

  /** One attribute more. */
  addAttribute(range: unknown, { name, type }: MadeAttribute): void {
    const found = this.#find(range)
    found?.references.set(name, { relation: found.path, attribute: name, jsonPath: [], type })
  }

  /** ALTER COLUMN … TYPE. */
  changeType(range: unknown, name: string, type: CastType | undefined): void {
    const references = this.#find(range)?.references
    const reference = references?.get(name)
    if (reference !== undefined) references?.set(name, { ...reference, type })
  }

  dropAttribute(range: unknown, name: string): void {
    this.#find(range)?.references.delete(name)
  }

  renameAttribute(range: unknown, from: string, to: string): void {
    const found = this.#find(range)
    if (found === undefined || found.references.has(to)) return
    const reference = found.references.get(from)
    found.references.delete(from)
    found.references.set(to, reference ?? { relation: found.path, attribute: from, jsonPath: [] })
  }

  /** RENAME TO (a bare name) or SET SCHEMA. */
  rename(range: unknown, to: { readonly name?: string | undefined; readonly schema?: string | undefined }): void {
    const [key, entry] = this.#entryOf(range) ?? []
    if (key === undefined || entry === undefined || !isFields(range)) return
    const schema =
      to.schema ??
      asText(range.schemaname) ??
      this.#searchPath.find((name) => pathOf({ schema: name, name: asText(range.relname) ?? '' }) === key)
    const renamed = pathOf({ schema: schema ?? 'public', name: to.name ?? asText(range.relname) ?? '' })
    if (this.#entries.has(renamed)) return
    this.#entries.delete(key)
    this.#entries.set(renamed, entry)
  }

  drop(range: unknown): void {
    const [key] = this.#entryOf(range) ?? []
    if (key !== undefined) this.#entries.delete(key)
  }

  #find(range: unknown): Entry | undefined {
    return this.#entryOf(range)?.[1]
  }

  #entryOf(range: unknown): [string, Entry] | undefined {
    if (!isFields(range)) return undefined
    const name = asText(range.relname) ?? ''
    const schemas = asText(range.schemaname) === undefined ? ['pg_temp', ...this.#searchPath] : [asText(range.schemaname) ?? '']
    for (const schema of schemas) {
      const path = pathOf({ schema, name })
      const entry = this.#entries.get(path)
      if (entry !== undefined) return [path, entry]
    }
    return undefined
  }

  #pathOf(range: unknown): string | undefined {
    const name = isFields(range) ? asText(range.relname) : undefined
    if (name === undefined || !isFields(range)) return undefined
    const schema = asText(range.schemaname) ?? (range.relpersistence === 't' ? 'pg_temp' : (this.#searchPath[0] ?? 'public'))
    return pathOf({ schema, name })
  }
}

/** The names that a DROP statement lists, as `RangeVar`s. */
export function droppedRanges(drop: Fields): readonly Fields[] {
  return asList(drop.objects).map((object) => {
    const names = stringsOf(fieldsOf(object, 'List')?.items ?? object)
    return { relname: names.at(-1), schemaname: names.at(-2) }
  })
}

function ownAttributes(path: string, attributes: readonly MadeAttribute[]): Map<string, Reference | undefined> {
  return new Map(attributes.map(({ name, type }) => [name, { relation: path, attribute: name, jsonPath: [], type }]))
}
