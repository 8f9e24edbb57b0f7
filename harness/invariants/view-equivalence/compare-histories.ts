import type { Answer, AnswerResult, AnswerTable, Contents, Divergence, History } from './model.ts'
import { VolatileValues } from './volatile-values.ts'

export interface CompareOptions {
  /** Path of the relation that is a view on one side. */
  readonly relation: string
  /** Attributes of it that are known to differ, and are left out. */
  readonly ignore: ReadonlySet<string>
  /** Names of constraints that the migrated database has. */
  readonly constraints: ReadonlySet<string>
  /** Whether one violated constraint may be named for another: row by row they are met in another order than in a whole statement. */
  readonly anyViolation: boolean
}

export type Comparison =
  | {
      readonly outcome: 'same'
      /** Whether both sides failed with violations, and not with the same one. */
      readonly otherViolation: boolean
    }
  | { readonly outcome: 'diverges'; readonly at: number; readonly divergence: Divergence }
  /** The table itself answers otherwise each time: nothing can be said. */
  | { readonly outcome: 'undetermined' }

/** SQLSTATEs that come from the circumstances: time-outs, deadlocks, a shutdown. */
const circumstances = /^(57014|55P03|40P01|40001|57P0.|25P02|53...|08...)$/

/**
 * Compare what table and view answered to the same statements, up to what varies from one run on the table to the next.
 *
 * @param again  The table's answers to the same statements once more, at another time and with its sequences further on; undefined to
 *   demand equal answers.
 */
export function compareHistories(legacy: History, view: History, again: History | undefined, options: CompareOptions): Comparison {
  const volatile = new VolatileValues(options)
  const skipped = new Set(
    [...legacy.initial.keys()].filter(
      (path) => path !== options.relation && contentsDiffer(path, legacy.initial, view.initial, volatile, options) !== undefined,
    ),
  )
  const first = contentsDiffer(options.relation, legacy.initial, view.initial, volatile, options)
  if (first !== undefined) return { outcome: 'diverges', at: -1, divergence: first }
  let [before, beforeView] = [legacy.initial, view.initial]
  let otherViolation = false
  for (const [at, table] of legacy.answers.entries()) {
    const [other, repeated] = [view.answers[at], again?.answers[at]]
    if (other === undefined) break
    if ([table, other, repeated].some((each) => each?.error !== undefined && circumstances.test(each.error.sqlstate))) {
      // What the view makes of it alone is a difference: it waits, or never ends.
      return { outcome: 'undetermined' }
    }
    if (repeated !== undefined && shapeOf(table) !== shapeOf(repeated)) return { outcome: 'undetermined' }
    if (repeated !== undefined) volatile.learn({ table, repeated, view: other, before, beforeView })
    if (options.anyViolation && isViolation(table) && isViolation(other)) {
      otherViolation ||= table.error?.sqlstate !== other.error?.sqlstate
      continue
    }
    const divergence = answersDiffer(table, other, volatile, options, skipped)
    if (divergence !== undefined) return { outcome: 'diverges', at, divergence }
    ;[before, beforeView] = [table.contents, other.contents]
  }
  return { outcome: 'same', otherViolation }
}

function isViolation({ error }: Answer): boolean {
  return error?.sqlstate.startsWith('23') === true
}

/** What must be the same in two runs on the table, or its answer is a matter of chance. */
function shapeOf({ error, results, contents }: Answer): string {
  return JSON.stringify([
    error?.sqlstate ?? null,
    results.map((each) => [each.command, each.rowCount, each.rows.length]),
    [...contents].map(([path, table]) => [path, table.rows.length]),
  ])
}

function answersDiffer(
  table: Answer,
  view: Answer,
  volatile: VolatileValues,
  options: CompareOptions,
  skipped: ReadonlySet<string>,
): Divergence | undefined {
  const sqlstates = [table.error?.sqlstate, view.error?.sqlstate] as const
  const none = { attribute: undefined, other: undefined, sqlstates, constraint: table.error?.constraint }
  if (sqlstates[0] !== sqlstates[1]) return { ...none, kind: 'sqlstate', legacy: answerText(table), view: answerText(view) }
  if (table.error !== undefined) {
    const { constraint } = table.error
    if (constraint === undefined || view.error?.constraint === constraint || options.constraints.has(constraint)) return undefined
    return { ...none, kind: 'constraint', legacy: `"${constraint}"`, view: `"${view.error?.constraint ?? ''}"` }
  }
  for (const [at, result] of table.results.entries()) {
    const other = view.results[at]
    if (other === undefined) continue
    const found = resultsDiffer(result, other, { table, view }, volatile, options)
    if (found !== undefined) return { ...none, ...found }
  }
  for (const path of table.contents.keys()) {
    if (skipped.has(path)) continue
    const found = contentsDiffer(path, table.contents, view.contents, volatile, options)
    if (found !== undefined) return found
  }
  return undefined
}

