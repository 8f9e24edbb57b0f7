/** A text that psql would read, made fit for a parser of SQL alone. */
export interface PsqlText {
  /** As long as the source, line by line: meta-commands and inline rows are blanks. */
  readonly sql: string
  /** The rows of each `COPY … FROM stdin`, in order, without the closing `\.`. */
  readonly copyData: readonly string[]
  readonly metaCommands: readonly { readonly text: string; readonly offset: number }[]
  readonly comments: readonly Comment[]
  /** References such as `:name`, `:'name'`, `:"name"` and `:{?name}`, outside quotes: psql replaces those of variables that are set. */
  readonly variables: readonly VariableReference[]
}

export interface VariableReference {
  readonly name: string
  readonly quote: '' | "'" | '"' | '?'
  readonly offset: number
  readonly length: number
}

export interface Comment {
  /** With its dashes or its slash and star. */
  readonly text: string
  readonly offset: number
}

const token =
  /--[^\r\n]*|\/\*|::|:=|:(['"]?)([A-Za-z_0-9\u0080-\uffff]+)\1|:\{\?([A-Za-z_0-9\u0080-\uffff]+)\}|'|"|\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$|\\[^\r\n]*|;|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*/g

/**
 * Take out what only psql understands: meta-commands (`\restrict`, `\set`, `\connect`, …) up to the end of their line, and the rows
 * that follow `COPY … FROM stdin;` up to `\.`. Quotes, dollar quotes and comments are passed over, so a backslash in them stays.
 *
 * @see https://www.postgresql.org/docs/current/app-psql.html#APP-PSQL-META-COMMANDS
 */
export function readPsqlText(source: string): PsqlText {
  const copyData: string[] = []
  const metaCommands: { text: string; offset: number }[] = []
  const comments: Comment[] = []
  const variables: VariableReference[] = []
  const blanked: [start: number, end: number, replacement: string][] = []
  const scanner = new RegExp(token)
  let words: string[] = []
  for (let match = scanner.exec(source); match !== null; match = scanner.exec(source)) {
    const [text, offset] = [match[0], match.index]
    if (text.startsWith('--')) comments.push({ text, offset })
    else if (text === '/*') {
      scanner.lastIndex = endOfBlockComment(source, offset)
      comments.push({ text: source.slice(offset, scanner.lastIndex), offset })
    } else if (text.startsWith(':')) {
      const name = match[2] ?? match[3]
      const quote = match[3] !== undefined ? '?' : match[1] === "'" || match[1] === '"' ? match[1] : ''
      if (name !== undefined) variables.push({ name, quote, offset, length: text.length })
    } else if (text === "'") scanner.lastIndex = endOfString(source, offset)
    else if (text === '"') scanner.lastIndex = endAfter(source, '"', offset + 1)
    else if (text.startsWith('$')) scanner.lastIndex = endAfter(source, text, offset + text.length)
    else if (text.startsWith('\\')) {
      metaCommands.push({ text: text.trimEnd(), offset })
      // `\g` and its kin send the statement, as a semicolon does.
      const sends = /^\\g(x|set|desc|exec)?(\s|$)/.test(text)
      blanked.push([offset, offset + text.length, sends ? ';' : ''])
      if (sends) words = []
    } else if (text === ';') {
      if (isCopyFromStdin(words)) {
        const rows = inlineRows(source, offset + 1)
        copyData.push(source.slice(rows.start, rows.end))
        blanked.push([rows.start, rows.after, ''])
        scanner.lastIndex = rows.after
      }
      words = []
    } else if (words.length < 1 || /^copy$/i.test(words[0] ?? '')) words.push(text.toLowerCase())
  }
  return { sql: blank(source, blanked), copyData, metaCommands, comments, variables }
}

function isCopyFromStdin(words: readonly string[]): boolean {
  const from = words.indexOf('from')
  return words[0] === 'copy' && from > 0 && words.includes('stdin', from)
}

function inlineRows(source: string, afterSemicolon: number): { start: number; end: number; after: number } {
  const lineEnd = source.indexOf('\n', afterSemicolon)
  const start = lineEnd < 0 ? source.length : lineEnd + 1
  const closing = /^\\\.[^\S\n]*$/gm
  closing.lastIndex = start
  const end = closing.exec(source)
  return end === null ? { start, end: source.length, after: source.length } : { start, end: end.index, after: end.index + end[0].length }
}

function endOfBlockComment(source: string, start: number): number {
  const border = /\/\*|\*\//g
  border.lastIndex = start + 2
  for (let depth = 1, match = border.exec(source); match !== null; match = border.exec(source)) {
    depth += match[0] === '/*' ? 1 : -1
    if (depth === 0) return border.lastIndex
  }
  return source.length
}

function endOfString(source: string, quote: number): number {
  // Only E'…' takes a backslash as an escape; an identifier that merely ends in e, as in `type'x'`, does not.
  const escapes = /(^|[^\w$\u0080-\uffff])[eE]$/.test(source.slice(Math.max(0, quote - 2), quote))
  const end = escapes ? /\\[\s\S]|'/g : /'/g
  end.lastIndex = quote + 1
  for (let match = end.exec(source); match !== null; match = end.exec(source)) if (match[0] === "'") return end.lastIndex
  return source.length
}

function endAfter(source: string, closing: string, from: number): number {
  const at = source.indexOf(closing, from)
  return at < 0 ? source.length : at + closing.length
}

function blank(source: string, ranges: readonly [start: number, end: number, replacement: string][]): string {
  let [result, done] = ['', 0]
  for (const [start, end, replacement] of ranges) {
    const blanks = source.slice(start + replacement.length, end).replace(/[^\r\n]/g, ' ')
    result += source.slice(done, start) + replacement + blanks
    done = end
  }
  return result + source.slice(done)
}
