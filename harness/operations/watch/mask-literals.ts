const literals =
  /(\b[EBXN]|\bU&)?'(?:[^'\\]|''|\\[\s\S])*(?:'|$)|\$(\w*)\$[\s\S]*?(?:\$\2\$|$)|(?<![\w"$])-?\d+(?:\.\d+)?(?:e[+-]?\d+)?\b|--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)/gi

/** A statement on one line without its values: literals, numbers and comments give way to `…`. It may be cut off anywhere. */
export function maskLiterals(sql: string): string {
  return sql
    .replaceAll(literals, (found) => (/^(--|\/\*)/.test(found) ? ' ' : '…'))
    .replaceAll(/\s+/g, ' ')
    .trim()
}
