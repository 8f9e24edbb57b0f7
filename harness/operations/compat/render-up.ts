import type { Attribute, Constraint, Index } from '../../catalog/index.ts'
import { quoteLiteral } from '../../postgres/index.ts'
import { nullsNotDistinct } from './check-conversion.ts'
import type { GoneColumn, NewColumn, TablePlan } from './model.ts'
import { identifier, qualified } from './names.ts'
import { isElsewhere } from './plan-joined.ts'
import { renderJoinedTables, renderJoins, renderLookupKeys } from './render-joined.ts'
import { keyFunctions, renderKeyFunctions } from './render-keys.ts'
import { renderRename } from './render-rename.ts'
import { renderColumnRights, renderViewRights } from './render-rights.ts'
import { renderTrigger } from './render-trigger.ts'
import { columnsIn, replaceColumns } from './replace-columns.ts'

/** The statements that give a table its new shape and put a view under its old name. */
export function renderUp(plan: TablePlan): readonly string[] {
  return [
    ...renderRename(plan),
    ...renderJoinedTables(plan),
    ...renderNewColumns(plan),
    ...renderLookupKeys(plan),
    renderView(plan),
    ...renderKeyFunctions(plan),
    ...renderDefaults(plan),
    ...renderComments(plan),
    ...renderTrigger(plan),
    ...renderRights(plan),
    ...renderDrop(plan),
    ...renderRemade(plan),
  ]
}

/** What old columns become. ALTER … TYPE … USING writes every row once and fires no trigger, which an UPDATE would. */
function renderNewColumns({ to, conversions, added, remade }: TablePlan): readonly string[] {
  const table = qualified(to)
  const gone = conversions.flatMap((each) => each.old)
  const meanwhile = meanwhileOf(gone)
  const constant = new Set(conversions.flatMap((each) => (each.old.length === 0 ? each.new : [])))
  const computed = added.filter((each) => !constant.has(each))
  return [
    ...remade.constraints.map(({ name }) => `ALTER TABLE ${table} DROP CONSTRAINT ${identifier(name)};`),
    ...remade.indexes.map(({ name }) => `DROP INDEX ${qualified({ schema: to.schema, name })};`),
    ...gone.flatMap(({ attribute, meanwhile: other }) =>
      other === attribute.name ? [] : [`ALTER TABLE ${table} RENAME COLUMN ${identifier(attribute.name)} TO ${identifier(other)};`],
    ),
    ...alter(
      table,
      added.map(
        (each) =>
          `ADD COLUMN ${identifier(each.name)} ${each.type}${constant.has(each) ? ` DEFAULT ${each.value}${each.notNull ? ' NOT NULL' : ''}` : ''}`,
      ),
    ),
    ...alter(
      table,
      computed.map((each) => `ALTER COLUMN ${identifier(each.name)} TYPE ${each.type} USING ${computedBy(each, meanwhile)}`),
    ),
    ...alter(table, [
      ...computed.filter(({ notNull }) => notNull).map(({ name }) => `ALTER COLUMN ${identifier(name)} SET NOT NULL`),
      ...added.flatMap((each) =>
        each.default === undefined || (constant.has(each) && each.default === each.value)
          ? []
          : [`ALTER COLUMN ${identifier(each.name)} SET DEFAULT ${each.default}`],
      ),
    ]),
    ...added.flatMap(({ name, comment }) =>
      comment === undefined ? [] : [`COMMENT ON COLUMN ${table}.${identifier(name)} IS ${quoteLiteral(comment).trimStart()};`],
    ),
  ]
}

function computedBy({ name, type, value }: NewColumn, meanwhile: (name: string) => string): string {
  return `((${replaceColumns(value, `the value of "${name}"`, meanwhile)})::${type})`
}

function meanwhileOf(gone: readonly GoneColumn[]): (name: string) => string {
  const names = new Map(gone.map(({ attribute, meanwhile }) => [attribute.name, identifier(meanwhile)]))
  return (name) => names.get(name) ?? identifier(name)
}

function alter(table: string, actions: readonly string[]): readonly string[] {
  return actions.length === 0 ? [] : [`ALTER TABLE ${table}\n    ${actions.join(',\n    ')};`]
}

/** Every column by name: `SELECT *` would be frozen to the same list, and hide that it is. */
function renderView(plan: TablePlan): string {
  const { legacy, to, columns, rights } = plan
  const joins = renderJoins(plan)
  const own = (name: string) => (joins.after === '' ? identifier(name) : `${identifier(to.name)}.${identifier(name)}`)
  const list = columns.map((column) => {
    const name = identifier(column.attribute.name)
    const shown = (from: string, last: string) => (last === column.attribute.name ? from : `${from} AS ${name}`)
    if (column.kind === 'kept') return shown(own(column.column), column.column)
    const { joined, back } = column
    if (joined !== undefined) return shown(`${identifier(joined.alias)}.${identifier(joined.column)}`, joined.column)
    return `(${joins.after === '' ? back : replaceColumns(back, `the expression of "${column.attribute.name}"`, own)})::${column.attribute.type} AS ${name}`
  })
  const [why, option] =
    rights === 'invoker'
      ? ['security_invoker: grants and row security of the table hold for whoever asks, not for the owner of the view.', 'true']
      : [
          'With the rights of its owner: security_invoker would ask for every column that it shows. Set it before you enable row security.',
          'false',
        ]
  return `-- ${why}
CREATE VIEW ${qualified(legacy)} WITH (security_invoker = ${option}) AS
${joins.before}SELECT
    ${list.join(',\n    ')}
FROM ${qualified(to)}${joins.after};`
}

