import type ts from 'typescript'
import { leftFor, type Search } from '../model.ts'
import { findName } from '../sql/constants.ts'
import { findInSql } from '../sql/find-in-sql.ts'
import { emptyScope, type Scope, standingOf } from '../sql/scope.ts'
import { looksLikeSql, type SqlSearch } from '../sql/statement.ts'
import { findUnread } from '../sql/unread.ts'
import { mayName } from '../table-name.ts'
import { joinViews, type View } from '../view.ts'
import { useOfColumn } from './builder-name.ts'
import { findInChain, type ProgramSearch } from './builders.ts'
import { chainOf } from './chain.ts'
import { isMigration } from './is-migration.ts'
import { librariesOf } from './libraries.ts'
import type { Compiler } from './load.ts'
import { type Declared, declaredIn, findInModel } from './models.ts'
import { isOfOtherServer, otherServers } from './other-servers.ts'
import type { Program, TableTypes } from './survey.ts'
import { type ProgramText, textOf } from './texts.ts'
import { findInType } from './types.ts'

/** Find the table in a file of TypeScript or JavaScript. @returns `migration` where it has the form of a step: then nothing is found. */
export function findInProgram(
  name: string,
  view: View,
  { table, onUse }: Omit<Search, 'view' | 'kind'>,
  program: Program,
): 'migration' | 'read' {
  const compiler = program.compiler()
  const source = compiler.createSourceFile(name, view.text, compiler.ScriptTarget.Latest, true)
  if (isMigration(compiler, source)) return 'migration'
  const libraries = librariesOf([...program.libraries(name), ...importsOf(compiler, source)])
  const search: ProgramSearch = { compiler, view, table, onUse, libraries, settled: new Set() }
  new ProgramReader(search, declaredIn(search, source), typesIn(compiler, source, program.types)).read(source, emptyScope)
  return 'read'
}

/** The same types, under the names that a file imports them by too. */
function typesIn(compiler: Compiler, source: ts.SourceFile, types: TableTypes): TableTypes {
  const named = source.statements.flatMap((statement) => {
    const bindings = compiler.isImportDeclaration(statement) ? statement.importClause?.namedBindings : undefined
    return bindings !== undefined && compiler.isNamedImports(bindings) ? [...bindings.elements] : []
  })
  const withNames = (known: ReadonlySet<string>) =>
    new Set([...known, ...named.flatMap(({ name, propertyName }) => (known.has(propertyName?.text ?? '') ? [name.text] : []))])
  return { kysely: withNames(types.kysely), supabase: withNames(types.supabase) }
}

function importsOf(compiler: Compiler, source: ts.SourceFile): readonly string[] {
  return source.statements.flatMap((statement) =>
    compiler.isImportDeclaration(statement) && compiler.isStringLiteral(statement.moduleSpecifier) ? [statement.moduleSpecifier.text] : [],
  )
}

const tags = /^(sql|raw|query|\$?queryRaw|\$?executeRaw|SQL|pgsql|psql)$/i

class ProgramReader {
  readonly #search: ProgramSearch
  readonly #declared: Declared
  readonly #types: TableTypes
  /** How many names of other servers are around the place. */
  #elsewhere = 0

  constructor(search: ProgramSearch, declared: Declared, types: TableTypes) {
    this.#search = { ...search, onUse: (use) => search.onUse(this.#elsewhere > 0 ? leftFor(otherServers, use) : use) }
    this.#declared = declared
    this.#types = types
  }

  read(node: ts.Node, scope: Scope): void {
    const { compiler } = this.#search
    const elsewhere = isOfOtherServer(compiler, node)
    if (elsewhere) this.#elsewhere += 1
    this.#read(node, scope)
    if (elsewhere) this.#elsewhere -= 1
  }

