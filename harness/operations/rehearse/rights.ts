import { fieldsOf, type Step } from '../../migration/index.ts'
import { mentionsName, partsOf, pathOf, type Session, shownName } from '../../postgres/index.ts'
import { scriptsOf } from '../../run/index.ts'
import { savedSchema } from '../queries/query.ts'
import type { FindingDraft } from './judge-checks.ts'

/** Of a relation by its path: who may do what, e.g. `reader SELECT`. */
export type Rights = ReadonlyMap<string, ReadonlySet<string>>

/** Rights of all roles but superusers and those of PostgreSQL itself, by whatever way they have them: a grant, a membership, ownership. */
export async function readRights(session: Session): Promise<Rights> {
  const rows = await session.query<{ schema: string; name: string; rights: readonly string[] }>(
    `SELECT n.nspname AS schema, c.relname AS name,
       coalesce((SELECT json_agg(r.rolname || ' ' || p.privilege) FROM pg_catalog.pg_roles AS r, unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS p(privilege)
         WHERE NOT r.rolsuper AND r.rolname !~ '^pg_' AND pg_catalog.has_schema_privilege(r.oid, n.oid, 'USAGE')
           AND pg_catalog.has_table_privilege(r.oid, c.oid, p.privilege)), '[]') AS rights
     FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
     WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', $1)`,
    [savedSchema],
  )
  return new Map(rows.map(({ schema, name, rights }) => [pathOf({ schema, name }), new Set(rights)]))
}

/**
 * Who may do more or less than before with what still has its name, though no GRANT or REVOKE of the migration speaks of both; a table whose
 * place a view has taken is known by its name.
 */
export function rightsFindings(before: Rights, after: Rights, up: Step): readonly FindingDraft[] {
  const spoken = scriptsOf(up).flatMap(({ statements }) => statements.filter((each) => fieldsOf(each.tree, 'GrantStmt') !== undefined))
  const isWanted = (path: string, role: string) =>
    spoken.some(
      ({ text }) =>
        (mentionsName(text, role) || /\bpublic\b/i.test(text)) &&
        (mentionsName(text, partsOf(path)[1] ?? '') || /\bALL\s+TABLES\b/i.test(text)),
    )
  return [...before].flatMap(([path, old]) => {
    const now = after.get(path)
    if (now === undefined) return []
    const draft = (kind: 'lost' | 'gained', rights: readonly string[], words: string): readonly FindingDraft[] =>
      byRole(rights)
        .filter(([role]) => !isWanted(path, role))
        .map(([role, privileges]) => ({
          invariant: 'access-parity',
          kind,
          relation: path,
          message: `after up ${role} may ${words} ${privileges.join(', ')} on ${shownName(path)}`,
        }))
    return [
      ...draft(
        'lost',
        [...old].filter((each) => !now.has(each)),
        'no longer',
      ),
      ...draft(
        'gained',
        [...now].filter((each) => !old.has(each)),
        'now',
      ),
    ]
  })
}

function byRole(rights: readonly string[]): readonly (readonly [string, readonly string[]])[] {
  const roles = new Map<string, string[]>()
  for (const each of rights) {
    const at = each.lastIndexOf(' ')
    const role = each.slice(0, at)
    roles.set(role, [...(roles.get(role) ?? []), each.slice(at + 1)])
  }
  return [...roles]
}
