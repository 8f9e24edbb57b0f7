import { asList, asText, type Fields, fieldsOf, isFields, nodeOf, type Script, type Statement } from '../migration/index.ts'
import { bodyTrees } from './body-trees.ts'

/** A role as a statement names it. */
export interface RoleMention {
  readonly role: string
  /** An owner is given objects; acting as a role, or handing it on, wants membership; a grantee need only be there. */
  readonly use: 'owner' | 'member' | 'grantee'
  /** UTF-8 bytes into the whole text that was parsed; undefined where the tree does not tell or the name stands in a body. */
  readonly location: number | undefined
}

/** Every role that the scripts name, in the bodies of DO too. */
export function roleMentions(scripts: readonly Script[]): readonly RoleMention[] {
  return scripts.flatMap(({ statements }) => statements.flatMap(mentionsOf))
}

/** Roles that the scripts make or rename something to, in the bodies of DO too. */
export function createdRoles(scripts: readonly Script[]): ReadonlySet<string> {
  const trees = scripts.flatMap(({ statements }) => statements.flatMap((each) => [each.tree, ...bodyTrees(each)]))
  return new Set(
    trees.flatMap((tree) => {
      const renamed = fieldsOf(tree, 'RenameStmt')
      return (
        asText(fieldsOf(tree, 'CreateRoleStmt')?.role) ??
        (renamed?.renameType === 'OBJECT_ROLE' ? asText(renamed.newname) : undefined) ??
        []
      )
    }),
  )
}

/** The roles of one statement. */
export function mentionsOf(statement: Statement): readonly RoleMention[] {
  const inBody = bodyTrees(statement).flatMap((tree) => mentionsIn(tree).map((each) => ({ ...each, location: undefined })))
  return [...mentionsIn(statement.tree), ...inBody]
}

function mentionsIn(tree: unknown): readonly RoleMention[] {
  const node = nodeOf(tree)
  if (node === undefined) return []
  const use = uses[node.name] ?? 'member'
  return [...inSetRole(node.name, node.fields), ...inGrantedRoles(node.name, node.fields), ...specs(node.fields, use)]
}

const uses: Readonly<Record<string, RoleMention['use']>> = {
  GrantStmt: 'grantee',
  CreatePolicyStmt: 'grantee',
  AlterPolicyStmt: 'grantee',
  AlterOwnerStmt: 'owner',
  AlterTableStmt: 'owner',
  CreateSchemaStmt: 'owner',
  AlterDefaultPrivilegesStmt: 'owner',
}

/** `SET ROLE x` keeps its role as a constant. */
function inSetRole(name: string, fields: Fields): readonly RoleMention[] {
  if (name !== 'VariableSetStmt' || (fields.name !== 'role' && fields.name !== 'session_authorization')) return []
  const constant = fieldsOf(asList(fields.args)[0], 'A_Const')
  const role = asText(isFields(constant?.sval) ? constant.sval.sval : undefined)
  if (role === undefined || role === 'none') return []
  return [{ role, use: 'member', location: typeof constant?.location === 'number' ? constant.location : undefined }]
}

/** `GRANT x TO y` keeps x as if it were a privilege. */
function inGrantedRoles(name: string, fields: Fields): readonly RoleMention[] {
  if (name !== 'GrantRoleStmt') return []
  return asList(fields.granted_roles).flatMap((item) => {
    const role = asText(fieldsOf(item, 'AccessPriv')?.priv_name)
    return role === undefined ? [] : [{ role, use: 'member' as const, location: undefined }]
  })
}

function specs(value: unknown, use: RoleMention['use']): readonly RoleMention[] {
  if (Array.isArray(value)) return value.flatMap((item) => specs(item, use))
  if (!isFields(value)) return []
  if (value.roletype === 'ROLESPEC_CSTRING') {
    const role = asText(value.rolename)
    return role === undefined ? [] : [{ role, use, location: typeof value.location === 'number' ? value.location : undefined }]
  }
  // Grantees of ALTER DEFAULT PRIVILEGES, whose FOR ROLE is no grantee.
  return Object.entries(value).flatMap(([key, child]) => specs(child, key === 'grantees' ? 'grantee' : use))
}
