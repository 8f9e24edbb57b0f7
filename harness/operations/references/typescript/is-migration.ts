import type ts from 'typescript'
import type { Compiler } from './load.ts'

/** Whether a file gives `up` and `down`, or a class of migrations does: a step of Knex, Kysely, TypeORM, Umzug, node-pg-migrate and the like. */
export function isMigration(compiler: Compiler, source: ts.SourceFile): boolean {
  const given = new Set(source.statements.flatMap((statement) => namesGiven(compiler, statement)))
  return given.has('up') && given.has('down')
}

function namesGiven(compiler: Compiler, statement: ts.Statement): readonly string[] {
  if (compiler.isClassDeclaration(statement)) {
    const isOne = statement.heritageClauses?.some((clause) => /Migration/.test(clause.getText())) === true
    return isOne ? statement.members.flatMap(({ name }) => name?.getText() ?? []) : []
  }
  if (compiler.isFunctionDeclaration(statement)) return isExported(compiler, statement) ? [statement.name?.text ?? ''] : []
  if (compiler.isVariableStatement(statement))
    return isExported(compiler, statement) ? statement.declarationList.declarations.map(({ name }) => name.getText()) : []
  if (compiler.isExportDeclaration(statement)) {
    const { exportClause } = statement
    return exportClause !== undefined && compiler.isNamedExports(exportClause) ? exportClause.elements.map(({ name }) => name.text) : []
  }
  if (compiler.isExportAssignment(statement)) return keysOf(compiler, statement.expression)
  if (!compiler.isExpressionStatement(statement) || !compiler.isBinaryExpression(statement.expression)) return []
  const { left, right } = statement.expression
  const [, name] = /^(?:module\.)?exports(?:\.(\w+))?$/.exec(left.getText()) ?? []
  if (name !== undefined) return [name]
  return left.getText() === 'module.exports' ? keysOf(compiler, right) : []
}

function isExported(compiler: Compiler, { modifiers }: ts.FunctionDeclaration | ts.VariableStatement): boolean {
  return modifiers?.some(({ kind }) => kind === compiler.SyntaxKind.ExportKeyword) === true
}

function keysOf(compiler: Compiler, node: ts.Expression): readonly string[] {
  return compiler.isObjectLiteralExpression(node) ? node.properties.flatMap(({ name }) => name?.getText() ?? []) : []
}
