import type ts from 'typescript'
import type { Search, Use } from '../model.ts'
import { type Scope, type Standing, standingOf } from '../sql/scope.ts'
import { mayName } from '../table-name.ts'
import type { View } from '../view.ts'
import { readBuilderName, standingOfName, useOfBuilderName } from './builder-name.ts'
import type { Chain } from './chain.ts'
import { namesQuery, saysSchema, type TakesTable, takesRange, takesTable } from './chain-tables.ts'
import { findEmbedded } from './embedded.ts'
import type { Libraries } from './libraries.ts'
import type { Compiler } from './load.ts'
import { chainOfVariable } from './query-variables.ts'
import { textOf } from './texts.ts'

/** A file of a program that is searched. */
export interface ProgramSearch extends Omit<Search, 'view' | 'kind'> {
  readonly compiler: Compiler
  /** The whole file. */
  readonly view: View
  readonly libraries: Libraries
  /** Texts that are known not to be a table. */
  readonly settled: Set<ts.Node>
}

/** Variables that are made of variables are followed so far. */
const mostVariables = 4

/** Find the table where a chain of calls takes it. @returns What names mean inside of the chain. */
export function findInChain(search: ProgramSearch, chain: Chain, around: Scope, variables = 0): Scope {
  const { libraries, settled } = search
  const ranges = new Map<string, Standing>()
  const queries = new Set(chain.links.flatMap((link) => (namesQuery(link) ? nameOfQuery(search, link.parameters[0]) : [])))
  const schema = chain.links.flatMap((link) => (saysSchema(link, libraries) ? (plainText(search, link.parameters[0]) ?? []) : [])).at(-1)
  for (const [at, link] of chain.links.entries()) {
    const taken = takesTable(chain, at, libraries)
    const texts = textsOf(search, link.parameters[0])
    if (taken === 'none') for (const text of texts) settled.add(text)
    if (taken !== undefined && taken !== 'none') {
      for (const text of texts) takeTable(search, text, { taken, schema, queries, ranges })
      if (taken.kind === 'Supabase') findSelects(search, chain, at)
    }
    if (link.name === 'on') findChanges(search, link.parameters)
    if (namesQuery(link) || (libraries.supabase && link.name === 'channel')) for (const text of texts) settled.add(text)
  }
  if (chain.links.some((_, at) => typeof takesTable(chain, at, libraries) === 'object')) settleColumns(search, chain)
  for (const query of queries) ranges.set(query, 'other')
  const made = variables < mostVariables ? chainOfVariable(search.compiler, chain) : undefined
  const silent = { ...search, settled: new Set<ts.Node>(), onUse: () => undefined }
  const parent = made === undefined ? around : findInChain(silent, made, around, variables + 1)
  const inside: Scope = { withQueries: new Set(), ranges, parent }
  for (const link of chain.links)
    if (takesRange(link)) for (const text of textsOf(search, link.parameters[0])) takeRange(search, text, inside)
  return inside
}

/** What other calls of a chain take as a text alone is a column. */
function settleColumns(search: ProgramSearch, { links }: Chain): void {
  for (const { parameters } of links) {
    for (const text of parameters.flatMap((each) => textsOf(search, each)))
      if (plainText(search, text) === search.table.from.name) search.settled.add(text)
  }
}

interface Taking {
  readonly taken: TakesTable
  readonly schema: string | undefined
  readonly queries: ReadonlySet<string>
  readonly ranges: Map<string, Standing>
}

function takeTable(search: ProgramSearch, node: ts.Expression, { taken, schema, queries, ranges }: Taking): void {
  const view = textOf(search.compiler, search.view, node)?.view
  const found = view && readBuilderName(view.text)
  if (view === undefined || found === undefined) return
  search.settled.add(node)
  if (found.schema === undefined && queries.has(found.name)) return
  if (taken.ranges) ranges.set(...standingOfName(found, schema, search.table))
  const use = useOfBuilderName(found, { ...taken, view, table: search.table, schema })
  if (use !== undefined) search.onUse(use)
}

/** `selectAll('orders')`: the name as it is seen. */
function takeRange(search: ProgramSearch, node: ts.Expression, scope: Scope): void {
  const view = textOf(search.compiler, search.view, node)?.view
  if (view?.text !== search.table.from.name) return
  search.settled.add(node)
  const standing = standingOf(scope, view.text)
  if (standing === 'other') return
  const place = { start: view.startOf(0) ?? 0, end: view.endOf(view.text.length - 1) ?? 0, kind: 'Kysely' }
  const use: Use =
    standing === 'table'
      ? { ...place, after: view.encode(search.table.to.name) }
      : { ...place, because: 'it is no table of this chain of calls' }
  search.onUse(use)
}

/** The selects of a chain of Supabase embed other tables. */
function findSelects(search: ProgramSearch, { links }: Chain, from: number): void {
  for (const { name, parameters } of links.slice(from + 1)) {
    const text = name === 'select' && parameters[0] !== undefined ? textOf(search.compiler, search.view, parameters[0]) : undefined
    if (text === undefined || !mayName(text.view.text, search.table.from.name)) continue
    search.settled.add(text.node)
    findEmbedded(text.view, search.table, 'Supabase', search.onUse)
  }
}

/** `on('postgres_changes', { schema: 'public', table: 'orders' }, …)`. */
function findChanges(search: ProgramSearch, [event, filter]: readonly ts.Expression[]): void {
  const { compiler, libraries } = search
  if (!libraries.supabase || plainText(search, event) !== 'postgres_changes' || filter === undefined) return
  if (!compiler.isObjectLiteralExpression(filter)) return
  const schema = plainText(search, propertyOf(search, filter, 'schema'))
  const table = propertyOf(search, filter, 'table')
  if (table === undefined) return
  const taken = { kind: 'Supabase', takesSchema: false, ranges: false }
  takeTable(search, table, { taken, schema, queries: new Set(), ranges: new Map() })
}

/** The value of a property of an object that is written there. */
export function propertyOf({ compiler }: ProgramSearch, object: ts.ObjectLiteralExpression, name: string): ts.Expression | undefined {
  const property = object.properties.find((each) => each.name !== undefined && each.name.getText().replaceAll(/['"]/g, '') === name)
  return property !== undefined && compiler.isPropertyAssignment(property) ? property.initializer : undefined
}

/** A text that is known as a whole. */
export function plainText(search: ProgramSearch, node: ts.Expression | undefined): string | undefined {
  const text = node === undefined ? undefined : textOf(search.compiler, search.view, node)
  return text === undefined || text.holes ? undefined : text.view.text
}

/** A query's own name: `recent`, or with its columns `recent(id)`. */
function nameOfQuery(search: ProgramSearch, node: ts.Expression | undefined): readonly string[] {
  const text = plainText(search, node)
  return text === undefined ? [] : [text.replace(/\(.*$/s, '').trim()]
}

/** Texts in the place of a table: one, those of a list, or the values of an object of aliases. */
function textsOf(search: ProgramSearch, node: ts.Expression | undefined): readonly ts.Expression[] {
  const { compiler } = search
  if (node === undefined) return []
  if (compiler.isArrayLiteralExpression(node)) return node.elements.flatMap((each) => textsOf(search, each))
  return plainText(search, node) === undefined ? [] : [node]
}
