import { partsOf, pathOf } from '../postgres/index.ts'
import type { Catalog } from './model.ts'

/** Path of a relation, and an attribute of it. */
export interface AttributePlace {
  readonly relation: string
  readonly attribute: string
}

/** The attribute that a path names, quoted as it may be; undefined where there is none. */
export function findAttribute(catalog: Catalog, path: string): AttributePlace | undefined {
  const [schema = '', name = '', attribute = ''] = partsOf(path)
  const relation = pathOf({ schema, name })
  const known = catalog.relations.get(relation)?.attributes.some((each) => each.name === attribute)
  return known === true ? { relation, attribute } : undefined
}
