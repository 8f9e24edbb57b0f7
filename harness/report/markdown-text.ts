import { markdownTable } from 'markdown-table'
import { shorten, visibleLines, visibleText } from './visible-text.ts'

/** A piece of Markdown that is safe inside a table cell, a list item or a line of prose. */
export type Markdown = string

/**
 * Prose that may quote data, escaped for GitHub-flavoured Markdown; its own newlines become `<br>`.
 *
 * Character references rather than backslashes: in a table a backslash before `|` is read before the rest of the cell is.
 *
 * @see https://github.github.com/gfm/#tables-extension-
 */
export function prose(text: string): Markdown {
  return text
    .split(/\r\n|\n|\r/)
    .map((line) => escaped(visibleText(line)))
    .join('<br>')
}

/** A value from data, in code type, exact but for `visibleText`; cut at `limit` code points. */
export function code(text: string, limit = 200): Markdown {
  const shown = shorten(visibleText(text), limit)
  if (shown === '') return '<code></code>'
  // Inside backticks nothing is escaped, so they serve only what needs no escape.
  return /[`|\\]|^\s|\s$/.test(shown) ? `<code>${escaped(shown)}</code>` : `\`${shown}\``
}

/** A cell of a row: NULL is plain, so that the text `NULL` looks different. */
export function cell(value: unknown): Markdown {
  if (value === null || value === undefined) return 'NULL'
  return code(typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value)))
}

/** A table; the cells are Markdown already. */
export function table(header: readonly Markdown[], rows: readonly (readonly Markdown[])[]): Markdown {
  return markdownTable([header, ...rows], { alignDelimiters: false })
}

/** A fenced block that its content cannot close. */
export function fence(text: string, language: string): Markdown {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map((run) => run[0].length))
  const ticks = '`'.repeat(longest + 1)
  return `${ticks}${language}\n${visibleLines(text)}\n${ticks}`
}

function escaped(text: string): Markdown {
  return text
    .replace(/[&<>\\`*[\]|~@#$]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|(?<=^\s*)[-+=]|(?<=^\s*\d+)[.)](?=\s|$)/gu, reference)
    .replace(/:(?=\/\/)|(?<=www)\./gi, reference)
    .replace(/^\s|\s$/g, reference)
}

function reference(character: string): string {
  switch (character) {
    case '&':
      return '&amp;'
    case '<':
      return '&lt;'
    case '>':
      return '&gt;'
    default:
      return `&#${character.codePointAt(0)};`
  }
}
