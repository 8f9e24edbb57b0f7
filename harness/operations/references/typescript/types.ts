import type ts from 'typescript'
import { movesSchema, schemaOf } from '../table-name.ts'
import type { ProgramSearch } from './builders.ts'
import type { TableTypes } from './survey.ts'
import { textOf } from './texts.ts'

/**
 * Find the table in types that list tables by their names: the type that Kysely is given, and those that Supabase generates
 * (`Database['public']['Tables']['orders']`).
 */
export function findInType(search: ProgramSearch, node: ts.Node, types: TableTypes): void {
  const { compiler, libraries } = search
  if (compiler.isPropertySignature(node)) {
    const container = node.parent
    if (libraries.kysely && isKyselyType(search, container, types.kysely)) replaceKey(search, node.name, 'Kysely')
    else if (libraries.supabase && isTables(search, container)) replaceKey(search, node.name, 'Supabase')
    else if (libraries.supabase && node.name.getText() === 'referencedRelation') replaceLiteral(search, node.type)
  }
  if (!libraries.supabase) return
  if (compiler.isIndexedAccessTypeNode(node) && isTablesOfSchema(search, node.objectType)) replaceLiteral(search, node.indexType)
  if (compiler.isTypeReferenceNode(node) && types.supabase.has(node.typeName.getText())) replaceLiteral(search, node.typeArguments?.[0])
}

function isKyselyType({ compiler }: ProgramSearch, container: ts.Node, names: ReadonlySet<string>): boolean {
  if (compiler.isInterfaceDeclaration(container)) return names.has(container.name.text)
  return compiler.isTypeLiteralNode(container) && compiler.isTypeAliasDeclaration(container.parent) && names.has(container.parent.name.text)
}

/** `{ public: { Tables: { … } } }`, up from the innermost braces. */
function isTables({ compiler, table }: ProgramSearch, container: ts.Node): boolean {
  if (!compiler.isTypeLiteralNode(container)) return false
  const tables = container.parent
  if (!compiler.isPropertySignature(tables) || !/^(Tables|Views)$/.test(tables.name.getText())) return false
  const schema = tables.parent.parent
  return compiler.isPropertySignature(schema) && schema.name.getText().replaceAll(/['"]/g, '') === schemaOf(table.from)
}

/** `Database['public']['Tables']`. */
function isTablesOfSchema({ compiler, table }: ProgramSearch, type: ts.TypeNode): boolean {
  if (!compiler.isIndexedAccessTypeNode(type) || !/^['"](Tables|Views)['"]$/.test(type.indexType.getText())) return false
  const { objectType: schema } = type
  return !compiler.isIndexedAccessTypeNode(schema) || schema.indexType.getText().replaceAll(/['"]/g, '') === schemaOf(table.from)
}

function replaceKey(search: ProgramSearch, name: ts.PropertyName, kind: string): void {
  const { compiler, table, view } = search
  if (compiler.isStringLiteral(name)) {
    replaceText(search, name, kind)
    return
  }
  if (name.getText() !== table.from.name) return
  const place = { start: view.startOf(name.getStart()) ?? 0, end: view.endOf(name.end - 1) ?? 0, kind }
  const isIdentifier = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(table.to.name)
  const after = isIdentifier ? table.to.name : JSON.stringify(table.to.name)
  search.onUse(movesSchema(table) ? { ...place, because: 'the table gets into another schema' } : { ...place, after })
}

function replaceLiteral(search: ProgramSearch, type: ts.TypeNode | undefined): void {
  const { compiler } = search
  if (type !== undefined && compiler.isLiteralTypeNode(type) && compiler.isStringLiteral(type.literal))
    replaceText(search, type.literal, 'Supabase')
}

function replaceText(search: ProgramSearch, node: ts.StringLiteral, kind: string): void {
  const { table } = search
  const view = textOf(search.compiler, search.view, node)?.view
  const qualified = `${schemaOf(table.from)}.${table.from.name}`
  if (view === undefined || (view.text !== table.from.name && view.text !== qualified)) return
  const place = {
    start: view.startOf(view.text.length - table.from.name.length) ?? 0,
    end: view.endOf(view.text.length - 1) ?? 0,
    kind,
  }
  const moves = movesSchema(table) ? { because: 'the table gets into another schema' } : { after: view.encode(table.to.name) }
  search.onUse({ ...place, ...moves })
}