/** `UPDATE … SET column = DEFAULT` takes the default of the view, and so does an INSERT that triggers carry out. */
function renderDefaults(plan: TablePlan): readonly string[] {
  const keys = keyFunctions(plan)
  return plan.columns.flatMap(({ attribute }) => {
    const key = keys.get(attribute.name)
    const expression = key === undefined ? defaultOf(plan, attribute) : `${qualified(key)}()`
    return expression === undefined
      ? []
      : [`ALTER VIEW ${qualified(plan.legacy)} ALTER COLUMN ${identifier(attribute.name)} SET DEFAULT ${expression};`]
  })
}

/** A sequence moves with the table that owns it. */
function defaultOf({ sequences, to }: TablePlan, { name, default: own, generated }: Attribute): string | undefined {
  const sequence = sequences.get(name)
  if (generated !== undefined) return undefined
  if (sequence === undefined || own?.startsWith('nextval(') !== true) return own
  return `nextval(${quoteLiteral(qualified({ ...sequence, schema: to.schema })).trimStart()})`
}

function renderComments({ legacy }: TablePlan): readonly string[] {
  const own = legacy.comment === undefined ? [] : [`COMMENT ON VIEW ${qualified(legacy)} IS ${quoteLiteral(legacy.comment).trimStart()};`]
  return [
    ...own,
    ...legacy.attributes.flatMap(({ name, comment }) =>
      comment === undefined ? [] : [`COMMENT ON COLUMN ${qualified(legacy)}.${identifier(name)} IS ${quoteLiteral(comment).trimStart()};`],
    ),
  ]
}

function renderRights(plan: TablePlan): readonly string[] {
  const { legacy, to, columns, conversions } = plan
  const pairs = columns.map((each) => [each.kind === 'kept' ? each.column : each.meanwhile, each.attribute.name] as const)
  const copies = conversions.flatMap(({ old, new: added }) =>
    added.flatMap(({ name, from }) =>
      old.filter(({ attribute }) => from.includes(attribute.name)).map(({ meanwhile }) => [meanwhile, name] as const),
    ),
  )
  return [renderViewRights(to, legacy, pairs), ...(copies.length === 0 ? [] : [renderColumnRights(to, to, copies)])]
}

function renderDrop({ to, conversions }: TablePlan): readonly string[] {
  return alter(
    qualified(to),
    conversions.flatMap(({ old }) => old.map(({ meanwhile }) => `DROP COLUMN ${identifier(meanwhile)}`)),
  )
}

/** Checks and unique keys of columns that went, over what computes them: under their old names, which clients see in errors. */
function renderRemade({ to, columns, remade, lookups }: TablePlan): readonly string[] {
  const table = qualified(to)
  const backs = new Map(
    columns.map((each) => {
      const { name, type } = each.attribute
      if (each.kind === 'kept') return [name, identifier(each.column)] as const
      const lookup = lookups.find(({ attribute }) => attribute.name === name)
      return [name, lookup === undefined ? `((${each.back})::${type})` : identifier(lookup.column)] as const
    }),
  )
  const over = (text: string) => replaceColumns(text, 'a constraint or index', (name) => backs.get(name))
  const unique = (constraint: Constraint) =>
    `CREATE UNIQUE INDEX ${identifier(constraint.name)} ON ${table} (${constraint.attributes
      .map((each) => backs.get(each) ?? identifier(each))
      .join(', ')})${nullsNotDistinct(constraint) ? ' NULLS NOT DISTINCT' : ''};`
  const index = ({ name, unique: isUnique, expressions, nullsNotDistinct: distinct, predicate }: Index) =>
    `CREATE ${isUnique ? 'UNIQUE ' : ''}INDEX ${identifier(name)} ON ${table} (${expressions.map((each) => `(${over(each)})`).join(', ')})${distinct ? ' NULLS NOT DISTINCT' : ''}${predicate === undefined ? '' : ` WHERE ${over(predicate)}`};`
  return [
    ...remade.constraints.flatMap((each) => {
      if (isElsewhere(lookups, each)) return []
      if (each.kind !== 'check' || each.expression === undefined) return [unique(each)]
      const expression = over(each.expression)
      // Over constants alone it says nothing of a row; the trigger asks it of what clients write.
      if (columnsIn(expression, `the check "${each.name}"`).size === 0) return []
      return [`ALTER TABLE ${table} ADD CONSTRAINT ${identifier(each.name)} CHECK (${expression});`]
    }),
    ...remade.indexes.map(index),
  ]
}
