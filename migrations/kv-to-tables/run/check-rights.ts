import type { Kind } from '../kinds/kind.ts'
import type { Writer } from './connection.ts'
import { CommandError } from './errors.ts'
import { existingTables, ownTables, type Places } from './tables.ts'

/**
 * Ask the server whether the role may write all that a live run writes, before the first batch and in a dry run too.
 *
 * @throws {CommandError} With every right that is missing.
 */
export async function checkRights(writer: Writer, places: Places, kinds: readonly Kind[]): Promise<void> {
  const { schema } = places
  const tables = [...kinds.map(({ name }) => name), ...ownTables]
  const there = await existingTables(writer, schema, tables)
  await checkRowSecurity(writer, places, there)
  const missing = await writer.query<{ right: string }>(
    `SELECT format('%s on %s', privilege, name) AS right FROM unnest($1::text[]) WITH ORDINALITY AS t (name, at)
       CROSS JOIN unnest('{SELECT,INSERT,UPDATE,DELETE}'::text[]) WITH ORDINALITY AS p (privilege, place)
       WHERE (privilege <> 'DELETE' OR name = ANY ($2)) AND NOT has_table_privilege(name, privilege) ORDER BY at, place`,
    [[...there].map((name) => `${schema}.${name}`), ownTables.map((name) => `${schema}.${name}`)],
  )
  const [role] = await writer.query<{ name: string; create: boolean; temporary: boolean }>(
    `SELECT current_user AS name, has_schema_privilege(n.oid, 'CREATE') AS create, has_database_privilege(current_database(), 'TEMPORARY') AS temporary
     FROM pg_namespace AS n WHERE quote_ident(nspname) = $1`,
    [schema],
  )
  const rights = missing.map(({ right }) => right)
  if (role?.create === false && there.size < tables.length) rights.push(`CREATE on the schema ${schema}`)
  if (role?.temporary === false) rights.push('TEMPORARY on the database')
  if (rights.length > 0)
    throw new CommandError(3, `the role "${role?.name}" lacks rights: ${rights.join(', ')}`, {
      hint: 'Grant them, or connect as the owner of the tables. Nothing was written.',
    })
}

/**
 * Refuse to work where row security hides rows from the role: they would be left out, or left as orphans, in silence.
 *
 * @throws {CommandError} With the table.
 */
export async function checkRowSecurity(writer: Writer, { store, schema }: Places, tables: Iterable<string>): Promise<void> {
  const [hidden] = await writer.query<{ table: string; role: string }>(
    'SELECT name AS table, current_user AS role FROM unnest($1::text[]) WITH ORDINALITY AS t (name, at) WHERE row_security_active(name) ORDER BY at LIMIT 1',
    [[store, ...[...tables].map((name) => `${schema}.${name}`)]],
  )
  if (hidden !== undefined)
    throw new CommandError(3, `row security hides rows of ${hidden.table} from the role "${hidden.role}"`, {
      hint: 'Connect as the owner of the table, or as a role with BYPASSRLS. Nothing was written.',
    })
}
