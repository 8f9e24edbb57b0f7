import type { Catalog } from '../catalog/index.ts'
import { everyNode, type Script, type Statement, type StatementTarget, type Step, statementTargets } from '../migration/index.ts'

/**
 * How far a step reaches into what was there before it: `new` = it only makes objects, no legacy row can change; `schema` = it alters, renames
 * or drops, and no statement of the migration reads or checks rows; `rows` = everything else.
 */
export type Reach = 'new' | 'schema' | 'rows'

const gravity: Readonly<Record<Reach, number>> = { new: 0, schema: 1, rows: 2 }

/** Make something, or say something of it: no row of another relation can change. */
const makes = new Set([
  ...['CreateStmt', 'ViewStmt', 'CreateSchemaStmt', 'CreateSeqStmt', 'CreateEnumStmt', 'CreateDomainStmt', 'CompositeTypeStmt'],
  ...[
    'CreateRangeStmt',
    'DefineStmt',
    'CreateFunctionStmt',
    'CreateTrigStmt',
    'CreateEventTrigStmt',
    'CreatePolicyStmt',
    'AlterPolicyStmt',
  ],
  ...[
    'CreateExtensionStmt',
    'CreateRoleStmt',
    'GrantStmt',
    'GrantRoleStmt',
    'AlterDefaultPrivilegesStmt',
    'CommentStmt',
    'CreateStatsStmt',
  ],
  ...['CreateCastStmt', 'CreateOpClassStmt', 'CreateOpFamilyStmt', 'CreatePublicationStmt', 'AlterPublicationStmt', 'AlterEnumStmt'],
  ...['VariableSetStmt', 'VariableShowStmt', 'TransactionStmt', 'AlterOwnerStmt', 'AlterFunctionStmt', 'AlterRoleStmt', 'AlterSeqStmt'],
  ...['CreateForeignServerStmt', 'CreateFdwStmt', 'CreateUserMappingStmt', 'CreateForeignTableStmt', 'LockStmt', 'CreateAmStmt'],
])

/** Commands of ALTER TABLE that neither read nor check rows. */
const harmless = new Set([
  ...['AT_ColumnDefault', 'AT_DropNotNull', 'AT_DropColumn', 'AT_DropConstraint', 'AT_ChangeOwner', 'AT_SetStatistics', 'AT_SetOptions'],
  ...['AT_ResetOptions', 'AT_SetStorage', 'AT_SetRelOptions', 'AT_ResetRelOptions', 'AT_EnableRowSecurity', 'AT_DisableRowSecurity'],
  ...['AT_ForceRowSecurity', 'AT_NoForceRowSecurity', 'AT_EnableTrig', 'AT_DisableTrig', 'AT_EnableTrigAll', 'AT_DisableTrigAll'],
  ...[
    'AT_EnableTrigUser',
    'AT_DisableTrigUser',
    'AT_ReplicaIdentity',
    'AT_ClusterOn',
    'AT_DropCluster',
    'AT_DropIdentity',
    'AT_AddIdentity',
  ],
  ...['AT_SetIdentity', 'AT_SetCompression', 'AT_DropInherit', 'AT_DetachPartition'],
])

/** The farthest reach of a step's statements. A program's is not known: it is taken for the farthest. */
export function reachOf(step: Step, legacy: Catalog): Reach {
  if (step.kind === 'program') return 'rows'
  const resolve = resolver(legacy)
  return step.script.statements
    .map((statement) => statementReach(statement, resolve))
    .reduce<Reach>((left, right) => (gravity[right] > gravity[left] ? right : left), 'new')
}

type Resolve = (target: Pick<StatementTarget, 'schema' | 'name'>) => readonly string[]

function statementReach(statement: Statement, resolve: Resolve): Reach {
  const { node } = statement
  if (node === 'CreateStmt' && JSON.stringify(statement.tree).includes('"inhRelations"')) return 'rows'
  if (makes.has(node)) return 'new'
  const touched = statementTargets(statement).some((each) => resolve(each).length > 0 || each.wholeSchema === true)
  if (node === 'DropStmt' || node === 'RenameStmt' || node === 'AlterObjectSchemaStmt')
    return touched || node === 'DropStmt' ? 'schema' : 'new'
  if (node === 'IndexStmt')
    return touched && /"unique":true/.test(JSON.stringify(statement.tree)) ? 'rows' : checksExpressions(statement, touched)
  if (node === 'AlterTableStmt') return touched ? alterReach(statement) : 'new'
  if (node === 'InsertStmt') return touched || callsFunction(statement) ? 'rows' : 'new'
  return 'rows'
}

/** An index on an expression computes it for every row, and may fail. */
function checksExpressions(statement: Statement, touched: boolean): Reach {
  return touched && [...everyNode(statement.tree)].some((each) => each.name === 'IndexElem' && each.fields.expr !== undefined)
    ? 'rows'
    : 'new'
}

function alterReach(statement: Statement): Reach {
  const commands = [...everyNode(statement.tree)].flatMap(({ name, fields }) => (name === 'AlterTableCmd' ? [fields] : []))
  return commands.every((fields) => {
    if (harmless.has(String(fields.subtype))) return true
    if (fields.subtype === 'AT_AddColumn')
      return !/CONSTR_(NOTNULL|PRIMARY|UNIQUE|CHECK|FOREIGN|GENERATED|IDENTITY)|"FuncCall"|"SQLValueFunction"|_?serial/.test(
        JSON.stringify(fields),
      )
    return fields.subtype === 'AT_AddConstraint' && /"skip_validation":true/.test(JSON.stringify(fields))
  })
    ? 'schema'
    : 'rows'
}

