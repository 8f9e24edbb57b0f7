import type { Statement } from '../migration/index.ts'
import { asList, asText, type Fields, fieldsOf, nodeOf, parseScript, type Script } from '../migration/index.ts'
import { bodyTrees } from './body-trees.ts'
import type { WantedRole } from './make-roles.ts'
import { mentionsOf } from './role-mentions.ts'

/** A role that scripts create and that the harness makes in their place, once for all databases of the cluster. */
export interface SharedRole extends WantedRole {
  /** The first statement that creates it. */
  readonly file: string
  readonly line: number
}

/** A script, and what it is to the roles that it creates. */
export interface RoleScript {
  readonly script: Script
  /** Applied by the superuser: one of the user's own preludes. */
  readonly prelude: boolean
  /** Reverted and applied again: a plain CREATE ROLE that its down forgets fails the second time, which must be seen. */
  readonly repeated: boolean
}

/**
 * Roles belong to the whole cluster: two databases that create one at the same time wait for each other or fail, and a role that is committed
 * is in the way of the next run. Most scripts only create one that nobody takes away again; then it can be made beforehand, the statement can
 * be left out, and the migration needs no cluster of its own.
 *
 * @param scripts   In the order in which they are applied.
 * @param platform  Roles that a built-in prelude makes: creating them is left out in any case.
 * @returns The roles for which that is the same: created with nothing but a right to log in or a password, not named before, and neither
 *   altered, dropped, renamed, commented, nor made a member of another.
 */
export function sharedRoles(scripts: readonly RoleScript[], platform: ReadonlySet<string> = new Set()): readonly SharedRole[] {
  const statements = scripts.flatMap((each) => each.script.statements.map((statement) => ({ ...each, statement })))
  const creations = statements.flatMap(({ statement, ...from }, at) => creationsOf(statement, from).map((each) => ({ ...each, at })))
  return [...new Set(creations.map((each) => each.name))].flatMap((name) => {
    const own = creations.filter((each) => each.name === name)
    const [first] = own
    const shared = {
      name,
      attributes: first?.attributes ?? '',
      memberOf: first?.memberOf ?? [],
      file: first?.file ?? '',
      line: first?.line ?? 1,
    }
    if (platform.has(name)) return [shared]
    if (first?.attributes === undefined || own.some((each) => each.attributes === undefined)) return []
    const plain = own.filter((each) => !each.guarded)
    // A second plain creation fails on the user's server too.
    if (plain.length > 1 || plain.some((each) => each.repeated)) return []
    if (statements.some(({ statement, prelude }) => touches(statement, name, prelude) || createsOtherwise(statement, name))) return []
    const before = statements.slice(0, first.at)
    if (before.some(({ statement }) => mentionsOf(statement).some((each) => each.role === name))) return []
    return [shared]
  })
}

/** Whether a statement does nothing but create a role of `shared`. */
export function createsShared(statement: Statement, shared: ReadonlySet<string>): boolean {
  const created = asText(fieldsOf(statement.tree, 'CreateRoleStmt')?.role)
  return created !== undefined && shared.has(created)
}

