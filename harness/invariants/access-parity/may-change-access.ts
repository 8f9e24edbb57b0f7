import type { Catalog } from '../../catalog/index.ts'
import { asList, asText, everyNode, fieldsOf, type Step, stringsOf } from '../../migration/index.ts'
import { pathOf, type Session } from '../../postgres/index.ts'

/** Nodes whose statements change who may do what, or make something that stands in another's place. */
const telling = new Set([
  ...[
    'GrantStmt',
    'GrantRoleStmt',
    'AlterDefaultPrivilegesStmt',
    'CreatePolicyStmt',
    'AlterPolicyStmt',
    'AlterOwnerStmt',
    'ReassignOwnedStmt',
  ],
  ...[
    'DropOwnedStmt',
    'CreateRoleStmt',
    'AlterRoleStmt',
    'DropRoleStmt',
    'ViewStmt',
    'CreateFunctionStmt',
    'AlterFunctionStmt',
    'RuleStmt',
  ],
  ...['CreateTableAsStmt', 'DoStmt', 'CallStmt', 'SecLabelStmt', 'AlterObjectSchemaStmt'],
])

const commands = new Set([
  ...[
    'AT_ChangeOwner',
    'AT_EnableRowSecurity',
    'AT_DisableRowSecurity',
    'AT_ForceRowSecurity',
    'AT_NoForceRowSecurity',
    'AT_SetRelOptions',
  ],
  ...['AT_ResetRelOptions', 'AT_AddIdentity', 'AT_AttachPartition', 'AT_DetachPartition', 'AT_AddInherit', 'AT_DropInherit'],
])

const dropped = /OBJECT_(TABLE|VIEW|MATVIEW|FUNCTION|PROCEDURE|ROUTINE|POLICY|SCHEMA|SEQUENCE|ROLE)$/

/**
 * Whether a step can change who may do what, as its statements tell: a cheap test, so that a history pays only for the steps that can. What
 * a program does is not known; new tables, columns and constraints change nothing for what is there.
 */
export function mayChangeAccess(step: Step, legacy: Catalog): boolean {
  if (step.kind === 'program') return true
  return step.script.statements.some(({ node, tree }) => {
    if (telling.has(node)) return true
    const fields = fieldsOf(tree, node) ?? {}
    if (node === 'DropStmt') return dropped.test(String(fields.removeType))
    if (node === 'RenameStmt') return /OBJECT_(TABLE|VIEW|MATVIEW|SCHEMA|FUNCTION)$/.test(String(fields.renameType))
    if (node === 'AlterTableStmt') return asList(fields.cmds).some((item) => commands.has(String(fieldsOf(item, 'AlterTableCmd')?.subtype)))
    // Rows that go elsewhere go under other rights.
    if (node === 'InsertStmt')
      return [...everyNode(fields.selectStmt)].some(({ name, fields: range }) => name === 'RangeVar' && isLegacy(range, legacy))
    return node === 'SelectStmt' && [...everyNode(tree)].some(({ name }) => name === 'FuncCall')
  })
}

/**
 * Relations under row security whose rows a step may show to others: those that its statements name, and those whose policies call a function
 * that it writes; all of them where a program or a block puts its statements together. One round trip, or none.
 */
export async function securedWithin(session: Session, step: Step, legacy: Catalog): Promise<readonly string[]> {
  const secured = [...legacy.relations].filter(([, each]) => each.rowSecurity.enabled && /table$/.test(each.kind))
  if (secured.length === 0) return []
  if (step.kind === 'program' || step.script.statements.some(({ node }) => node === 'DoStmt' || node === 'CallStmt'))
    return secured.map(([path]) => path)
  const words = new Set(step.script.text.toLowerCase().match(/[\p{L}\p{N}_$]+/gu) ?? [])
  const routines = step.script.statements.flatMap(({ tree }) =>
    [...everyNode(tree)].flatMap(({ name, fields }) => {
      if (name === 'CreateFunctionStmt') return stringsOf(fields.funcname).slice(-1)
      return name === 'ObjectWithArgs' ? stringsOf(fields.objname).slice(-1) : []
    }),
  )
  const calling = new Set(routines.length === 0 ? [] : await relationsCalling(session, routines))
  return secured.flatMap(([path, { name }]) => (words.has(name.toLowerCase()) || calling.has(path) ? [path] : []))
}

async function relationsCalling(session: Session, routines: readonly string[]): Promise<readonly string[]> {
  const [result] = await session.script(
    `SELECT n.nspname, c.relname, concat(pg_catalog.pg_get_expr(p.polqual, p.polrelid), ' ', pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
       FROM pg_catalog.pg_policy p JOIN pg_catalog.pg_class c ON c.oid = p.polrelid JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace`,
  )
  return (result?.rows ?? []).flatMap(([schema, name, text]) =>
    routines.some((each) => (text ?? '').includes(`${each}(`) || (text ?? '').includes(`"${each}"(`))
      ? [pathOf({ schema: schema ?? '', name: name ?? '' })]
      : [],
  )
}

function isLegacy(range: Readonly<Record<string, unknown>>, legacy: Catalog): boolean {
  const name = asText(range.relname)
  return [...legacy.relations.values()].some((each) => each.name === name)
}
