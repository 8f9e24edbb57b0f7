import { partsOf, type RelationName } from '../../postgres/index.ts'

/** The name of the table at a path. */
export function nameOf(path: string): RelationName {
  const [schema = '', name = ''] = partsOf(path)
  return { schema, name }
}
