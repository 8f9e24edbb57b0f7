import {
  asList,
  type Fields,
  fieldsOf,
  isFields,
  parseTree,
  type Token,
  tokensOf,
  treeText,
  tryParse,
  tryParseExpression,
} from '../migration/index.ts'

/** Words that end a part of a statement. */
const ends = new Set(
  ', ) ; ] AND OR THEN WHEN ELSE END AS FROM WHERE GROUP HAVING WINDOW ORDER LIMIT OFFSET FETCH FOR UNION INTERSECT EXCEPT RETURNING ON USING ASC DESC NULLS JOIN LEFT RIGHT FULL INNER CROSS NATURAL SET VALUES FILTER OVER IS IN BETWEEN IDENT WITH DO'.split(
    ' ',
  ),
)
/** Most places at which a part is looked for; the first is nearly always right. */
const mostTries = 12

/** A piece of a text, in UTF-8 bytes. */
export interface TextPlace {
  readonly from: number
  readonly to: number
}

/**
 * One statement, and the text of each part of its tree as it stands there. The parser tells where a node begins at most: the end of a part
 * is found by its tokens, and taken only where the text between parses to the very same tree.
 */
export class StatementText {
  readonly text: string
  /** Its own parse: places are bytes into `text`. */
  readonly tree: unknown
  readonly #bytes: Buffer
  readonly #tokens: readonly Token[]

  constructor(text: string) {
    this.text = text
    this.tree = parseTree(text)[0]?.tree
    this.#bytes = Buffer.from(text, 'utf8')
    this.#tokens = tokensOf(text)
  }

  /** The text of an expression; undefined where it is not found. */
  expression(tree: unknown): string | undefined {
    return this.#text(this.expressionPlace(tree))
  }

  /** Where an expression stands, in bytes; undefined where it is not found. */
  expressionPlace(tree: unknown): TextPlace | undefined {
    const wanted = treeText(tree)
    return this.#find(
      tree,
      (word) => word === '(' || word === 'NOT',
      (text) => treeText(tryParseExpression(`(${text})`)) === wanted,
    )
  }

  /** The text of a list of FROM or USING, or of one item of it. */
  from(items: unknown): string | undefined {
    const wanted = treeText(asList(items))
    const begins = (word: string) => word === '(' || word === 'LATERAL' || word === 'ONLY' || word === 'ROWS'
    return this.#text(this.#find(items, begins, (text) => treeText(selectOf(`SELECT FROM ${text}`)?.fromClause) === wanted))
  }

  /** The text of a whole query, with its WITH. */
  query(select: Fields): string | undefined {
    const wanted = treeText(select)
    const begins = (word: string) => /^(SELECT|VALUES|WITH|TABLE|\()$/.test(word)
    return this.#text(this.#find(select, begins, (text) => treeText(selectOf(text)) === wanted))
  }

  /** `WITH …` up to one of its queries, which is left out; all of them by default. Empty where there is none; undefined where it is not found. */
  with(clause: unknown, before?: unknown): string | undefined {
    if (!isFields(clause)) return ''
    const queries = asList(clause.ctes)
    const wanted = before === undefined ? queries : queries.slice(0, queries.indexOf(before))
    const last = wanted.at(-1)
    if (last === undefined) return ''
    const start = Number(clause.location)
    const tree = treeText({ ...clause, ctes: wanted })
    const from = Math.max(...placesIn(last))
    const closing = this.#tokens.filter((token) => token.word === ')' && token.start > from).slice(0, mostTries)
    return closing.map((token) => this.#slice(start, token.end)).find((text) => treeText(selectOf(`${text} SELECT`)?.withClause) === tree)
  }

  /** Lines between the beginning of the statement and a node. */
  linesBefore(tree: unknown): number {
    const places = placesIn(tree)
    if (places.length === 0) return 0
    return this.#slice(0, Math.min(...places)).split('\n').length - 1
  }

  #slice(start: number, end: number): string {
    return this.#bytes.subarray(start, end).toString('utf8')
  }

  #text(place: TextPlace | undefined): string | undefined {
    return place === undefined ? undefined : this.#slice(place.from, place.to)
  }

  #find(tree: unknown, begins: (word: string) => boolean, accept: (text: string) => boolean): TextPlace | undefined {
    const places = placesIn(tree)
    if (places.length === 0) return undefined
    const [first, last] = [Math.min(...places), Math.max(...places)]
    const tokens = this.#tokens
    const at = tokens.findIndex((token) => token.end > first)
    const behind = tokens.findIndex((token) => token.end > last)
    let tries = mostTries
    for (let start = at; start >= 0 && tries > 0; start--) {
      if (start !== at && !begins(tokens[start]?.word ?? '')) {
        if (at - start > 6) return undefined
        continue
      }
      let depth = 0
      for (let end = start; end < tokens.length && depth >= 0 && tries > 0; end++) {
        const word = tokens[end]?.word ?? ''
        if (/^[([]$/.test(word)) depth += 1
        if (/^[)\]]$/.test(word)) depth -= 1
        const next = tokens[end + 1]?.word
        if (depth !== 0 || end < behind || !mayEnd(next)) continue
        tries -= 1
        const place = { from: tokens[start]?.start ?? 0, to: tokens[end]?.end ?? 0 }
        if (accept(this.#slice(place.from, place.to))) return place
      }
    }
    return undefined
  }
}

/** Whether an expression can end before this word: nowhere inside of a name, a call or a cast. */
function mayEnd(next: string | undefined): boolean {
  return next === undefined || ends.has(next) || !/^([\w"'.[(]|[^\x20-\x7e])/.test(next)
}

function selectOf(text: string): Fields | undefined {
  return fieldsOf(tryParse(text)?.[0], 'SelectStmt')
}

/** Where the nodes of a tree begin, those that the parser tells. */
function placesIn(tree: unknown): readonly number[] {
  const places: number[] = []
  const walk = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    if (!Array.isArray(value) && isFields(value) && typeof value.location === 'number' && value.location >= 0) places.push(value.location)
    for (const child of Object.values(value)) walk(child)
  }
  walk(tree)
  return places
}