function resultsDiffer(
  table: AnswerResult,
  view: AnswerResult,
  answers: { readonly table: Answer; readonly view: Answer },
  volatile: VolatileValues,
  options: CompareOptions,
): Pick<Divergence, 'kind' | 'attribute' | 'legacy' | 'view'> | undefined {
  if (table.command !== view.command || table.rowCount !== view.rowCount)
    return { kind: 'row-count', attribute: undefined, legacy: countText(table), view: countText(view) }
  const names = (result: AnswerResult) => result.fields.map((each) => each.name).join(', ')
  if (names(table) !== names(view))
    return { kind: 'columns', attribute: undefined, legacy: `columns ${names(table)}`, view: `columns ${names(view)}` }
  // Types of the user's own may have been made anew; built-in ones keep their OIDs.
  const retyped = table.fields.find(({ typeOid }, at) => {
    const other = view.fields[at]?.typeOid ?? typeOid
    return typeOid !== other && (typeOid < 16384 || other < 16384)
  })
  if (retyped !== undefined) {
    const other = view.fields[table.fields.indexOf(retyped)]
    return {
      kind: 'columns',
      attribute: retyped.name,
      legacy: `another type of ${retyped.name} (OID ${retyped.typeOid})`,
      view: `another type of ${retyped.name} (OID ${other?.typeOid})`,
    }
  }
  const attributes = table.fields.map((each) => each.name)
  const [left, right] = [
    volatile.result('table', { attributes, rows: table.rows }, answers.table.contents),
    volatile.result('view', { attributes, rows: view.rows }, answers.view.contents),
  ]
  const found = rowsDiffer(left, right, options.ignore)
  return found === undefined ? undefined : { kind: 'rows', ...found }
}

function contentsDiffer(
  path: string,
  table: Contents,
  view: Contents,
  volatile: VolatileValues,
  options: CompareOptions,
): Divergence | undefined {
  const [left, right] = [table.get(path), view.get(path)]
  if (left === undefined || right === undefined) return undefined
  const own = path === options.relation
  const found = rowsDiffer(volatile.contents('table', path, left), volatile.contents('view', path, right), own ? options.ignore : new Set())
  if (found === undefined) return undefined
  return {
    kind: 'contents',
    other: own ? undefined : path,
    sqlstates: [undefined, undefined],
    constraint: undefined,
    ...found,
    attribute: own ? found.attribute : undefined,
  }
}

/** As multisets: neither a table nor a view promises an order. */
function rowsDiffer(
  left: AnswerTable,
  right: AnswerTable,
  ignore: ReadonlySet<string>,
): Pick<Divergence, 'attribute' | 'legacy' | 'view'> | undefined {
  const kept = left.attributes.flatMap((name, at) => (ignore.has(name) ? [] : [at]))
  const [own, other] = [linesOf(left, kept), linesOf(right, kept)]
  const [missing, extra] = [without(own, other), without(other, own)]
  if (missing.length === 0 && extra.length === 0) return undefined
  const attribute = left.rows.length === right.rows.length ? onlyDiffering(left, right, kept) : undefined
  return {
    attribute,
    legacy:
      missing.length === 0
        ? 'no such row'
        : missing
            .slice(0, 3)
            .map((line) => showRow(left, kept, line))
            .join('; '),
    view:
      extra.length === 0
        ? 'no such row'
        : extra
            .slice(0, 3)
            .map((line) => showRow(left, kept, line))
            .join('; '),
  }
}

function linesOf(table: AnswerTable, kept: readonly number[]): readonly string[] {
  return table.rows.map((row) => JSON.stringify(kept.map((at) => row[at] ?? null))).sort()
}

function without(lines: readonly string[], others: readonly string[]): readonly string[] {
  const left = new Map<string, number>()
  for (const line of others) left.set(line, (left.get(line) ?? 0) + 1)
  return lines.filter((line) => {
    const count = left.get(line) ?? 0
    left.set(line, count - 1)
    return count <= 0
  })
}

/** The one attribute without which the rows are the same. */
function onlyDiffering(left: AnswerTable, right: AnswerTable, kept: readonly number[]): string | undefined {
  const at = kept.find((position) => {
    const rest = kept.filter((each) => each !== position)
    return JSON.stringify(linesOf(left, rest)) === JSON.stringify(linesOf(right, rest))
  })
  return at === undefined ? undefined : left.attributes[at]
}

function showRow(table: AnswerTable, kept: readonly number[], line: string): string {
  const cells: unknown = JSON.parse(line)
  if (!Array.isArray(cells)) return line
  const text = kept
    .map((at, position) => `${table.attributes[at]}=${cells[position] === null ? 'NULL' : String(cells[position])}`)
    .join(' ')
  return text.length > 200 ? `${text.slice(0, 197)}…` : text
}

function answerText({ error, results }: Answer): string {
  if (error !== undefined) return `${error.sqlstate} (${error.message})`
  return results.map(countText).join(', ')
}

function countText({ command, rowCount }: AnswerResult): string {
  return rowCount === null ? command : `${command} ${rowCount}`
}
