import type { Catalog } from '../../catalog/index.ts'
import { keyAttributes } from '../../lineage/index.ts'
import { fieldsOf, type Step } from '../../migration/index.ts'
import { mentionsName, partsOf, quoteIdentifier, quoteName, type Session, StatementError, shownName } from '../../postgres/index.ts'
import { counted } from '../../report/index.ts'
import { scriptsOf } from '../../run/index.ts'
import { nameOf } from '../evidence/table-name.ts'
import type { FindingDraft } from './judge-checks.ts'

/** The rows of one table that one role may read: how many, and a digest of their keys. */
interface RowsOfRole {
  readonly role: string
  readonly relation: string
  readonly rows: number
  readonly digest: string
}

export interface RowsOfRoles {
  readonly seen: readonly RowsOfRole[]
  /** What was not looked at, in sentences. */
  readonly notLooked: readonly string[]
}

/** Tables with row security, and the columns of their keys. */
export type SecuredTables = ReadonlyMap<string, readonly string[]>

const MOST_ROLES = 24

/** Of the tables that a migration reaches: those whose rows not every role sees. */
export function securedTables(catalog: Catalog, tables: readonly string[]): SecuredTables {
  return new Map(
    tables.flatMap((path) => {
      const relation = catalog.relations.get(path)
      return relation?.rowSecurity.enabled === true ? [[path, keyAttributes(relation) ?? []] as const] : []
    }),
  )
}

/**
 * Read which rows each role sees through the name of each table with row security, as the server answers that role. Settings that policies
 * read (a claim of a token) are not set, as in a session that has just begun.
 *
 * @param before  Where given, only who saw rows then is asked.
 */
export async function readRowsOfRoles(session: Session, tables: SecuredTables, before?: RowsOfRoles): Promise<RowsOfRoles> {
  const seen: RowsOfRole[] = []
  const notLooked: string[] = []
  for (const [relation, key] of tables) {
    const asked = before?.seen.filter((each) => each.relation === relation).map(({ role }) => role)
    const roles = (await rolesOf(session, relation)).filter((role) => asked?.includes(role) ?? true)
    if (roles.length > MOST_ROLES)
      notLooked.push(`Rows of ${shownName(relation)} for ${roles.length - MOST_ROLES} of ${roles.length} roles: ${MOST_ROLES} were asked.`)
    for (const role of roles.slice(0, MOST_ROLES)) {
      const found = await readAs(session, role, relation, key)
      if (typeof found === 'string') notLooked.push(`Rows of ${shownName(relation)} that ${role} sees: ${found}.`)
      else seen.push({ role, relation, ...found })
    }
  }
  return { seen, notLooked }
}

/** Who may read a table at all, and does not see every row anyway. */
async function rolesOf(session: Session, relation: string): Promise<readonly string[]> {
  const rows = await session.query<{ name: string }>(
    `SELECT r.rolname AS name FROM pg_catalog.pg_roles AS r, pg_catalog.to_regclass($1) AS t
      WHERE t IS NOT NULL AND NOT r.rolsuper AND NOT r.rolbypassrls AND r.rolname !~ '^pg_'
        AND pg_catalog.has_schema_privilege(r.oid, (SELECT relnamespace FROM pg_catalog.pg_class WHERE oid = t), 'USAGE')
        AND pg_catalog.has_table_privilege(r.oid, t, 'SELECT') ORDER BY 1`,
    [quoteName(nameOf(relation))],
  )
  return rows.map(({ name }) => name)
}

async function readAs(
  session: Session,
  role: string,
  relation: string,
  key: readonly string[],
): Promise<{ readonly rows: number; readonly digest: string } | string> {
  const list = key.map((each) => quoteIdentifier(each)).join(', ')
  const digest = key.length === 0 ? `''` : `coalesce(sum(('x' || left(md5(ROW(${list})::text), 15))::bit(60)::bigint::numeric), 0)::text`
  try {
    await session.script(`BEGIN READ ONLY; SET LOCAL row_security = on; SET LOCAL ROLE ${quoteIdentifier(role)}`)
    const { rows, digest: found } = await session.one<{ rows: string; digest: string }>(
      `SELECT count(*)::text AS rows, ${digest} AS digest FROM ${quoteName(nameOf(relation))}`,
    )
    return { rows: Number(rows), digest: found }
  } catch (error) {
    if (!(error instanceof StatementError)) throw error
    return `${error.message} (${error.sqlstate})`
  } finally {
    await session.script('ROLLBACK')
  }
}

/** Roles that see other rows than before; a migration that says so in a policy of that table is believed, and reported as information. */
export function rowsOfRolesFindings(before: RowsOfRoles, after: RowsOfRoles, up: Step): readonly FindingDraft[] {
  const policies = scriptsOf(up).flatMap(({ statements }) =>
    statements.filter(({ tree }) => ['CreatePolicyStmt', 'AlterPolicyStmt'].some((node) => fieldsOf(tree, node) !== undefined)),
  )
  return before.seen.flatMap(({ role, relation, rows, digest }) => {
    const now = after.seen.find((each) => each.role === role && each.relation === relation)
    if (now === undefined || (now.rows === rows && now.digest === digest)) return []
    const said = policies.some(({ text }) => mentionsName(text, partsOf(relation)[1] ?? ''))
    const change =
      now.rows === rows ? `other rows than before (${counted(rows, 'row')} then and now)` : `${now.rows} instead of ${counted(rows, 'row')}`
    return [
      {
        invariant: 'access-parity',
        kind: now.rows < rows ? 'lost' : 'gained',
        relation,
        ...(said ? { severity: 'info' as const } : {}),
        message: `after up ${role} sees ${change} of ${shownName(relation)}`,
      },
    ]
  })
}
