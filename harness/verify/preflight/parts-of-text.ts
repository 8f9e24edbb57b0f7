/** The expression of the one CHECK in a statement; undefined where there is none, or more than one. */
export function checkExpressionOf(statement: string): string | undefined {
  const found = [...statement.matchAll(/\bcheck\s*\(/gi)]
  const [only, ...others] = found
  if (only === undefined || others.length > 0) return undefined
  const start = only.index + only[0].length
  const end = closingOf(statement, start)
  return end === undefined ? undefined : oneLine(statement.slice(start, end))
}

/** The WHERE of a CREATE INDEX; undefined for an index over all rows. */
export function indexPredicateOf(statement: string): string | undefined {
  if (!/^\s*create\s+unique\s+index\b/i.test(statement)) return undefined
  const start = statement.indexOf('(')
  const end = start < 0 ? undefined : closingOf(statement, start + 1)
  const predicate = end === undefined ? undefined : /\bwhere\b([\s\S]*)$/i.exec(statement.slice(end))?.[1]
  return predicate === undefined ? undefined : oneLine(predicate)
}

/** The table with its alias and the condition of a DELETE without USING; the condition is undefined where every row goes. */
export function deletionOf(statement: string): { readonly from: string; readonly where: string | undefined } | undefined {
  const match =
    /^\s*delete\s+from\s+(only\s+)?([\w."]+(?:\s+(?:as\s+)?(?!where\b|using\b|returning\b)\w+)?)\s*(?:where\b([\s\S]*))?$/i.exec(statement)
  if (match?.[2] === undefined || /\breturning\b|\bwhere\s+current\b/i.test(statement)) return undefined
  return { from: `${match[1] ?? ''}${match[2]}`, where: match[3] === undefined ? undefined : oneLine(match[3]) }
}

/** Where the parenthesis that is open at `start` closes; texts in quotes count as such. */
function closingOf(text: string, start: number): number | undefined {
  let depth = 1
  for (const token of text.slice(start).matchAll(/'(?:[^']|'')*'|"(?:[^"]|"")*"|[()]/g)) {
    if (token[0] === '(') depth += 1
    if (token[0] === ')') depth -= 1
    if (depth === 0) return start + token.index
  }
  return undefined
}

/** A comment to the end of the line would swallow what is behind it. */
function oneLine(text: string): string {
  return text
    .replaceAll(/--[^\n]*/g, ' ')
    .replaceAll(/\s+/g, ' ')
    .trim()
}
