import { asList, asText, everyNode, fieldsOf, type Step, stringsOf } from '../../migration/index.ts'
import type { Stated } from './model.ts'

/** What the statements of a migration say of access in so many words; of a block that puts its SQL together only that it speaks of access. */
export function statedAccess(step: Step): readonly Stated[] {
  if (step.kind !== 'sql') return []
  return step.script.statements.flatMap(({ tree }) => [...everyNode(tree)].flatMap(({ name, fields }) => saidBy(name, fields)))
}

function saidBy(node: string, fields: Readonly<Record<string, unknown>>): readonly Stated[] {
  switch (node) {
    case 'GrantStmt': {
      const effect = fields.is_grant === true ? 'grant' : 'revoke'
      const roles = rolesOf(fields.grantees)
      if (fields.targtype !== 'ACL_TARGET_OBJECT') return [{ effect, object: undefined, roles }]
      return asList(fields.objects).map((object) => ({ effect, object: nameOf(object), roles }))
    }
    case 'CreatePolicyStmt':
    case 'AlterPolicyStmt':
      return [{ effect: 'policy', object: asText(fieldsOf(fields, 'table')?.relname), roles: [] }]
    case 'DropStmt':
      if (fields.removeType !== 'OBJECT_POLICY') return []
      return asList(fields.objects).map((object) => ({ effect: 'drop-policy', object: namesOf(object).at(-2), roles: [] }))
    case 'AlterTableStmt': {
      const object = asText(fieldsOf(fields, 'relation')?.relname)
      return asList(fields.cmds).flatMap((item) => {
        const effect = effects[String(fieldsOf(item, 'AlterTableCmd')?.subtype)]
        return effect === undefined ? [] : [{ effect, object, roles: [] }]
      })
    }
    case 'AlterOwnerStmt':
      return [{ effect: 'owner', object: nameOf(fields.object) ?? asText(fieldsOf(fields, 'relation')?.relname), roles: [] }]
    case 'ReassignOwnedStmt':
    case 'DropOwnedStmt':
      return [{ effect: 'owner', object: undefined, roles: [] }]
    case 'GrantRoleStmt':
    case 'AlterRoleStmt':
    case 'DropRoleStmt':
      return [{ effect: 'role', object: undefined, roles: [] }]
    case 'DoStmt':
      return accessWords.test(bodyOf(fields)) ? [{ effect: 'program', object: undefined, roles: [], text: bodyOf(fields) }] : []
    default:
      return []
  }
}

const accessWords = /\b(GRANT|REVOKE|POLICY|OWNER|ROLE|ROW\s+LEVEL\s+SECURITY)\b/i

function bodyOf(fields: Readonly<Record<string, unknown>>): string {
  return asList(fields.args)
    .map((item) => asText(fieldsOf(fieldsOf(item, 'DefElem')?.arg, 'String')?.sval) ?? '')
    .join('\n')
}

const effects: Readonly<Record<string, Stated['effect']>> = {
  AT_ChangeOwner: 'owner',
  AT_EnableRowSecurity: 'enable',
  AT_ForceRowSecurity: 'enable',
  AT_DisableRowSecurity: 'disable',
  AT_NoForceRowSecurity: 'disable',
}

function rolesOf(grantees: unknown): readonly string[] {
  return asList(grantees).flatMap((item) => {
    const role = fieldsOf(item, 'RoleSpec')
    return role?.roletype === 'ROLESPEC_PUBLIC' ? ['public'] : (asText(role?.rolename) ?? [])
  })
}

/** The last part of what an object is named by: a range, a routine, a schema. */
function nameOf(object: unknown): string | undefined {
  return asText(fieldsOf(object, 'RangeVar')?.relname) ?? namesOf(object).at(-1) ?? asText(fieldsOf(object, 'String')?.sval)
}

function namesOf(object: unknown): readonly string[] {
  return stringsOf(fieldsOf(object, 'ObjectWithArgs')?.objname ?? fieldsOf(object, 'List')?.items ?? object)
}
