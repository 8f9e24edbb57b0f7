import type { Catalog } from '../../catalog/index.ts'
import { asList, asText, everyNode, fieldsOf, type Step } from '../../migration/index.ts'

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

function isLegacy(range: Readonly<Record<string, unknown>>, legacy: Catalog): boolean {
  const name = asText(range.relname)
  return [...legacy.relations.values()].some((each) => each.name === name)
}
