import type ts from 'typescript'
import type { Compiler } from './load.ts'

export const otherServers = 'it is named for another server'

const names = /clickhouse|mysql|mariadb|sqlite|mssql|sqlserver|snowflake|bigquery|duckdb|cassandra/i
/** `queryClickhouse(…)`, `clickhouse.query(…)`. */
const calls = new RegExp(`\\w*(${names.source})\\w*(<[^()]*>)?(\\.\\w+)*\\s*\\(`, 'i')

/** Whether a path or a name is that of another server, which has tables of its own. */
export function namesOtherServer(name: string): boolean {
  return names.test(name)
}

/** Whether what is inside of a node is for another server: by the name of a function, a constant or what is called, or as a function calls it. */
export function isOfOtherServer(compiler: Compiler, node: ts.Node): boolean {
  if (compiler.isCallExpression(node) || compiler.isTaggedTemplateExpression(node)) {
    const called = compiler.isCallExpression(node) ? node.expression : node.tag
    return namesOtherServer(compiler.isPropertyAccessExpression(called) ? called.getText().slice(0, 80) : called.getText().slice(-80))
  }
  if (compiler.isFunctionLike(node) && calls.test(node.getText())) return true
  const named =
    compiler.isFunctionDeclaration(node) ||
    compiler.isMethodDeclaration(node) ||
    compiler.isClassDeclaration(node) ||
    compiler.isVariableDeclaration(node) ||
    compiler.isPropertyAssignment(node)
  return named && node.name !== undefined && namesOtherServer(node.name.getText())
}
