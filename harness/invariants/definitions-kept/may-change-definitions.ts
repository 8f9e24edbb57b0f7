import { asList, asText, nodeOf, type Step } from '../../migration/index.ts'

/** Statements that say nothing of definitions, as long as they call no function. */
const rowsOnly = new Set(['InsertStmt', 'UpdateStmt', 'DeleteStmt', 'SelectStmt', 'MergeStmt', 'TruncateStmt', 'CopyStmt'])

/** Statements that only add: nothing that was there can get less by them. */
const adds = new Set([
  ...['CreateStmt', 'CreateSchemaStmt', 'CreateSeqStmt', 'CreateEnumStmt', 'CompositeTypeStmt', 'CreateRangeStmt', 'CreateDomainStmt'],
  ...['CreateTrigStmt', 'CreatePolicyStmt', 'CreateExtensionStmt', 'CreateRoleStmt', 'GrantStmt', 'GrantRoleStmt', 'CreateStatsStmt'],
  ...['IndexStmt', 'VariableSetStmt', 'TransactionStmt', 'LockStmt', 'CommentStmt', 'AlterEnumStmt', 'ConstraintsSetStmt'],
])

/** Actions of ALTER TABLE that only add. */
const addsToTable = new Set(['AT_AddColumn', 'AT_AddConstraint', 'AT_ValidateConstraint', 'AT_SetNotNull'])

function onlyAdds(node: string, tree: unknown): boolean {
  if (adds.has(node)) return true
  const fields = nodeOf(tree)?.fields ?? {}
  if (node === 'ViewStmt' || node === 'CreateFunctionStmt') return fields.replace !== true
  if (node !== 'AlterTableStmt') return false
  return asList(fields.cmds).every((command) => addsToTable.has(asText(nodeOf(command)?.fields.subtype) ?? ''))
}

/** Whether a step can take something away from the definitions that are there, as its statements tell: a cheap test. */
export function mayChangeDefinitions(step: Step): boolean {
  if (step.kind === 'program') return false
  return step.script.statements.some(({ node, tree }) => {
    if (onlyAdds(node, tree)) return false
    if (rowsOnly.has(node)) return JSON.stringify(tree).includes('"FuncCall"') && node === 'SelectStmt'
    return true
  })
}
