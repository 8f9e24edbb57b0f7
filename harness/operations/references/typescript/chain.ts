import type ts from 'typescript'
import type { Compiler } from './load.ts'

/** A call in a chain of calls: `.name(…)`. */
export interface Link {
  readonly name: string
  readonly parameters: readonly ts.Expression[]
  /** Properties between it and the call before: `schema` in `knex.schema.createTable(…)`. */
  readonly through: readonly string[]
}

/** Calls of what the one before gives: `root.first(…).second(…)`, in the order in which they are made. */
export interface Chain {
  readonly root: ts.Expression
  /** The last name of what the chain begins with: `knex` in `this.knex('orders')`; empty where it has none. */
  readonly rootName: string
  readonly links: readonly Link[]
}

/** The chain that ends with a call; undefined for a call in the middle of one. */
export function chainOf(compiler: Compiler, node: ts.Node): Chain | undefined {
  if (!compiler.isCallExpression(node)) return undefined
  const { parent } = node
  if (compiler.isPropertyAccessExpression(parent) && compiler.isCallExpression(parent.parent) && parent.parent.expression === parent)
    return undefined
  const links: Link[] = []
  let current: ts.Expression = node
  for (;;) {
    current = bare(compiler, current)
    if (!compiler.isCallExpression(current)) break
    const callee = bare(compiler, current.expression)
    if (!compiler.isPropertyAccessExpression(callee)) {
      links.unshift({ name: '', parameters: current.arguments, through: [] })
      return { root: callee, rootName: nameOf(compiler, callee), links }
    }
    const { through, below } = throughProperties(compiler, callee.expression)
    links.unshift({ name: callee.name.text, parameters: current.arguments, through })
    current = below
  }
  return { root: current, rootName: nameOf(compiler, current), links }
}

/** Properties down to a call, or to the whole of what the chain begins with. */
function throughProperties(compiler: Compiler, from: ts.Expression): { through: readonly string[]; below: ts.Expression } {
  const through: string[] = []
  let below = bare(compiler, from)
  while (compiler.isPropertyAccessExpression(below)) {
    through.unshift(below.name.text)
    below = bare(compiler, below.expression)
  }
  return compiler.isCallExpression(below) ? { through, below } : { through, below: from }
}

function bare(compiler: Compiler, node: ts.Expression): ts.Expression {
  if (
    compiler.isParenthesizedExpression(node) ||
    compiler.isAwaitExpression(node) ||
    compiler.isNonNullExpression(node) ||
    compiler.isAsExpression(node)
  )
    return bare(compiler, node.expression)
  return node
}

function nameOf(compiler: Compiler, node: ts.Expression): string {
  const plain = bare(compiler, node)
  if (compiler.isIdentifier(plain)) return plain.text
  return compiler.isPropertyAccessExpression(plain) ? plain.name.text : ''
}
