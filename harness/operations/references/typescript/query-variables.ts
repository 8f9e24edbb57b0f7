import type ts from 'typescript'
import { type Chain, chainOf } from './chain.ts'
import type { Compiler } from './load.ts'

/** The chain that a variable was made by: `query.where(…)` below `const query = knex('orders')`. */
export function chainOfVariable(compiler: Compiler, { root }: Chain): Chain | undefined {
  if (!compiler.isIdentifier(root)) return undefined
  for (let around: ts.Node | undefined = root.parent; around !== undefined; around = around.parent) {
    if (compiler.isFunctionLike(around) && around.parameters.some(({ name }) => name.getText() === root.text)) return undefined
    if (!compiler.isBlock(around) && !compiler.isSourceFile(around)) continue
    const declared = around.statements
      .flatMap((statement) => (compiler.isVariableStatement(statement) ? [...statement.declarationList.declarations] : []))
      .find(({ name }) => name.getText() === root.text)
    if (declared !== undefined) return declared.initializer === undefined ? undefined : chainWithin(compiler, declared.initializer)
  }
  return undefined
}

function chainWithin(compiler: Compiler, node: ts.Expression): Chain | undefined {
  // What is awaited are rows, and no query.
  return compiler.isParenthesizedExpression(node) || compiler.isAsExpression(node)
    ? chainWithin(compiler, node.expression)
    : chainOf(compiler, node)
}
