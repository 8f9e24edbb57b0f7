import { InputError } from '../../errors.ts'
import { partsOf, type RelationName } from '../../postgres/index.ts'

/** An error that names the table. */
export function refused(path: string, message: string, hint?: string): InputError {
  const separator = message.startsWith(':') ? '' : ' '
  return new InputError(`${path}${separator}${message}`, hint === undefined ? {} : { hint })
}

/**
 * A name as a mapping writes it; without a schema it means the given one.
 *
 * @throws {InputError} For what is no name of a table.
 */
export function relationNamed(path: string, schema: string): RelationName {
  const parts = partsOf(path)
  const [first = '', second, ...more] = parts
  if (first === '' || more.length > 0)
    throw new InputError(`"${path}" is no name of a table`, { hint: 'Write schema and name: public.orders.' })
  return second === undefined ? { schema, name: first } : { schema: first, name: second }
}
