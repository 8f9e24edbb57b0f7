import type { Statement } from './model.ts'
import { asList, asText, fieldsOf, nodeOf } from './tree.ts'

/**
 * Whether the server refuses the statement inside a transaction block (25001): CONCURRENTLY, VACUUM, databases, tablespaces, …
 *
 * @see PreventInTransactionBlock in PostgreSQL's source.
 */
export function isStandalone(statement: Statement): boolean {
  const node = nodeOf(statement.tree)
  if (node === undefined) return false
  const { name, fields } = node
  switch (name) {
    case 'CreatedbStmt':
    case 'DropdbStmt':
    case 'CreateTableSpaceStmt':
    case 'DropTableSpaceStmt':
    case 'AlterSystemStmt':
      return true
    case 'IndexStmt':
      return fields.concurrent === true
    case 'DropStmt':
      return fields.concurrent === true
    case 'VacuumStmt':
      return fields.is_vacuumcmd === true
    case 'ReindexStmt':
      return isOption(fields.params, 'concurrently') || /_(SCHEMA|SYSTEM|DATABASE)$/.test(asText(fields.kind) ?? '')
    case 'ClusterStmt':
      return fields.relation === undefined
    case 'AlterTableStmt':
      return asList(fields.cmds).some((cmd) => {
        const command = fieldsOf(cmd, 'AlterTableCmd')
        return command?.subtype === 'AT_DetachPartition' && fieldsOf(command.def, 'PartitionCmd')?.concurrent === true
      })
    case 'DiscardStmt':
      return fields.target === 'DISCARD_ALL'
    case 'CreateSubscriptionStmt':
      // It makes a slot on the publisher unless told not to.
      return !isOptionFalse(fields.options, 'connect') && !isOptionFalse(fields.options, 'create_slot')
    case 'DropSubscriptionStmt':
      return true
    case 'AlterDatabaseStmt':
      return isOption(fields.options, 'tablespace')
    default:
      return false
  }
}

function isOption(list: unknown, name: string): boolean {
  const option = optionOf(list, name)
  return option !== undefined && !isFalse(option.arg)
}

function isOptionFalse(list: unknown, name: string): boolean {
  const option = optionOf(list, name)
  return option !== undefined && isFalse(option.arg)
}

function optionOf(list: unknown, name: string): Readonly<Record<string, unknown>> | undefined {
  return asList(list)
    .map((each) => fieldsOf(each, 'DefElem'))
    .find((each) => each?.defname === name)
}

function isFalse(value: unknown): boolean {
  const text = asText(fieldsOf(value, 'String')?.sval)?.toLowerCase()
  return text === 'false' || text === 'off' || fieldsOf(value, 'Boolean')?.boolval === false
}
