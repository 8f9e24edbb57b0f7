import type { Catalog, Relation } from '../catalog/index.ts'
import type { Hints } from '../data/index.ts'
import { mentionsName } from '../postgres/index.ts'
import { CastCollector } from './cast-collector.ts'
import { HintCollector } from './hint-collector.ts'
import { HintWalker } from './hint-walker.ts'
import type { Script } from './model.ts'
import { columnOf, RelationNames } from './relation-names.ts'
import { scopeIn } from './scope.ts'
import { fieldsOf, stringsOf, tryParse, tryParseExpression } from './tree.ts'
import { TypeNames } from './type-names.ts'

/**
 * What the SQL of a migration tells of the rows that it will meet: constants, attributes that are equated without a foreign key, keys in
 * JSON, time zones, casts with values at the borders of what they accept; from the scripts themselves, the functions that they create, and the checks, defaults, partial indexes, triggers and
 * views of the relations that they name. Relations and attributes bear the names of `catalog`, whatever the scripts rename them to.
 *
 * @param scripts  In the order in which they run: up, then down.
 * @param catalog  Of the legacy database.
 * @param downFrom Index of the first script of down; without it, every script after the first is one.
 * @param functions Of the legacy database, by bare name: those that triggers of the named relations run are read too.
 */
export function readHints(
  scripts: readonly Script[],
  catalog: Catalog,
  downFrom = 1,
  functions: readonly { readonly name: string; readonly source: string }[] = [],
): Hints {
  const types = new TypeNames(catalog)
  const casts = new CastCollector(catalog, types)
  const hints = new HintCollector(catalog, casts)
  const names = new RelationNames(catalog, types)
  const relations = namedRelations(scripts, catalog)
  const triggered = triggerRelations(scripts, relations)
  const walker = new HintWalker(hints, names, types, triggered)
  for (const relation of relations) readRelation(relation, catalog, walker, names)
  hints.ofTriggers(() => {
    for (const { name, source } of functions) {
      if (!triggered.has(name)) continue
      const definition = `CREATE FUNCTION "${name.replaceAll('"', '""')}"() RETURNS trigger LANGUAGE plpgsql AS $godwit$${source}$godwit$`
      for (const tree of tryParse(definition) ?? []) walker.statement(tree, undefined, definition)
    }
  })
  for (const [index, script] of scripts.entries()) {
    casts.direction = index < downFrom ? 'up' : 'down'
    for (const statement of script.statements) walker.statement(statement.tree, undefined, statement.text)
  }
  return hints.hints()
}

/** Those whose name occurs in a script; a history's other relations would cost more to parse than they tell. */
function namedRelations(scripts: readonly Script[], catalog: Catalog): readonly Relation[] {
  const text = scripts
    .map((script) => script.text)
    .join('\n')
    .toLowerCase()
  const named = [...catalog.relations.values()].filter((relation) => text.includes(relation.name.toLowerCase()))
  // How the application joins them stands in the views over them.
  const views = [...catalog.relations.values()].filter(
    ({ definition, name }) =>
      definition !== undefined && !text.includes(name.toLowerCase()) && named.some((each) => mentionsName(definition, each.name)),
  )
  return [...named, ...views]
}

function readRelation(relation: Relation, catalog: Catalog, walker: HintWalker, names: RelationNames): void {
  const range = { schemaname: relation.schema, relname: relation.name }
  if (relation.definition !== undefined) {
    for (const tree of tryParse(relation.definition) ?? []) walker.statement(tree, undefined)
    return
  }
  const columns = names.columns(range)
  const scope = scopeIn(undefined, [{ alias: relation.name, columns }])
  const expressions = [
    ...relation.constraints.map((constraint) => constraint.expression),
    ...relation.indexes.map((index) => index.predicate),
  ]
  for (const expression of expressions) if (expression !== undefined) walker.expression(tryParseExpression(expression), scope)
  for (const attribute of relation.attributes) {
    // Only a quote or a digit can begin a constant; most defaults are calls.
    if (attribute.default !== undefined && /^[('\d-]|^(true|false)$/.test(attribute.default)) {
      walker.assign(columnOf(columns, attribute.name), tryParseExpression(attribute.default), scope)
    }
    const type = catalog.types.get(attribute.typePath)
    if (type?.kind !== 'domain') continue
    const value = { references: new Map([['value', columnOf(columns, attribute.name)]]), open: undefined }
    for (const check of type.checks)
      walker.expression(tryParseExpression(check.expression), scopeIn(undefined, [{ alias: '', columns: value }]))
    if (type.default !== undefined) walker.assign(columnOf(columns, attribute.name), tryParseExpression(type.default), scope)
  }
  for (const trigger of relation.triggers) {
    for (const tree of /\bWHEN \(/.test(trigger.definition) ? (tryParse(trigger.definition) ?? []) : []) walker.statement(tree, undefined)
  }
}

/** By bare function name, the relation on which a trigger runs it: of the scripts and of the catalog. */
function triggerRelations(scripts: readonly Script[], relations: readonly Relation[]): ReadonlyMap<string, unknown> {
  const definitions = relations.flatMap((relation) => relation.triggers.map((trigger) => trigger.definition))
  const trees = [
    ...definitions.flatMap((definition) => tryParse(definition) ?? []),
    ...scripts.flatMap((script) =>
      script.statements.filter((statement) => statement.node === 'CreateTrigStmt').map((statement) => statement.tree),
    ),
  ]
  const found = new Map<string, unknown>()
  for (const tree of trees) {
    const trigger = fieldsOf(tree, 'CreateTrigStmt')
    const name = stringsOf(trigger?.funcname).at(-1)
    if (name !== undefined) found.set(name, trigger?.relation)
  }
  return found
}
