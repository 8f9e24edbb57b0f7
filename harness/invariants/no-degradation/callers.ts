import type { Subject } from '../../lineage/index.ts'
import { quoteIdentifier, type Session } from '../../postgres/index.ts'
import type { CloneStage } from '../../run/index.ts'
import { readRows } from '../../snapshot/index.ts'
import { type Identity, identitiesFor, nobody, policyTexts } from '../access-parity/identities.ts'
import type { AccessState, RelationAccess } from '../access-parity/model.ts'
import { readAccess } from '../access-parity/read-access.ts'
import type { TimedStatement } from './timed-statements.ts'

/** A role that row security holds for, as somebody whom its policies know. */
export interface Caller {
  readonly role: string
  readonly identity: Identity
  /** Relations whose policies it has to pass. */
  readonly relations: ReadonlySet<string>
}

/** More of them share the time of a migration, and each is told less of. */
const mostCallers = 4

/**
 * The roles that may use a relation under row security, which costs them what it does not cost the owner; each with the settings of somebody who has
 * rows, where its policies ask for settings.
 *
 * @param session  A superuser's, on the legacy database with a few rows.
 * @param paths  Relations whose statements are timed.
 */
export async function callersUnderRowSecurity(
  subject: Subject,
  session: Session,
  paths: readonly string[],
): Promise<{ readonly callers: readonly Caller[]; readonly notTried: readonly string[] }> {
  const access = await readAccess(session)
  const secured = paths.flatMap((path) => {
    const relation = access.relations.get(path)
    return relation !== undefined && isSecured(access, relation) ? [relation] : []
  })
  if (secured.length === 0) return { callers: [], notTried: [] }
  const under = [...new Set(secured.flatMap(({ path, reads }) => [path, ...reads]))].filter((path) => subject.legacy.relations.has(path))
  const state = { catalog: subject.legacy, rows: await readRows(session, subject.legacy, under) }
  const texts = await policyTexts(session, access, subject.legacy, under)
  const somebody = texts.flatMap((each) => identitiesFor(each, state)).find(({ label }) => label !== '') ?? nobody
  const callers = access.roles.flatMap((role): readonly Caller[] => {
    const relations = secured.filter((each) => (each.owner !== role || each.forced) && each.rights[role] !== undefined)
    return relations.length === 0 ? [] : [{ role, identity: somebody, relations: new Set(relations.map(({ path }) => path)) }]
  })
  const rest = callers.slice(mostCallers).map(({ role }) => role)
  return {
    callers: callers.slice(0, mostCallers),
    notTried:
      rest.length === 0 ? [] : [`statements were timed as ${mostCallers} of the roles under row security; not as ${rest.join(', ')}`],
  }
}

/** Its own policies, or those of what a view reads with the rights of who asks. */
function isSecured(access: AccessState, { rowSecurity, securityInvoker, reads }: RelationAccess): boolean {
  return rowSecurity || (securityInvoker && reads.some((path) => access.relations.get(path)?.rowSecurity === true))
}

/** Statements that a caller's policies decide over. */
export function statementsOf({ relations }: Caller, statements: readonly TimedStatement[]): readonly TimedStatement[] {
  return statements.filter(({ relation }) => relation !== undefined && relations.has(relation))
}

/** A session of this caller on a stage. */
export async function connectAs(stage: CloneStage, { role, identity }: Caller): Promise<Session> {
  const session = await stage.database.connect({ settings: identity.settings })
  await session.script(`SET SESSION AUTHORIZATION ${quoteIdentifier(role)}`)
  return session
}
