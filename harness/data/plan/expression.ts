/** The constants and names in an expression as PostgreSQL deparses it. */
export interface ExpressionParts {
  readonly names: ReadonlySet<string>
  readonly texts: readonly string[]
  readonly numbers: readonly string[]
  /** Patterns of `~`, `~*`, LIKE and SIMILAR TO. */
  readonly patterns: readonly { readonly kind: 'regex' | 'like'; readonly pattern: string }[]
}

const token =
  /E?'((?:[^'\\]|''|\\.)*)'|"((?:[^"]|"")+)"|([A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)|(\d+(?:\.\d+)?(?:e[+-]?\d+)?)|(!?~~?\*?)/giu

/** Read the parts off a text without parsing it: enough to find candidates, which the server then judges. */
export function partsOf(expression: string): ExpressionParts {
  const names = new Set<string>()
  const texts: string[] = []
  const numbers: string[] = []
  const patterns: { kind: 'regex' | 'like'; pattern: string }[] = []
  let operator = ''
  for (const match of expression.matchAll(token)) {
    const [whole, text, quoted, bare, number, matching] = match
    if (matching !== undefined) {
      operator = matching
      continue
    }
    if (text !== undefined) {
      const value = unquote(whole, text)
      if (operator.startsWith('~~')) patterns.push({ kind: 'like', pattern: value })
      else if (operator.startsWith('~')) patterns.push({ kind: 'regex', pattern: value })
      else texts.push(...elements(value))
      operator = ''
    } else if (quoted !== undefined) names.add(quoted.replaceAll('""', '"'))
    else if (bare !== undefined) names.add(bare.toLowerCase())
    else if (number !== undefined) {
      const negative = /-\s*$/.test(expression.slice(0, match.index)) || /\(-$/.test(expression.slice(0, match.index))
      numbers.push(negative ? `-${number}` : number)
    }
  }
  return { names, texts, numbers: [...numbers, ...texts.filter((value) => /^-?\d+(\.\d+)?$/.test(value))], patterns }
}

/** The attributes whose names occur in an expression. */
export function attributesIn<Named extends { readonly name: string }>(expression: string, attributes: readonly Named[]): readonly Named[] {
  const { names } = partsOf(expression)
  return attributes.filter((attribute) => names.has(attribute.name))
}

/** The value of a default that is a constant: `'new'::text`, `0`, `true`, `'-1'::integer`. */
export function constantOf(expression: string | undefined): string | undefined {
  if (expression === undefined) return undefined
  const literal = /^\(?(?:E?'((?:[^'\\]|''|\\.)*)'(?:::[\w\s".,()[\]]+)?|(-?\d+(?:\.\d+)?)|(true|false))\)?(?:::[\w\s".,()[\]]+)?$/i.exec(
    expression.trim(),
  )
  if (literal === null) return undefined
  return literal[1] === undefined ? (literal[2] ?? literal[3]?.toLowerCase()) : unquote(expression.trim(), literal[1])
}

function unquote(whole: string, inner: string): string {
  const single = inner.replaceAll("''", "'")
  return /^\(?E/i.test(whole) ? single.replace(/\\(.)/g, '$1') : single
}

/** An array constant (`'{a,b}'::text[]`) stands for its elements too. */
function elements(text: string): readonly string[] {
  const list = /^\{(.*)\}$/.exec(text)
  return list?.[1] === undefined ? [text] : [text, ...list[1].split(',').map((part) => part.replace(/^"(.*)"$/, '$1'))]
}
