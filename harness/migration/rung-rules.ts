import type { RungNeed } from './model.ts'
import { asList, asText, type Fields, fieldsOf } from './tree.ts'

/**
 * Statements that a roll-back undoes wholly and that run inside a transaction; whatever is not here is not on rung 1. Some have forms that
 * do not qualify: see `refusal`.
 */
export const allowedNodes: ReadonlySet<string> = new Set([
  // Data.
  ...[
    'SelectStmt',
    'InsertStmt',
    'UpdateStmt',
    'DeleteStmt',
    'MergeStmt',
    'TruncateStmt',
    'CopyStmt',
    'LockStmt',
    'CallStmt',
    'DoStmt',
    'ExplainStmt',
  ],
  ...[
    'PrepareStmt',
    'ExecuteStmt',
    'DeallocateStmt',
    'DeclareCursorStmt',
    'FetchStmt',
    'ClosePortalStmt',
    'ListenStmt',
    'NotifyStmt',
    'UnlistenStmt',
  ],
  // Relations.
  ...[
    'CreateStmt',
    'CreateTableAsStmt',
    'AlterTableStmt',
    'ViewStmt',
    'RefreshMatViewStmt',
    'CreateSeqStmt',
    'AlterSeqStmt',
    'IndexStmt',
    'ReindexStmt',
  ],
  ...[
    'ClusterStmt',
    'VacuumStmt',
    'CreateStatsStmt',
    'AlterStatsStmt',
    'RuleStmt',
    'CreateTrigStmt',
    'CreatePolicyStmt',
    'AlterPolicyStmt',
  ],
  ...['ReplicaIdentityStmt', 'PartitionBoundSpec', 'PartitionSpec'],
  // Types and functions.
  ...[
    'CompositeTypeStmt',
    'CreateEnumStmt',
    'CreateRangeStmt',
    'CreateDomainStmt',
    'AlterDomainStmt',
    'AlterEnumStmt',
    'AlterTypeStmt',
    'DefineStmt',
  ],
  ...[
    'CreateFunctionStmt',
    'AlterFunctionStmt',
    'CreateCastStmt',
    'CreateConversionStmt',
    'CreateOpClassStmt',
    'CreateOpFamilyStmt',
    'AlterOpFamilyStmt',
  ],
  ...[
    'AlterOperatorStmt',
    'CreateTransformStmt',
    'CreatePLangStmt',
    'AlterTSConfigurationStmt',
    'AlterTSDictionaryStmt',
    'AlterCollationStmt',
    'CreateAmStmt',
  ],
  ...['ReturnStmt', 'PLAssignStmt'],
  // What holds for any object.
  ...[
    'CreateSchemaStmt',
    'DropStmt',
    'RenameStmt',
    'AlterOwnerStmt',
    'AlterObjectSchemaStmt',
    'AlterObjectDependsStmt',
    'CommentStmt',
    'SecLabelStmt',
  ],
  ...[
    'GrantStmt',
    'AlterDefaultPrivilegesStmt',
    'CreateExtensionStmt',
    'AlterExtensionStmt',
    'AlterExtensionContentsStmt',
    'CreateEventTrigStmt',
    'AlterEventTrigStmt',
  ],
  ...[
    'CreatePublicationStmt',
    'AlterPublicationStmt',
    'CreateFdwStmt',
    'AlterFdwStmt',
    'CreateForeignServerStmt',
    'AlterForeignServerStmt',
  ],
  ...['CreateForeignTableStmt', 'CreateUserMappingStmt', 'AlterUserMappingStmt', 'DropUserMappingStmt'],
  // Session.
  ...['VariableSetStmt', 'VariableShowStmt', 'ConstraintsSetStmt', 'DiscardStmt', 'TransactionStmt', 'ReindexStmt'],
])

const clone = (because: string): RungNeed => ({ rung: 'clone', because })
const cluster = (because: string): RungNeed => ({ rung: 'cluster', because })

/** The objects that every database of a cluster shares. */
const shared: ReadonlySet<unknown> = new Set([
  'OBJECT_DATABASE',
  'OBJECT_ROLE',
  'OBJECT_TABLESPACE',
  'OBJECT_SUBSCRIPTION',
  'OBJECT_PARAMETER_ACL',
])

type Rule = (fields: Fields) => RungNeed | undefined

