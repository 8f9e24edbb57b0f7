/** How Liquibase parts a change set's SQL into what it sends. */
export interface Splitting {
  readonly splits: boolean
  /** Undefined: `;`, or a line's `go` or `/`. */
  readonly delimiter: string | undefined
}

export interface Cut {
  readonly start: number
  readonly end: number
}

const token =
  /\s+|--[^\r\n]*|\/\*[\s\S]*?\*\/|(?:[UENRB]|RB|_utf8)?(?:'(?:''|\\[\s\S]|[^\\'])*(?:'|\\')|"(?:""|\\[\s\S]|[^\\"])*(?:"|\\"))|[\p{L}$_@#][\p{L}\p{N}$_@#]*(?:[ \r\n]*\.[ \r\n]*[\p{L}$_@#][\p{L}\p{N}$_@#]*)*|\d+|[\s\S]/giuy

/**
 * Where Liquibase cuts a text. It knows quotes and comments, no dollar quotes: inside of those it counts BEGIN and END, and every END ends
 * one BEGIN, that of an IF too.
 *
 * @see StringUtil.processMultiLineSQL and SimpleSqlGrammar.jj in Liquibase's source
 */
export function liquibaseCuts(text: string, { splits, delimiter }: Splitting): readonly Cut[] {
  if (!splits) return []
  const tokens = [...text.matchAll(token)]
  const wanted = delimiter?.replaceAll('\\n', '\n').replaceAll('\\r', '\r').replaceAll('\\t', '\t').toLowerCase()
  const cuts: Cut[] = []
  let [depth, done] = [0, 0]
  for (const [at, match] of tokens.entries()) {
    const [piece] = match
    if (match.index < done) continue
    const word = piece.toLowerCase()
    const next = tokens
      .slice(at + 1, at + 3)
      .find(([each]) => each.trim() !== '')?.[0]
      .toLowerCase()
    const ofTransaction = /^tran(s|saction)?$/.test(next ?? '')
    if (word === 'begin' && !ofTransaction && !/^(dialog|conversation|distributed)$/.test(next ?? '')) depth++
    if (word === 'end' && depth > 0 && !ofTransaction) depth--
    if (depth > 0) continue
    const length = wanted === undefined ? defaultLength(text, match.index, word) : givenLength(text, match.index, word, wanted)
    if (length === 0) continue
    done = match.index + length
    cuts.push({ start: match.index, end: done })
  }
  return cuts
}

function defaultLength(text: string, at: number, word: string): number {
  if (word === ';') return 1
  return (word === 'go' || word === '/') && (at === 0 || text[at - 1] === '\n') ? word.length : 0
}

function givenLength(text: string, at: number, word: string, delimiter: string): number {
  // Those inside of a quote or a comment are no pieces of their own.
  if (/^(--|\/\*)/.test(word) || (/['"]/.test(word) && word.length > 1)) return 0
  if (delimiter === '/' && at > 0 && text[at - 1] !== '\n') return 0
  if (/\s/.test(word) && !/^\s/.test(delimiter)) return 0
  const within = text
    .slice(at, at + word.length + delimiter.length)
    .toLowerCase()
    .indexOf(delimiter)
  return within >= 0 && within < word.length && (within === 0 || /\s/.test(word)) ? within + delimiter.length : 0
}
