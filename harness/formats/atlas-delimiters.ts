import { SourceText } from '../migration/index.ts'

/** A text with `;` where `-- atlas:delimiter` in its first line says another end of statements. */
export function atlasDelimiters(source: SourceText): SourceText {
  const [first = '', said] = /^-- atlas:delimiter +(.+?)\r?(?:\n|$)/.exec(source.text) ?? []
  if (said === undefined) return source
  const delimiter = said.replaceAll('\\n', '\n').replaceAll('\\r', '\r').replaceAll('\\t', '\t')
  const rest = source.slice(first.length)
  let done = 0
  const parts: SourceText[] = []
  for (const cut of atlasCuts(rest.text, delimiter)) {
    // On a line of its own, since the text before it may end in a comment.
    parts.push(rest.slice(done, cut), rest.inPlace(cut, '\n;'))
    done = cut + delimiter.length
  }
  return SourceText.join([...parts, rest.slice(done)])
}

/**
 * Where Atlas finds the end of a statement: at a delimiter outside of quotes, dollar quotes, parentheses and comments inside a statement.
 *
 * @returns Offsets at which a delimiter begins.
 */
export function atlasCuts(text: string, delimiter: string): readonly number[] {
  const cuts: number[] = []
  let depth = 0
  for (let at = 0; at < text.length; ) {
    // Atlas looks for it before it looks for a comment.
    if (depth === 0 && text.startsWith(delimiter, at)) {
      cuts.push(at)
      at += delimiter.length
      continue
    }
    const skipped = skippedAt(text, at)
    if (skipped === 0) depth = Math.max(0, depth + (text[at] === '(' ? 1 : text[at] === ')' ? -1 : 0))
    at += Math.max(1, skipped)
  }
  return cuts
}

/** The length of the quote or comment that begins at an offset; 0 where none does. */
function skippedAt(text: string, at: number): number {
  switch (text[at]) {
    case "'":
    case '"':
    case '`':
      return quoteAt(text, at, /[eE]/.test(text[at - 1] ?? ''))
    case '$':
      return lengthOf(/\$(\w*)\$[\s\S]*?(?:\$\1\$|$(?![\s\S]))/y, text, at)
    case '-':
      // The line's end is left: it may be a delimiter itself.
      return lengthOf(/--[^\n]*/y, text, at)
    case '/':
      return lengthOf(/\/\*[\s\S]*?\*\//y, text, at)
    default:
      return 0
  }
}

function quoteAt(text: string, at: number, escapes: boolean): number {
  const quote = text[at] ?? ''
  let end = at + 1
  while (end < text.length && text[end] !== quote) end += escapes && text[end] === '\\' ? 2 : 1
  return end + 1 - at
}

function lengthOf(pattern: RegExp, text: string, at: number): number {
  pattern.lastIndex = at
  return pattern.exec(text)?.[0].length ?? 0
}
