import { type ErrorDetail, InputError } from '../errors.ts'
import type { Script, Statement } from './model.ts'
import { type PsqlText, readPsqlText } from './psql.ts'
import { remarksOf } from './remark.ts'
import { SourceMap } from './source-map.ts'
import { SourceText } from './source-text.ts'
import { fieldsOf, nodeOf, parseTree, type RawStatement } from './tree.ts'

export interface ScriptOptions {
  /** How the tool sends it. Default: what `modeOf` finds in the text. */
  readonly mode?: Script['mode']
}

/**
 * Parse a migration's SQL into statements that keep their exact text and place.
 *
 * @param file  Shown in messages; nothing is read.
 * @param text  With psql's meta-commands and inline COPY rows, if it has them; a byte order mark is dropped. Put together from several
 *   files, its statements keep the places that they have there.
 * @throws {InputError} for what is not SQL, with file, line, column, the line itself and a caret.
 * @throws {UnreadableError} for what may well run but cannot be read here.
 */
export function parseScript(file: string, text: string | SourceText, options: ScriptOptions = {}): Script {
  const given = typeof text === 'string' ? SourceText.of(file, text) : text
  const source = given.text.startsWith('\uFEFF') ? given.slice(1) : given
  const psql = readPsqlText(source.text)
  refuseMetaCommands(psql, source)
  const map = new SourceMap(psql.sql)
  const commentStarts = new Map(psql.comments.map((comment) => [comment.offset + comment.text.length, comment.offset]))
  const statements = withCopyData(
    parse(file, map, source).map((raw) => statementOf(map, source, raw, commentStarts)),
    psql.copyData,
  )
  const mode = options.mode ?? modeOf(source.text, statements)
  // In one message goes what a server reads; rows of COPY are sent apart.
  const sent = mode === 'message' && psql.metaCommands.length > 0 && psql.copyData.length === 0 ? psql.sql : source.text
  const { inserted } = source
  const remarks = remarksOf(psql.comments, source)
  return { file, text: sent, statements, mode, remarks, ...(inserted.length === 0 ? {} : { inserted }) }
}

/** What the server or psql may well take, and we cannot read: the parser's own limits, a meta-command that makes statements of results. */
export class UnreadableError extends InputError {}

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

function parse(file: string, map: SourceMap, source: SourceText): readonly RawStatement[] {
  try {
    return parseTree(map.text)
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause)
    const cursor = cause instanceof Error && 'sqlDetails' in cause ? cause.sqlDetails : undefined
    const codePoint = typeof cursor === 'object' && cursor !== null && 'cursorPosition' in cursor ? Number(cursor.cursorPosition) : -1
    if (codePoint < 0) throw new UnreadableError(`${file}: ${message}`, { cause })
    throw new InputError(...errorAt(source, map.utf16OfCodePoint(codePoint), message, { hint: hintFor(map.text), cause }))
  }
}

function hintFor(text: string): string | undefined {
  if (/\bAUTO_INCREMENT\b|\bENGINE\s*=\s*\w+DB\b|^\s*`\w+`/im.test(text)) return 'It looks like SQL for MySQL.'
  return /(^|[^:\w]):['"]?[A-Za-z_]\w*['"]?/m.test(text) ? 'A variable of psql, as in ":name", is not replaced here.' : undefined
}

/** Message and detail of an error at an offset of a text: the line and a caret. */
export function errorAt(source: SourceText, utf16: number, message: string, more: ErrorDetail = {}): [string, ErrorDetail] {
  const { file, line, column, lineText } = source.originOf(utf16)
  // One blank for each character, not for each UTF-16 unit; tabs stay tabs, so that the caret stands under its character.
  const indent = [...lineText.slice(0, column - 1)].map((character) => (character === '\t' ? '\t' : ' ')).join('')
  return [`${file}:${line}:${column}: ${message}`, { detail: `${lineText}\n${indent}^`, ...more }]
}

const notUnderstood = /^\\(i|ir|include|include_relative|copy|if|elif|else|endif|gexec|gset|bind|parse)(\s|$)|^\\set\s.*`/

function refuseMetaCommands(psql: PsqlText, source: SourceText): void {
  const refused = psql.metaCommands.find((command) => notUnderstood.test(command.text))
  if (refused === undefined) return
  const [name] = refused.text.split(/\s/, 1)
  throw new UnreadableError(
    ...errorAt(source, refused.offset, `psql's "${name}" changes what runs and is not carried out`, {
      hint: 'Write the SQL that it stands for into the file.',
    }),
  )
}

function statementOf(map: SourceMap, source: SourceText, raw: RawStatement, commentStarts: ReadonlyMap<number, number>): Statement {
  const offset = map.utf16OfByte(raw.location)
  const end = raw.length === undefined ? map.text.length : map.utf16OfByte(raw.location + raw.length)
  const text = withoutTrailingComments(map.text, offset, end, commentStarts)
  const { file, line, column } = source.originOf(offset)
  return { text, file, line, column, offset, node: nodeOf(raw.tree)?.name ?? '', tree: raw.tree, copyData: undefined }
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