/** A part of a statement's text and what stands in its place: UTF-16 units from its beginning. */
export interface BodySplice {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** In a DO, what creates a shared role does nothing; also in the text that EXECUTE is handed. */
export function sharedRolesInBody({ node, text }: Statement, shared: ReadonlySet<string>): readonly BodySplice[] {
  if (node !== 'DoStmt' || shared.size === 0) return []
  return [...text.matchAll(/\bcreate\s+(?:role|user|group)\s+("[^"]+"|[\w$]+)/gi)].flatMap((match) => {
    if (!shared.has(nameOf(match[1] ?? ''))) return []
    const before = text.slice(0, match.index).replace(/(?:\s|--[^\n]*\n)*$/, '')
    const begins = /(?:(['$])|;|\b(?:then|begin|else|loop))$/i.exec(before)
    if (begins === null) return []
    const [, quote] = begins
    const rest = quote === "'" ? /^(?:[^';]|'')*/ : quote === '$' ? /^[^$;]*/ : /^(?:[^;']|'[^']*')*/
    const end = match.index + (rest.exec(text.slice(match.index))?.[0].length ?? 0)
    const nothing = quote === undefined ? 'NULL' : 'SELECT 1'
    const blanks = text.slice(match.index, end).replace(/[^\n]/g, ' ')
    return [{ start: match.index, end, text: nothing + blanks.slice(nothing.length) }]
  })
}

/** As the server reads a name. */
function nameOf(written: string): string {
  return written.startsWith('"') ? written.slice(1, -1) : written.toLowerCase()
}

/** Whether a body still creates the role when what can be left out is left out. */
function createsOtherwise(statement: Statement, name: string): boolean {
  if (statement.node !== 'DoStmt' || !creates(statement, name)) return false
  let { text } = statement
  for (const { start, end, text: nothing } of sharedRolesInBody(statement, new Set([name])).toReversed())
    text = text.slice(0, start) + nothing + text.slice(end)
  return parseScript(statement.file, text).statements.some((each) => creates(each, name))
}

function creates(statement: Statement, name: string): boolean {
  return bodyTrees(statement).some((tree) => asText(fieldsOf(tree, 'CreateRoleStmt')?.role) === name)
}

interface Creation {
  readonly name: string
  /** Undefined for a role that cannot be shared. */
  readonly attributes: string | undefined
  readonly memberOf: readonly string[]
  /** Whether the statement stands in a body that looks whether the role is there. */
  readonly guarded: boolean
  readonly repeated: boolean
  readonly file: string
  readonly line: number
}

function creationsOf(statement: Statement, { prelude, repeated }: Pick<RoleScript, 'prelude' | 'repeated'>): readonly Creation[] {
  const { file, line, text } = statement
  const looks = /\bpg_(roles|authid|user|group|shadow)\b|\bduplicate_object\b|\bothers\b/i.test(text)
  const of = (tree: unknown, guarded: boolean): readonly Creation[] => {
    const fields = fieldsOf(tree, 'CreateRoleStmt')
    const name = asText(fields?.role)
    return fields === undefined || name === undefined ? [] : [{ name, ...attributesOf(fields, prelude), guarded, repeated, file, line }]
  }
  const inBody = new Map(bodyTrees(statement).flatMap((tree) => of(tree, looks).map((each) => [each.name, each] as const)))
  return [...of(statement.tree, false), ...inBody.values()]
}

/** Attributes of a role that everybody may have; a superuser may give the others too. */
function attributesOf(
  fields: Fields,
  bySuperuser: boolean,
): { readonly attributes: string | undefined; readonly memberOf: readonly string[] } {
  // Nobody logs in as a role that scripts name: on a server given by URL it must not be a way in.
  const attributes = ['NOLOGIN']
  const memberOf: string[] = []
  for (const item of asList(fields.options)) {
    const option = fieldsOf(item, 'DefElem')
    const name = asText(option?.defname) ?? ''
    if (['canlogin', 'password', 'connectionlimit', 'validUntil'].includes(name)) continue
    const value = fieldsOf(option?.arg, 'Boolean')?.boolval === true
    if (name === 'inherit') attributes.push(value ? 'INHERIT' : 'NOINHERIT')
    else if (privileges.has(name) && (!value || (bySuperuser && name !== 'superuser'))) {
      if (value) attributes.push(privileges.get(name) ?? '')
    } else if (name === 'addroleto' && bySuperuser) {
      memberOf.push(...asList(fieldsOf(option?.arg, 'List')?.items).flatMap((role) => asText(fieldsOf(role, 'RoleSpec')?.rolename) ?? []))
    } else return { attributes: undefined, memberOf: [] }
  }
  return { attributes: attributes.join(' '), memberOf }
}

const privileges: ReadonlyMap<string, string> = new Map([
  ['superuser', 'SUPERUSER'],
  ['createdb', 'CREATEDB'],
  ['createrole', 'CREATEROLE'],
  ['isreplication', 'REPLICATION'],
  ['bypassrls', 'BYPASSRLS'],
])

const onRoles: ReadonlySet<string> = new Set([
  ...['DropRoleStmt', 'AlterRoleStmt', 'AlterRoleSetStmt', 'GrantRoleStmt', 'ReassignOwnedStmt', 'DropOwnedStmt'],
])

/**
 * Whether a statement does something to the role itself, beside creating it; told by words where it stands in a body. What a prelude grants and
 * alters it does alike in each database.
 */
function touches({ tree, text, node }: Statement, name: string, prelude: boolean): boolean {
  if (!new RegExp(`(?<![\\w$])${name.replace(/[^\w]/g, '\\$&')}(?![\\w$])`, 'i').test(text)) return false
  const fields = nodeOf(tree)?.fields
  if (prelude)
    return (
      node === 'DropRoleStmt' || fields?.renameType === 'OBJECT_ROLE' || (node === 'DoStmt' && /\bdrop\s+(role|user|group)\b/i.test(text))
    )
  if (node !== undefined && onRoles.has(node)) return true
  if ([fields?.renameType, fields?.objtype].includes('OBJECT_ROLE')) return true
  if (node !== 'DoStmt' && node !== 'CreateFunctionStmt') return false
  return /\b(alter|drop)\s+(role|user|group)\b|\b(reassign|drop)\s+owned\b|\bon\s+role\b/i.test(text) || grantsRole(text)
}

/** GRANT or REVOKE of a role: the only form without ON. */
function grantsRole(text: string): boolean {
  return [...text.matchAll(/\b(?:grant|revoke)\b([^;]*?)\b(?:to|from)\b/gi)].some((match) => !/\bon\b/i.test(match[1] ?? ''))
}
