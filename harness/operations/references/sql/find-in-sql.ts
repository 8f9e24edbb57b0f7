import { everyNode, type RawStatement, SourceMap } from '../../../migration/index.ts'
import { mayName } from '../table-name.ts'
import { findInBody } from './bodies.ts'
import { findInConstants } from './constants.ts'
import { type Mention, mentionsIn } from './mentions.ts'
import { parseLeniently } from './parse-leniently.ts'
import { relationOf } from './scope.ts'
import type { ReadStatement, SqlSearch } from './statement.ts'
import { nameAt, type SqlToken, sqlTokens, useOfName } from './tokens.ts'
import { unplacedNames } from './unplaced.ts'
import { findUnread } from './unread.ts'

/** Find every use of the table in a text of SQL. @returns Whether the parser reads all of it that names the table. */
export function findInSql(search: SqlSearch): boolean {
  const { view, table } = search
  if (!mayName(view.text, table.from.name)) return true
  const { parsed, unread } = parseLeniently(view, (text) => mayName(text, table.from.name))
  for (const { text, statements } of parsed) findInStatements({ ...search, view: text }, statements)
  for (const text of unread) findUnread({ ...search, view: text }, 'the parser of PostgreSQL does not read this')
  return unread.length === 0
}

function findInStatements(search: SqlSearch, statements: readonly RawStatement[]): void {
  const { text } = search.view
  const map = new SourceMap(text)
  const tokens = sqlTokens(text, map)
  const at = new Map(tokens.map((token, index) => [token.start, index]))
  const indexOf = (byte: number) => at.get(map.utf16OfByte(byte))
  const temporary = statements.some(({ tree }) => makesTemporary(tree, search.table.from.name))
  for (const { tree, location, length } of statements) {
    const start = map.utf16OfByte(location)
    const end = length === undefined ? text.length : map.utf16OfByte(location + length)
    const own = tokens.filter((token) => token.start >= start && token.end <= end)
    const because = temporary ? 'a temporary table of this name is made here' : clashIn(tree, search.table.to.name)
    const report = (index: number | undefined, mention: Omit<Mention, 'location'>): void => {
      const name = index === undefined ? undefined : nameAt(tokens, index, mention.qualifiers)
      const use = name && useOfName(name, { ...search, beforeColumn: mention.beforeColumn, because: mention.because ?? because })
      if (use !== undefined) search.onUse(use)
    }
    const { mentions, constants } = mentionsIn(tree, search.table.from, search.scope)
    for (const mention of mentions) report(indexOf(mention.location), mention)
    for (const { parts, last, because: unsure } of unplacedNames(tree, search.table.from)) {
      report(indexOfName(tokens, own, parts, last), { qualifiers: parts.length - 1, beforeColumn: false, because: unsure })
    }
    const read: ReadStatement = { search, tree, text: text.slice(start, end), tokens: own, find: findInSql, findUnread }
    findInBody(read)
    findInConstants(read, constants, (byte) => tokens[indexOf(byte) ?? -1])
  }
}

/** Where a list of names stands among the tokens of a statement. */
function indexOfName(tokens: readonly SqlToken[], own: readonly SqlToken[], parts: readonly string[], last: boolean): number | undefined {
  const wanted = parts.flatMap((part, index) => (index === 0 ? [part] : ['.', part]))
  const first = own[0] === undefined ? 0 : tokens.indexOf(own[0])
  const fits = own
    .map((_, index) => first + index)
    .filter((index) => tokens[index - 1]?.written !== '.' && wanted.every((part, step) => isName(tokens[index + step], part)))
  return last ? fits.at(-1) : fits[0]
}

function isName(token: SqlToken | undefined, name: string): boolean {
  if (token === undefined) return false
  return token.written.startsWith('"') ? token.written.slice(1, -1).replaceAll('""', '"') === name : token.written.toLowerCase() === name
}

function makesTemporary(tree: unknown, name: string): boolean {
  for (const node of everyNode(tree)) {
    const relation = relationOf(node.fields.relation) ?? relationOf(node.fields.rel)
    if (relation?.temporary === true && relation.name === name) return true
  }
  return false
}

/** Whether a statement gives the new name another meaning: then it would not name the table. */
function clashIn(tree: unknown, name: string): string | undefined {
  for (const { name: kind, fields } of everyNode(tree)) {
    if (fields.ctename === name || fields.newname === name) return `"${name}" has another meaning in this statement`
    if (kind === 'RangeVar' && fields.relname === name) return `"${name}" is used in this statement already`
    for (const each of [fields.alias, ...Object.values(fields)]) {
      if (typeof each !== 'object' || each === null || Array.isArray(each)) continue
      if ('aliasname' in each && each.aliasname === name) return `"${name}" is an alias in this statement`
      if ('relname' in each && each.relname === name) return `"${name}" is used in this statement already`
    }
  }
  return undefined
}