const when = (condition: boolean, need: RungNeed): RungNeed | undefined => (condition ? need : undefined)
const always =
  (need: RungNeed): Rule =>
  () =>
    need
const onShared: Rule = (fields) =>
  when(
    [fields.objtype, fields.objectType, fields.removeType, fields.renameType].some((type) => shared.has(type)),
    cluster('roles, databases and tablespaces belong to the whole cluster'),
  )
const roles = always(cluster('roles belong to the whole cluster'))
const databases = always(cluster('databases belong to the whole cluster'))

/** Statements, or forms of them, that are not for rung 1, each with what they need instead. */
const rules: Readonly<Record<string, Rule>> = {
  TransactionStmt: ({ kind }) => {
    if (asText(kind)?.match(/_(SAVEPOINT|RELEASE|ROLLBACK_TO)$/)) return undefined
    if (asText(kind)?.match(/PREPARE/)) return cluster('a prepared transaction outlives its session')
    return clone('the file controls its own transactions')
  },
  IndexStmt: ({ concurrent }) => when(concurrent === true, clone('CREATE INDEX CONCURRENTLY')),
  DropStmt: (fields) => (fields.concurrent === true ? clone('DROP INDEX CONCURRENTLY') : onShared(fields)),
  ReindexStmt: ({ kind, params }) =>
    when(
      asList(params).some((item) => fieldsOf(item, 'DefElem')?.defname === 'concurrently') || !/_(INDEX|TABLE)$/.test(String(kind)),
      clone('REINDEX CONCURRENTLY, or of more than one table'),
    ),
  ClusterStmt: ({ relation }) => when(relation === undefined, clone('CLUSTER of every table')),
  VacuumStmt: ({ is_vacuumcmd }) => when(is_vacuumcmd === true, clone('VACUUM')),
  AlterTableStmt: ({ cmds }) =>
    when(
      asList(cmds).some((item) => {
        const command = fieldsOf(item, 'AlterTableCmd')
        return command?.subtype === 'AT_DetachPartitionFinalize' || fieldsOf(command?.def, 'PartitionCmd')?.concurrent === true
      }),
      clone('DETACH PARTITION CONCURRENTLY'),
    ),
  AlterTableMoveAllStmt: always(clone('every table of a tablespace')),
  DiscardStmt: ({ target }) => when(target === 'DISCARD_ALL', clone('DISCARD ALL')),
  VariableSetStmt: ({ kind, name }) =>
    when(kind === 'VAR_SET_MULTI' || /^(default_)?transaction_/.test(asText(name) ?? ''), clone('SET TRANSACTION')),
  CopyStmt: ({ filename, is_program }) =>
    when(filename !== undefined || is_program === true, clone('COPY with a file or program of the server')),
  CheckPointStmt: always(clone('CHECKPOINT')),
  LoadStmt: always(clone('LOAD')),
  ImportForeignSchemaStmt: always(clone('IMPORT FOREIGN SCHEMA')),
  CreatedbStmt: databases,
  DropdbStmt: databases,
  AlterDatabaseStmt: databases,
  AlterDatabaseSetStmt: always(cluster('settings of a database belong to the whole cluster')),
  AlterDatabaseRefreshCollStmt: databases,
  AlterSystemStmt: always(cluster('ALTER SYSTEM')),
  CreateTableSpaceStmt: always(cluster('tablespaces belong to the whole cluster')),
  DropTableSpaceStmt: always(cluster('tablespaces belong to the whole cluster')),
  AlterTableSpaceOptionsStmt: always(cluster('tablespaces belong to the whole cluster')),
  CreateSubscriptionStmt: always(cluster('a subscription')),
  AlterSubscriptionStmt: always(cluster('a subscription')),
  DropSubscriptionStmt: always(cluster('a subscription')),
  CreateRoleStmt: roles,
  AlterRoleStmt: roles,
  AlterRoleSetStmt: roles,
  DropRoleStmt: roles,
  GrantRoleStmt: roles,
  ReassignOwnedStmt: roles,
  DropOwnedStmt: roles,
  GrantStmt: onShared,
  CommentStmt: onShared,
  SecLabelStmt: onShared,
  AlterOwnerStmt: onShared,
  RenameStmt: onShared,
}

/** What this statement needs instead of rung 1; undefined where its node alone decides. */
export function refusal(node: string, fields: Fields): RungNeed | undefined {
  return rules[node]?.(fields)
}
