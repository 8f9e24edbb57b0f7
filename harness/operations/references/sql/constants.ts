import { leftFor } from '../model.ts'
import { identifierOf, mayName } from '../table-name.ts'
import type { View } from '../view.ts'
import { literalView } from './literal.ts'
import type { TextConstant } from './mentions.ts'
import { namesTable } from './scope.ts'
import { looksLikeSql, type ReadStatement, type SqlSearch } from './statement.ts'
import { nameAt, type SqlToken, sqlTokens, useOfName } from './tokens.ts'

/** What takes a text for the name of a table, as SQL would read it. */
const takesNames =
  /^(regclass|to_regclass|pg_get_serial_sequence|pg_relation_size|pg_total_relation_size|pg_table_size|pg_indexes_size|pg_relation_filepath|row_security_active)$/
/** pg_cron sends the text later. */
const sendsSql = /^schedule(_in_database)?$/

/** Find the table in the constants of a statement: as a `regclass`, in SQL that is sent later; anything else is not certain. */
export function findInConstants(
  statement: ReadStatement,
  constants: readonly TextConstant[],
  tokenAt: (byte: number) => SqlToken | undefined,
): void {
  const { search, find } = statement
  for (const { location, text, use = '' } of constants) {
    const token = mayName(text, search.table.from.name) ? tokenAt(location) : undefined
    const view = token && literalView(search.view, token.start, token.end)
    if (view === undefined) continue
    if (takesNames.test(use)) findName({ ...search, view }, undefined)
    else if (looksLikeSql(text)) {
      const certain = search.executes === true || sendsSql.test(use)
      find({ ...search, view, executes: false, ...(certain ? {} : { onUse: unsure(search, 'it is SQL in a text') }) })
    } else findName({ ...search, view }, 'it is a text that is the name')
  }
}

/** A text that is nothing but the name of the table, with its schema or without. */
export function findName(search: SqlSearch, because: string | undefined): void {
  const name = wholeName(search.view)
  if (name === undefined) return
  // Programs and pages compare letter by letter; SQL folds what is not quoted.
  if (search.kind !== 'SQL' && !search.view.text.includes(search.table.from.name)) return
  const parts = name.filter((_, at) => at % 2 === 0).map(({ written }) => identifierOf(written))
  const named = namesTable(parts.at(-2), parts.at(-1) ?? '', search.table.from)
  if (named === 'no') return
  const use = useOfName(name, {
    ...search,
    beforeColumn: false,
    because: because ?? (named === 'yes' ? undefined : 'it names no schema'),
  })
  if (use !== undefined) search.onUse(use)
}

function wholeName({ text }: View): ReturnType<typeof nameAt> {
  const tokens = sqlTokens(text)
  const isName = tokens.every(({ written }, at) => (at % 2 === 1 ? written === '.' : /^["\p{L}_]/u.test(written)))
  return isName && tokens.length % 2 === 1 ? nameAt(tokens, 0, (tokens.length - 1) / 2) : undefined
}

/** The same uses, left because of a doubt. */
export function unsure({ onUse }: SqlSearch, because: string): SqlSearch['onUse'] {
  return (use) => onUse(leftFor(because, use))
}
