import type { Attribute, Catalog, TypeInfo } from '../../catalog/index.ts'
import { pathOf, quoteName } from '../../postgres/index.ts'

/** A type with its modifier, taken apart as far as values are made for it. */
export type ValueType =
  | { readonly kind: 'scalar'; readonly name: string; readonly schema: string; readonly modifier: number; readonly category: string }
  | { readonly kind: 'enum'; readonly labels: readonly string[] }
  | { readonly kind: 'array'; readonly element: ValueType }
  | { readonly kind: 'range' | 'multirange'; readonly name: string; readonly subtype: ValueType }
  | { readonly kind: 'composite'; readonly attributes: readonly { readonly name: string; readonly type: ValueType }[] }
  | DomainType

export interface DomainType {
  readonly kind: 'domain'
  readonly path: string
  readonly notNull: boolean
  /** Every check of the chain of domains, over `VALUE`. */
  readonly checks: readonly { readonly name: string; readonly expression: string }[]
  /** Not a domain itself. */
  readonly base: ValueType
  /** The base as SQL, for casts. */
  readonly baseSql: string
  readonly default: string | undefined
}

/** The type of an attribute, resolved through the catalog; undefined when the catalog does not hold it. */
export function valueTypeOf(catalog: Catalog, attribute: Pick<Attribute, 'typePath' | 'modifier'>): ValueType | undefined {
  return resolve(catalog, attribute.typePath, attribute.modifier)
}

function resolve(catalog: Catalog, path: string, modifier: number): ValueType | undefined {
  const info = catalog.types.get(path)
  if (info === undefined) return undefined
  switch (info.kind) {
    case 'base':
    case 'pseudo':
      return { kind: 'scalar', name: info.name, schema: info.schema, modifier, category: info.category }
    case 'enum':
      return { kind: 'enum', labels: info.labels }
    case 'array': {
      // The two fixed vectors of the system count as arrays, but have an input syntax of their own.
      if (/^(int2|oid)vector$/.test(info.name)) return { kind: 'scalar', name: info.name, schema: info.schema, modifier, category: 'A' }
      const element = resolve(catalog, info.element, modifier)
      return element && { kind: 'array', element }
    }
    case 'range':
    case 'multirange': {
      const subtype = resolve(catalog, info.subtype, -1)
      if (subtype === undefined) return undefined
      return { kind: info.kind, name: info.name, subtype: subtype.kind === 'range' ? subtype.subtype : subtype }
    }
    case 'composite': {
      const attributes = info.attributes.flatMap((part) => {
        const type = resolve(catalog, part.type, part.modifier)
        return type === undefined ? [] : [{ name: part.name, type }]
      })
      return attributes.length === info.attributes.length ? { kind: 'composite', attributes } : undefined
    }
    case 'domain':
      return resolveDomain(catalog, info)
  }
}

function resolveDomain(catalog: Catalog, info: TypeInfo & { readonly kind: 'domain' }): ValueType | undefined {
  const base = resolve(catalog, info.base, info.baseModifier)
  const baseInfo = catalog.types.get(info.base)
  if (base === undefined || baseInfo === undefined) return undefined
  const inner = base.kind === 'domain' ? base : undefined
  return {
    kind: 'domain',
    path: pathOf(info),
    notNull: info.notNull || inner?.notNull === true,
    checks: [...(inner?.checks ?? []), ...info.checks],
    base: inner?.base ?? base,
    baseSql: inner?.baseSql ?? quoteName(baseInfo),
    default: info.default ?? inner?.default,
  }
}

/** The type below every domain. */
export function underDomains(type: ValueType): Exclude<ValueType, DomainType> {
  return type.kind === 'domain' ? underDomains(type.base) : type
}

/** Each domain with checks that a type is made of, inner ones first. */
export function domainsIn(type: ValueType): readonly DomainType[] {
  switch (type.kind) {
    case 'domain':
      return [...domainsIn(type.base), type]
    case 'array':
      return domainsIn(type.element)
    case 'range':
    case 'multirange':
      return domainsIn(type.subtype)
    case 'composite':
      return type.attributes.flatMap((attribute) => domainsIn(attribute.type))
    default:
      return []
  }
}
