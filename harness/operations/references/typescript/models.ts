import type ts from 'typescript'
import { schemaOf } from '../table-name.ts'
import { readBuilderName, useOfBuilderName } from './builder-name.ts'
import { type ProgramSearch, plainText, propertyOf } from './builders.ts'
import { textOf } from './texts.ts'

/** What a file says of the names that it imports and declares. */
export interface Declared {
  /** Names under which functions that make tables of Drizzle are imported. */
  readonly tables: ReadonlySet<string>
  /** Schemas of Drizzle, by the constants that hold them. */
  readonly schemas: ReadonlyMap<string, string>
}

/** Read the imports and constants at the top of a file. */
export function declaredIn(search: ProgramSearch, source: ts.SourceFile): Declared {
  const { compiler } = search
  const tables = new Set<string>()
  const schemas = new Map<string, string>()
  for (const statement of source.statements) {
    if (compiler.isImportDeclaration(statement) && /^['"]drizzle-orm\/pg-core['"]$/.test(statement.moduleSpecifier.getText())) {
      const named = statement.importClause?.namedBindings
      if (named === undefined || !compiler.isNamedImports(named)) continue
      for (const { name, propertyName } of named.elements)
        if (/^(pgTable|pgView|pgMaterializedView)$/.test((propertyName ?? name).text)) tables.add(name.text)
    }
    if (!compiler.isVariableStatement(statement)) continue
    for (const { name, initializer } of statement.declarationList.declarations) {
      if (initializer === undefined || !compiler.isCallExpression(initializer) || initializer.expression.getText() !== 'pgSchema') continue
      const schema = plainText(search, initializer.arguments[0])
      if (schema !== undefined) schemas.set(name.getText(), schema)
    }
  }
  return { tables, schemas }
}

/** Find the table where a model is bound to it: Drizzle's tables, entities of TypeORM, `tableName` of others. */
export function findInModel(search: ProgramSearch, node: ts.Node, declared: Declared): void {
  const { compiler, libraries } = search
  if (compiler.isClassDeclaration(node) && libraries.tableNames) findEntity(search, node)
  if (compiler.isCallExpression(node)) {
    const [first] = node.arguments
    const callee = node.expression
    if (first === undefined) return
    if (compiler.isIdentifier(callee) && declared.tables.has(callee.text)) {
      bind(search, first, 'Drizzle', undefined)
      settleColumns(search, node.arguments[1])
    }
    if (compiler.isPropertyAccessExpression(callee) && /^(table|view|materializedView)$/.test(callee.name.text)) {
      const schema = declared.schemas.get(callee.expression.getText())
      if (schema !== undefined) bind(search, first, 'Drizzle', schema)
    }
    if (compiler.isDecorator(node.parent) && compiler.isIdentifier(callee) && libraries.tableNames)
      decorate(search, callee.text, node.arguments)
    return
  }
  if (!libraries.tableNames) return
  const isNamed = (name: ts.Node | undefined) => name?.getText() === 'tableName'
  if ((compiler.isPropertyAssignment(node) || compiler.isPropertyDeclaration(node)) && isNamed(node.name) && node.initializer !== undefined)
    bind(search, node.initializer, 'model', undefined)
  if (compiler.isGetAccessor(node) && isNamed(node.name)) {
    const [only] = node.body?.statements ?? []
    if (only !== undefined && compiler.isReturnStatement(only) && only.expression !== undefined)
      bind(search, only.expression, 'model', undefined)
  }
}

/** `@Entity() class Orders`: the table's name is made of the class's, and would have to be given. */
function findEntity({ compiler, table, view, onUse }: ProgramSearch, node: ts.ClassDeclaration): void {
  const entity = (compiler.getDecorators(node) ?? []).find(({ expression }) => /^(View)?Entity\(\s*\)$/.test(expression.getText()))
  const snake = node.name?.text.replaceAll(/(?<=[a-z0-9])([A-Z])/g, '_$1').toLowerCase()
  if (entity === undefined || node.name === undefined || ![node.name.text, snake].includes(table.from.name)) return
  const place = { start: view.startOf(node.name.getStart()) ?? 0, end: view.endOf(node.name.end - 1) ?? 0, kind: 'TypeORM' }
  onUse({ ...place, because: `the table has its name from the class: give it @Entity('${table.to.name}')` })
}

/** `@Entity('orders')`, `@Entity({ name: 'orders', schema: 'sales' })`, `@JoinTable({ name: 'orders' })`. */
function decorate(search: ProgramSearch, name: string, [first, second]: readonly ts.Expression[]): void {
  if (first === undefined) return
  if (!/^(Entity|ViewEntity|JoinTable)$/.test(name)) {
    // Decorators of attributes name columns.
    search.settled.add(first)
    return
  }
  const options = [first, second].find((each) => each !== undefined && search.compiler.isObjectLiteralExpression(each))
  const isOptions = options !== undefined && search.compiler.isObjectLiteralExpression(options)
  const schema = isOptions ? plainText(search, propertyOf(search, options, 'schema')) : undefined
  const named = isOptions ? (propertyOf(search, options, 'name') ?? propertyOf(search, options, 'tableName')) : undefined
  const given = named ?? first
  if (!search.compiler.isObjectLiteralExpression(given)) bind(search, given, 'TypeORM', schema)
}

/** The columns of a table of Drizzle: `{ total: integer('total') }`. */
function settleColumns(search: ProgramSearch, columns: ts.Node | undefined): void {
  if (columns === undefined) return
  const { compiler, settled } = search
  if (compiler.isCallExpression(columns) && columns.arguments[0] !== undefined) settled.add(columns.arguments[0])
  compiler.forEachChild(columns, (child) => settleColumns(search, child))
}

function bind(search: ProgramSearch, node: ts.Expression, kind: string, schema: string | undefined): void {
  const text = textOf(search.compiler, search.view, node)
  if (text === undefined || text.holes) return
  const found = readBuilderName(text.view.text)
  if (found === undefined) return
  search.settled.add(node)
  const use = useOfBuilderName(found, {
    view: text.view,
    table: search.table,
    kind,
    schema: schema ?? schemaIfPublic(search),
    takesSchema: false,
  })
  if (use !== undefined) search.onUse(use)
}

/** A model without a schema is of the one that connections begin with. */
function schemaIfPublic({ table }: ProgramSearch): string | undefined {
  return schemaOf(table.from) === 'public' ? 'public' : undefined
}
