import type { Statement } from '../migration/index.ts'
import { asText, fieldsOf } from '../migration/index.ts'

/**
 * Whether Flyway itself takes the statement out of a transaction. Not all that the server wants so: REINDEX … CONCURRENTLY of one index and
 * DETACH … CONCURRENTLY are not in its list.
 *
 * @see PostgreSQLParser.detectCanExecuteInTransaction in Flyway's source.
 */
export function flywayRunsAlone(statement: Statement): boolean {
  switch (statement.node) {
    case 'IndexStmt':
      return fieldsOf(statement.tree, 'IndexStmt')?.concurrent === true
    case 'DropStmt':
      return fieldsOf(statement.tree, 'DropStmt')?.concurrent === true
    case 'VacuumStmt':
      return fieldsOf(statement.tree, 'VacuumStmt')?.is_vacuumcmd === true
    case 'ReindexStmt':
      return /_(SCHEMA|SYSTEM|DATABASE)$/.test(asText(fieldsOf(statement.tree, 'ReindexStmt')?.kind) ?? '')
    case 'DiscardStmt':
      return fieldsOf(statement.tree, 'DiscardStmt')?.target === 'DISCARD_ALL'
    case 'AlterSystemStmt':
    case 'CreatedbStmt':
    case 'DropdbStmt':
    case 'CreateTableSpaceStmt':
    case 'DropTableSpaceStmt':
    case 'CreateSubscriptionStmt':
    case 'DropSubscriptionStmt':
      return true
    default:
      return false
  }
}