  #read(node: ts.Node, scope: Scope): void {
    const { compiler } = this.#search
    if (this.#isText(node) && this.#text(node, scope)) return
    findInModel(this.#search, node, this.#declared)
    findInType(this.#search, node, this.#types)
    const chain = chainOf(compiler, node)
    const inside = chain === undefined ? scope : findInChain(this.#search, chain, scope)
    compiler.forEachChild(node, (child) => this.read(child, inside))
  }

  #isText(node: ts.Node): node is ts.Expression {
    const { isStringLiteral, isNoSubstitutionTemplateLiteral, isTemplateExpression, isBinaryExpression, SyntaxKind } = this.#search.compiler
    if (isBinaryExpression(node)) return node.operatorToken.kind === SyntaxKind.PlusToken
    return isStringLiteral(node) || isNoSubstitutionTemplateLiteral(node) || isTemplateExpression(node)
  }

  /** @returns Whether what is inside has been read too. */
  #text(node: ts.Expression, scope: Scope): boolean {
    const { compiler, view, table, settled } = this.#search
    const text = textOf(compiler, view, node)
    if (text === undefined || settled.has(node) || !mayName(text.view.text, table.from.name)) return false
    if (this.#column(text, scope) || this.#isKey(node)) return false
    this.#sql(text, scope)
    // Expressions in the holes of a template are read by themselves.
    if (compiler.isTemplateExpression(node)) for (const { expression } of node.templateSpans) this.read(expression, scope)
    return !compiler.isBinaryExpression(node) || !text.holes
  }

  #sql({ node, view, holes }: ProgramText, scope: Scope): void {
    const { table, onUse } = this.#search
    const search: SqlSearch = { table, onUse, view, kind: 'SQL', scope }
    const part = this.#isTagged(node) || this.#isRaw(node)
    if (looksLikeSql(view.text)) findInSql(search)
    else if (part) {
      findInSql({ ...search, view: joinViews(['SELECT ', view]) })
      // A name that the part itself does not explain.
      if (standingOf(scope, table.from.name) === undefined) findUnread(search, 'it is a part of SQL')
    } else if (/\b(FROM|JOIN|INTO|UPDATE|TABLE)\s/.test(view.text)) findUnread(search, 'it is a part of SQL')
    else if (!holes) findName({ ...search, kind: 'text' }, 'it is a text that is the name')
  }

  /** A column as query builders write it. */
  #column({ view }: ProgramText, scope: Scope): boolean {
    const { table, libraries, onUse } = this.#search
    if (!libraries.kysely && !libraries.knex) return false
    const standing = standingOf(scope, table.from.name)
    const because = standing === 'table' ? undefined : 'nothing here says what its table is'
    const use = useOfColumn(view, table, libraries.kysely ? 'Kysely' : 'Knex', because)
    if (use !== undefined && standing !== 'other') onUse(use)
    return use !== undefined
  }

  #isTagged({ parent }: ts.Node): boolean {
    if (!this.#search.compiler.isTaggedTemplateExpression(parent)) return false
    const { tag } = parent
    return tags.test(this.#search.compiler.isPropertyAccessExpression(tag) ? tag.name.text : tag.getText().replace(/<.*$/s, ''))
  }

  /** `knex.raw('…')`, `whereRaw('…')`. */
  #isRaw({ parent }: ts.Node): boolean {
    const { compiler } = this.#search
    return (
      compiler.isCallExpression(parent) &&
      compiler.isPropertyAccessExpression(parent.expression) &&
      /^(raw|\w+Raw)$/.test(parent.expression.name.text)
    )
  }

  /** What names a module, a property or an attribute: no table, whatever it is called. */
  #isKey(node: ts.Expression): boolean {
    const { parent } = node
    const { compiler } = this.#search
    if (compiler.isImportDeclaration(parent) || compiler.isExportDeclaration(parent) || compiler.isExternalModuleReference(parent))
      return true
    if (compiler.isElementAccessExpression(parent)) return parent.argumentExpression === node
    if (compiler.isJsxAttribute(parent)) return true
    if (compiler.isLiteralTypeNode(parent) && compiler.isIndexedAccessTypeNode(parent.parent)) return true
    return 'name' in parent && parent.name === node
  }
}
