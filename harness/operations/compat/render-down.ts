import { quoteLiteral } from '../../postgres/index.ts'
import type { TablePlan } from './model.ts'
import { identifier, qualified } from './names.ts'
import { isElsewhere } from './plan-joined.ts'
import { renderJoinedDrop, renderValueFunctions } from './render-joined.ts'
import { keyFunctions } from './render-keys.ts'
import { renderRenameBack } from './render-rename.ts'
import { renderColumnRights } from './render-rights.ts'
import { triggerFunction } from './render-trigger.ts'
import { replaceColumns } from './replace-columns.ts'

/** The statements that take the view away and give the table its old name and shape, with every row written since. */
export function renderDown(plan: TablePlan): readonly string[] {
  const { legacy } = plan
  const own = triggerFunction(plan)
  return [
    ...renderValueFunctions(plan),
    ...renderOldColumns(plan),
    `DROP VIEW ${qualified(legacy)};`,
    ...[...(own === undefined ? [] : [own]), ...keyFunctions(plan).values()].map((name) => `DROP FUNCTION ${qualified(name)}();`),
    ...dropped(plan),
    ...renderJoinedDrop(plan),
    ...renderRenameBack(plan),
    ...renderOldDefinitions(plan),
  ]
}

/** The new name of a column that must make room for an old one. */
function meanwhileOf(plan: TablePlan): (name: string) => string {
  const old = new Set(plan.conversions.flatMap((each) => each.old.map(({ attribute }) => attribute.name)))
  return (name) => (old.has(name) ? `${name}_after` : name)
}

function renderOldColumns(plan: TablePlan): readonly string[] {
  const { to, legacy, added, remade, conversions, lookups } = plan
  const table = qualified(to)
  const meanwhile = meanwhileOf(plan)
  const old = conversions.flatMap((each) => each.old)
  if (old.length === 0) return []
  const types = old.map(({ attribute }) => `${attribute.type}${attribute.collation === undefined ? '' : ` COLLATE ${attribute.collation}`}`)
  return [
    ...remade.constraints
      .filter((each) => !isElsewhere(lookups, each))
      .map(({ name, kind }) =>
        kind === 'check'
          ? `ALTER TABLE ${table} DROP CONSTRAINT IF EXISTS ${identifier(name)};`
          : `DROP INDEX ${qualified({ schema: to.schema, name })};`,
      ),
    ...remade.indexes.map(({ name }) => `DROP INDEX ${qualified({ schema: to.schema, name })};`),
    ...added.flatMap(({ name }) =>
      meanwhile(name) === name ? [] : [`ALTER TABLE ${table} RENAME COLUMN ${identifier(name)} TO ${identifier(meanwhile(name))};`],
    ),
    `ALTER TABLE ${table}\n    ${old.map(({ attribute }, at) => `ADD COLUMN ${identifier(attribute.name)} ${types[at]}`).join(',\n    ')};`,
    `ALTER TABLE ${table}\n    ${old
      .map(
        ({ attribute, back }, at) =>
          `ALTER COLUMN ${identifier(attribute.name)} TYPE ${types[at]} USING ((${replaceColumns(back, `the expression of "${attribute.name}"`, (name) => identifier(meanwhile(name)))})::${attribute.type})`,
      )
      .join(',\n    ')};`,
    renderColumnRights(
      legacy,
      to,
      old.map(({ attribute }) => [attribute.name, attribute.name] as const),
    ),
  ]
}

function dropped(plan: TablePlan): readonly string[] {
  const { to, added } = plan
  if (added.length === 0) return []
  const meanwhile = meanwhileOf(plan)
  return [`ALTER TABLE ${qualified(to)}\n    ${added.map(({ name }) => `DROP COLUMN ${identifier(meanwhile(name))}`).join(',\n    ')};`]
}

function renderOldDefinitions({ legacy, conversions, remade, moves }: TablePlan): readonly string[] {
  const table = qualified(legacy)
  const old = conversions.flatMap((each) => each.old.map(({ attribute }) => attribute))
  const actions = [
    ...old.flatMap(({ name, notNull }) => (notNull ? [`ALTER COLUMN ${identifier(name)} SET NOT NULL`] : [])),
    ...old.flatMap((each) => (each.default === undefined ? [] : [`ALTER COLUMN ${identifier(each.name)} SET DEFAULT ${each.default}`])),
    ...[...remade.constraints, ...moves.flatMap(({ constraints }) => constraints)].map(
      ({ name, definition }) => `ADD CONSTRAINT ${identifier(name)} ${definition}`,
    ),
  ]
  return [
    ...(actions.length === 0 ? [] : [`ALTER TABLE ${table}\n    ${actions.join(',\n    ')};`]),
    ...[...remade.indexes, ...moves.flatMap(({ indexes }) => indexes)].map(({ definition }) => `${definition};`),
    ...old.flatMap(({ name, comment }) =>
      comment === undefined ? [] : [`COMMENT ON COLUMN ${table}.${identifier(name)} IS ${quoteLiteral(comment).trimStart()};`],
    ),
  ]
}
