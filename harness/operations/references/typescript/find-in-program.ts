import type ts from 'typescript'
import type { Search } from '../model.ts'
import { findName } from '../sql/constants.ts'
import { findInSql } from '../sql/find-in-sql.ts'
import { looksLikeSql } from '../sql/statement.ts'
import { findUnread } from '../sql/unread.ts'
import { mayName } from '../table-name.ts'
import type { View } from '../view.ts'
import type { Compiler } from './load.ts'
import { textOf } from './texts.ts'

/** What is known of the programs of a project before one of them is read. */
export interface Program {
  /** Loaded when the first file asks for it. */
  readonly compiler: () => Compiler
}

/** Find the table in a file of TypeScript or JavaScript. @returns `migration` where it has the form of a step: then nothing is found. */
export function findInProgram(name: string, view: View, search: Omit<Search, 'view' | 'kind'>, program: Program): 'migration' | 'read' {
  const compiler = program.compiler()
  const source = compiler.createSourceFile(name, view.text, compiler.ScriptTarget.Latest, true)
  const reader = new ProgramReader(compiler, view, search)
  if (isMigration(compiler, source)) return 'migration'
  reader.read(source)
  return 'read'
}

/** A file that gives `up` and `down`, or a class that does, is a step of Knex, Kysely, TypeORM, Umzug or node-pg-migrate. */
function isMigration(compiler: Compiler, source: ts.SourceFile): boolean {
  const given = new Set<string>()
  const visit = (node: ts.Node): void => {
    if (compiler.isFunctionDeclaration(node) || compiler.isVariableDeclaration(node) || compiler.isMethodDeclaration(node)) {
      if (compiler.isMethodDeclaration(node) && !/Migration/.test(node.parent.getText().slice(0, 400))) return
      if (node.name !== undefined && compiler.isIdentifier(node.name)) given.add(node.name.text)
    }
    const assigned = /^(?:module\.)?exports\.(up|down)\s*=/.exec(compiler.isExpressionStatement(node) ? node.getText() : '')?.[1]
    if (assigned !== undefined) given.add(assigned)
    if (!compiler.isFunctionLike(node)) compiler.forEachChild(node, visit)
  }
  visit(source)
  return given.has('up') && given.has('down')
}

const tags = /^(sql|raw|query|\$?queryRaw|\$?executeRaw|SQL|pgsql|psql)$/i

class ProgramReader {
  readonly #compiler: Compiler
  readonly #view: View
  readonly #search: Omit<Search, 'view' | 'kind'>

  constructor(compiler: Compiler, view: View, search: Omit<Search, 'view' | 'kind'>) {
    this.#compiler = compiler
    this.#view = view
    this.#search = search
  }

  read(node: ts.Node): void {
    if (this.#isText(node) && this.#text(node)) return
    this.#compiler.forEachChild(node, (child) => this.read(child))
  }

  #isText(node: ts.Node): node is ts.Expression {
    const { isStringLiteral, isNoSubstitutionTemplateLiteral, isTemplateExpression, isBinaryExpression, SyntaxKind } = this.#compiler
    if (isBinaryExpression(node)) return node.operatorToken.kind === SyntaxKind.PlusToken
    return isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) || isTemplateExpression(node)
  }

  /** @returns Whether what is inside has been read too. */
  #text(node: ts.Expression): boolean {
    const text = textOf(this.#compiler, this.#view, node)
    const { from } = this.#search.table
    if (text === undefined || !mayName(text.view.text, from.name) || this.#isKey(node)) return false
    const search = { ...this.#search, view: text.view, kind: 'SQL' }
    if (looksLikeSql(text.view.text)) findInSql(search)
    else if (this.#isTagged(node) || /\b(FROM|JOIN|INTO|UPDATE|TABLE)\s/.test(text.view.text)) findUnread(search, 'it is a part of SQL')
    else if (!text.holes) findName({ ...search, kind: 'text' }, 'it is a text that is the name')
    // Expressions in the holes of a template are read by themselves.
    if (this.#compiler.isTemplateExpression(node)) for (const { expression } of node.templateSpans) this.read(expression)
    return !this.#compiler.isBinaryExpression(node) || !text.holes
  }

  #isTagged({ parent }: ts.Node): boolean {
    if (!this.#compiler.isTaggedTemplateExpression(parent)) return false
    const { tag } = parent
    return tags.test(this.#compiler.isPropertyAccessExpression(tag) ? tag.name.text : tag.getText())
  }

  /** What names a module, a property or an attribute: no table, whatever it is called. */
  #isKey(node: ts.Expression): boolean {
    const { parent } = node
    const c = this.#compiler
    if (c.isImportDeclaration(parent) || c.isExportDeclaration(parent) || c.isExternalModuleReference(parent)) return true
    if (c.isElementAccessExpression(parent)) return parent.argumentExpression === node
    if (c.isLiteralTypeNode(parent) || c.isJsxAttribute(parent)) return true
    return 'name' in parent && parent.name === node
  }
}