function callsFunction(statement: Statement): boolean {
  return callsFunctionIn(statement.tree)
}

function callsFunctionIn(tree: unknown): boolean {
  return [...everyNode(tree)].some((each) => each.name === 'FuncCall')
}

/** Legacy relations that a name may mean: exactly where it names a schema, in any schema else. */
function resolver(legacy: Catalog): Resolve {
  return ({ schema, name }) =>
    [...legacy.relations].flatMap(([path, relation]) =>
      relation.name === name && (schema === undefined || relation.schema === schema) ? [path] : [],
    )
}

/** Whether two runs on the same rows may differ: it writes rows, or fills them by calling functions. */
export function mayVary(step: Step): boolean {
  if (step.kind === 'program') return true
  return step.script.statements.some(({ node, tree }) => {
    if (makes.has(node) || node === 'DropStmt' || node === 'RenameStmt') return false
    if (node !== 'AlterTableStmt') return node !== 'IndexStmt'
    return [...everyNode(tree)].some((each) => each.name === 'FuncCall' || each.name === 'SQLValueFunction')
  })
}

/**
 * Whether the schema that scripts leave follows from the schema that they find, whatever the rows: no statement of theirs decides at run
 * time what to make, and no function that they may fire does.
 */
export function leavesOneSchema(steps: readonly (Step | undefined)[], functions: readonly { readonly source: string }[]): boolean {
  const decides = ({ node, tree }: Statement) =>
    node === 'DoStmt' || node === 'CallStmt' || node === 'ExecuteStmt' || node === '' || (node === 'SelectStmt' && callsFunctionIn(tree))
  return (
    steps.every((step) => step === undefined || (step.kind === 'sql' && !step.script.statements.some(decides))) &&
    !functions.some(({ source }) => /\b(create|alter|drop|execute)\b/i.test(source))
  )
}

/**
 * The legacy relations with rows that scripts could reach: those whose name, or whose type's, turns up in them or in a function that they
 * call or fire; whole trees of partitions and children; and what a deleted key takes along. More than are written, never fewer, but for
 * names that only dynamic SQL makes up: `undefined` stands for all of them.
 */
export function reachedRelations(
  scripts: readonly Script[],
  legacy: Catalog,
  functions: readonly { readonly name: string; readonly source: string }[],
): ReadonlySet<string> | undefined {
  const text = scripts.flatMap(({ statements }) => statements.map((each) => each.text)).join('\n')
  if (/\b(drop|reassign)\s+owned\b|\bdrop\s+schema\b|\ball\s+tables\s+in\s+schema\b/i.test(text)) return undefined
  const words = new Set(wordsOf(text))
  const calls = new Set(callsIn(text))
  const reached = new Set<string>()
  const seen = new Set<string>()
  for (let grown = true; grown; ) {
    grown = false
    const add = (source: string) => {
      for (const word of wordsOf(source)) words.add(word)
      for (const call of callsIn(source)) calls.add(call)
      if (/\bexecute\b/i.test(source)) words.add(' dynamic')
      grown = true
    }
    for (const { name, source } of functions) {
      if (seen.has(name + source) || !calls.has(name.toLowerCase())) continue
      seen.add(name + source)
      add(source)
    }
    for (const [path, relation] of legacy.relations) {
      if (reached.has(path)) continue
      const named =
        words.has(relation.name.toLowerCase()) ||
        relation.attributes.some(({ typePath }) => legacy.types.get(typePath)?.schema !== 'pg_catalog' && words.has(lastName(typePath)))
      const kin =
        (relation.partitionOf !== undefined && reached.has(relation.partitionOf.parent)) ||
        relation.inherits.some((each) => reached.has(each))
      const takenAlong = relation.constraints.some(
        ({ references, onDelete }) =>
          references !== undefined && reached.has(references.relation) && onDelete !== 'no-action' && onDelete !== 'restrict',
      )
      if (!named && !kin && !takenAlong) continue
      reached.add(path)
      if (relation.partitionOf !== undefined) reached.add(relation.partitionOf.parent)
      for (const parent of relation.inherits) reached.add(parent)
      for (const trigger of relation.triggers) add(trigger.definition)
      if (relation.definition !== undefined) add(relation.definition)
      grown = true
    }
  }
  if (words.has(' dynamic') || /\bexecute\s+(format|'|\$|\w+\s*\|\|)/i.test(text)) return undefined
  return reached
}

/** Names as they may stand in SQL, folded: quoted ones whole, others as words. */
function wordsOf(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"]|"")+)"|[\p{L}_][\p{L}\p{N}_$]*/gu)].map((match) =>
    (match[1]?.replaceAll('""', '"') ?? match[0]).toLowerCase(),
  )
}

/** Names before a parenthesis: what may be called. */
function callsIn(text: string): readonly string[] {
  return [...text.matchAll(/"((?:[^"]|"")+)"\s*\(|([\p{L}_][\p{L}\p{N}_$]*)\s*\(/gu)].map((match) =>
    (match[1]?.replaceAll('""', '"') ?? match[2] ?? '').toLowerCase(),
  )
}

function lastName(path: string): string {
  return path
    .slice(path.lastIndexOf('.') + 1)
    .replaceAll('"', '')
    .toLowerCase()
}
