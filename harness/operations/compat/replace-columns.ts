import { InputError } from '../../errors.ts'
import { asList, everyNode, fieldsOf, nodeOf, parseTree, stringsOf, tokensOf } from '../../migration/index.ts'

const opening = 'SELECT '

/**
 * The columns that an expression names.
 *
 * @param what  What it is, for messages.
 * @throws {InputError} For what is no expression over columns of one row: a syntax error, a subquery, a qualified name.
 */
export function columnsIn(expression: string, what: string): ReadonlySet<string> {
  return new Set(placesIn(expression, what).map(({ name }) => name))
}

/**
 * Put other expressions in the place of columns.
 *
 * @param replacement  What stands for a column; undefined leaves it.
 * @throws {InputError} As {@link columnsIn}.
 */
export function replaceColumns(expression: string, what: string, replacement: (name: string) => string | undefined): string {
  let bytes = Buffer.from(expression)
  for (const { name, start, end } of placesIn(expression, what).toReversed()) {
    const other = replacement(name)
    if (other !== undefined) bytes = Buffer.concat([bytes.subarray(0, start), Buffer.from(other), bytes.subarray(end)])
  }
  return bytes.toString()
}

interface Place {
  readonly name: string
  /** UTF-8 bytes into the expression. */
  readonly start: number
  readonly end: number
}

function placesIn(expression: string, what: string): readonly Place[] {
  const sql = `${opening}${expression}`
  const [statement, ...others] = parsed(sql, what)
  const select = fieldsOf(statement?.tree, 'SelectStmt')
  const targets = asList(select?.targetList)
  const bare = Object.keys(select ?? {}).every((key) => ['targetList', 'limitOption', 'op'].includes(key))
  if (others.length > 0 || targets.length !== 1 || !bare) throw new InputError(`${what} is not one SQL expression: ${expression}`)
  const tokens = tokensOf(sql)
  return [...everyNode(targets)]
    .flatMap(({ name, fields }): readonly Place[] => {
      if (name === 'SubLink')
        throw new InputError(`${what} has a subquery: ${expression}`, { hint: 'It may use the columns of its own row only.' })
      if (name !== 'ColumnRef') return []
      const parts = asList(fields.fields)
      const [column] = stringsOf(parts)
      if (column === undefined || parts.length > 1 || nodeOf(parts[0])?.name !== 'String')
        throw new InputError(`${what} names a column with its table, or all columns: ${expression}`, {
          hint: 'Write the name of the column alone.',
        })
      const start = Number(fields.location ?? 0)
      const end = tokens.find((token) => token.start === start)?.end ?? start
      return [{ name: column, start: start - opening.length, end: end - opening.length }]
    })
    .sort((one, other) => one.start - other.start)
}

function parsed(sql: string, what: string) {
  try {
    return parseTree(sql)
  } catch (cause) {
    throw new InputError(`${what} is not SQL: ${sql.slice(opening.length)}`, {
      detail: cause instanceof Error ? `${cause.message}.` : undefined,
      cause,
    })
  }
}
