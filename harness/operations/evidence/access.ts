import { EnvironmentError } from '../../errors.ts'
import { pathOf, quoteIdentifier, quoteName, type Session } from '../../postgres/index.ts'

interface Right {
  readonly schema: string
  readonly name: string
  readonly sequence: boolean
  readonly usage: boolean
  readonly readable: boolean
  readonly filtered: boolean
}

/** Objects of extensions are not dumped. A table's own partitions are read one by one. */
const rights = `
SELECT n.nspname AS schema, c.relname AS name, c.relkind = 'S' AS sequence,
       has_schema_privilege(n.oid, 'USAGE') AS usage,
       CASE c.relkind WHEN 'S' THEN has_sequence_privilege(c.oid, 'SELECT') ELSE has_table_privilege(c.oid, 'SELECT') END AS readable,
       row_security_active(c.oid) AS filtered
  FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend AS d WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
 ORDER BY 1, 2`

const MOST_NAMED = 10

/**
 * Refuse a role that would see only a part.
 *
 * @param wanted  Paths of the tables to read; undefined for every table and sequence.
 * @throws {EnvironmentError} With each table that it cannot read in full, and what to grant.
 */
export async function refuseHalfSight(session: Session, wanted: ReadonlySet<string> | undefined): Promise<void> {
  const { role } = await session.one<{ role: string }>('SELECT current_user AS role')
  const asked = (await session.query<Right>(rights)).filter((each) => wanted === undefined || wanted.has(pathOf(each)))
  const lacking = asked.filter(({ usage, readable }) => !usage || !readable)
  const filtered = asked.filter((each) => each.filtered && !lacking.includes(each))
  if (lacking.length + filtered.length === 0) return
  const quoted = quoteIdentifier(role)
  const schemas = [...new Set(lacking.flatMap(({ schema, usage }) => (usage ? [] : [schema])))]
  const grants = [
    ...schemas.map((schema) => `GRANT USAGE ON SCHEMA ${quoteIdentifier(schema)} TO ${quoted};`),
    ...lacking.slice(0, MOST_NAMED).map((each) => `GRANT SELECT ON ${each.sequence ? 'SEQUENCE ' : ''}${quoteName(each)} TO ${quoted};`),
    ...(lacking.length > MOST_NAMED ? ['-- and so on'] : []),
    ...(filtered.length === 0 ? [] : [`ALTER ROLE ${quoted} BYPASSRLS;`]),
  ]
  const sentences = [
    lacking.length === 0 ? '' : `It may not read ${pathsText(lacking)}.`,
    filtered.length === 0 ? '' : `Row security hides rows from it in ${pathsText(filtered)}.`,
  ]
  throw new EnvironmentError(`the role "${role}" sees only a part of the database`, {
    detail: sentences.filter((sentence) => sentence !== '').join(' '),
    hint: `Take the evidence as a role that reads everything, or run as a superuser:\n${grants.join('\n')}`,
  })
}

function pathsText(all: readonly Right[]): string {
  const paths = all.slice(0, MOST_NAMED).map((each) => pathOf(each))
  return `${paths.join(', ')}${all.length > MOST_NAMED ? ` and ${all.length - MOST_NAMED} more` : ''}`
}
