import { InputError } from '../errors.ts'
import type { Script, Statement } from './model.ts'
import { type PsqlText, readPsqlText } from './psql.ts'
import { SourceMap } from './source-map.ts'
import { fieldsOf, nodeOf, parseTree, type RawStatement } from './tree.ts'

export interface ScriptOptions {
  /** How the tool sends it. Default: what `modeOf` finds in the text. */
  readonly mode?: Script['mode']
}

/**
 * Parse a migration's SQL into statements that keep their exact text and place.
 *
 * @param file  Shown in messages; nothing is read.
 * @param text  With psql's meta-commands and inline COPY rows, if it has them; a byte order mark is dropped.
 * @throws {InputError} for what is not SQL, with file, line, column, the line itself and a caret.
 */
export function parseScript(file: string, text: string, options: ScriptOptions = {}): Script {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text
  const psql = readPsqlText(source)
  const map = new SourceMap(psql.sql)
  refuseMetaCommands(file, psql, source)
  const commentStarts = new Map(psql.comments.map((comment) => [comment.offset + comment.text.length, comment.offset]))
  const statements = withCopyData(
    parse(file, map).map((raw) => statementOf(file, map, raw, commentStarts)),
    psql.copyData,
  )
  return { file, text: source, statements, mode: options.mode ?? modeOf(source, statements) }
}

/** The parser gave up without a place in the text (depth, memory): the server may well take it. */
export class ParserLimitError extends InputError {}

/** Whether a statement begins, ends or prepares a transaction; savepoints do not. */
export function controlsTransaction(statement: Statement): boolean {
  const kind = fieldsOf(statement.tree, 'TransactionStmt')?.kind
  return typeof kind === 'string' && !/_(SAVEPOINT|RELEASE|ROLLBACK_TO)$/.test(kind)
}

function modeOf(text: string, statements: readonly Statement[]): Script['mode'] {
  const [firstLine = ''] = text.split('\n', 1)
  if (/^\s*--\s*godwit:\s*no-transaction\s*$/i.test(firstLine)) return 'autocommit'
  return statements.some(controlsTransaction) ? 'autocommit' : 'transaction'
}

function parse(file: string, map: SourceMap): readonly RawStatement[] {
  try {
    return parseTree(map.text)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const cursor = cause instanceof Error && 'sqlDetails' in cause ? cause.sqlDetails : undefined
    const codePoint = typeof cursor === 'object' && cursor !== null && 'cursorPosition' in cursor ? Number(cursor.cursorPosition) : -1
    if (codePoint < 0) throw new ParserLimitError(`${file}: ${message}`, { cause })
    throw inputErrorAt(file, map, map.utf16OfCodePoint(codePoint), message, { hint: hintFor(map.text), cause })
  }
}

function hintFor(text: string): string | undefined {
  return /(^|[^:\w]):['"]?[A-Za-z_]\w*['"]?/m.test(text) ? 'A variable of psql, as in ":name", is not replaced here.' : undefined
}

/** An input error at an offset of a text, with the line and a caret as its detail. */
function inputErrorAt(
  file: string,
  map: SourceMap,
  utf16: number,
  message: string,
  more: { readonly hint?: string | undefined; readonly cause?: unknown } = {},
): InputError {
  const { line, column } = map.positionOf(utf16)
  const shown = map.lineText(line)
  // One blank for each character, not for each UTF-16 unit; tabs stay tabs, so that the caret stands under its character.
  const indent = [...shown.slice(0, column - 1)].map((character) => (character === '\t' ? '\t' : ' ')).join('')
  return new InputError(`${file}:${line}:${column}: ${message}`, { detail: `${shown}\n${indent}^`, ...more })
}

const notUnderstood = /^\\(i|ir|include|include_relative|copy|if|elif|else|endif|gexec|gset|bind|parse)(\s|$)/

function refuseMetaCommands(file: string, psql: PsqlText, source: string): void {
  const refused = psql.metaCommands.find((command) => notUnderstood.test(command.text))
  if (refused === undefined) return
  const [name] = refused.text.split(/\s/, 1)
  throw inputErrorAt(file, new SourceMap(source), refused.offset, `psql's "${name}" changes what runs and is not carried out`, {
    hint: 'Write the SQL that it stands for into the file.',
  })
}

function statementOf(file: string, map: SourceMap, raw: RawStatement, commentStarts: ReadonlyMap<number, number>): Statement {
  const offset = map.utf16OfByte(raw.location)
  const end = raw.length === undefined ? map.text.length : map.utf16OfByte(raw.location + raw.length)
  const text = withoutTrailingComments(map.text, offset, end, commentStarts)
  return { text, file, ...map.positionOf(offset), offset, node: nodeOf(raw.tree)?.name ?? '', tree: raw.tree, copyData: undefined }
}

function withoutTrailingComments(source: string, start: number, end: number, commentStarts: ReadonlyMap<number, number>): string {
  const text = source.slice(start, end).trimEnd()
  const comment = commentStarts.get(start + text.length)
  return comment === undefined ? text : withoutTrailingComments(source, start, comment, commentStarts)
}

function withCopyData(statements: readonly Statement[], copyData: readonly string[]): readonly Statement[] {
  const blocks = copyData[Symbol.iterator]()
  return statements.map((statement) => {
    const copy = fieldsOf(statement.tree, 'CopyStmt')
    if (copy === undefined || copy.is_from !== true || copy.filename !== undefined || copy.is_program === true) return statement
    return { ...statement, copyData: blocks.next().value ?? '' }
  })
}
