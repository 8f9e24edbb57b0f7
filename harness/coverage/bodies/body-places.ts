import { type Token, tokensOf } from '../../migration/index.ts'
import type { TextPlace } from '../statement-text.ts'

/** What must be so before a place is come to: a condition that came out so, or a query that gave a row. */
export type Guard =
  | { readonly kind: 'condition'; readonly text: string; readonly truth: boolean }
  | { readonly kind: 'query'; readonly text: string }

interface Common {
  /** Where its first word stands. */
  readonly at: number
  readonly guards: readonly Guard[]
}

/** One place of a body at which it can go on in several ways. */
export type BodyPlace =
  | (Common & { readonly kind: 'entry'; readonly inside: number })
  | (Common & { readonly kind: 'condition'; readonly word: string; readonly condition: TextPlace })
  | (Common & {
      readonly kind: 'arm'
      readonly text: string
      readonly inside: number
      /** Of a CASE that compares: what it compares, and with what; nothing in its ELSE. */
      readonly compares?: { readonly subject: string; readonly values: string | undefined } | undefined
    })
  | (Common & {
      readonly kind: 'loop'
      readonly text: string
      /** Before its label. */
      readonly before: number
      readonly inside: number
      readonly behind: number
      /** What it goes over, behind IN. */
      readonly over: TextPlace | undefined
    })
  | (Common & {
      readonly kind: 'handler'
      readonly text: string
      readonly inside: number
      /** Where the block begins whose errors it takes. */
      readonly block: number
    })
  | (Common & { readonly kind: 'statement'; readonly statement: TextPlace })

const listEnds = new Set(['END', 'ELSE', 'ELSIF', 'ELSEIF', 'EXCEPTION', 'WHEN'])

/**
 * The places of a PL/pgSQL body at which it can go on in several ways, in the order of the text.
 *
 * PL/pgSQL's parser tells lines only, so they are found by the words of the body; what is made of them is checked by that parser.
 *
 * @returns Undefined where the words are none of PL/pgSQL as it is known here.
 */
export function bodyPlaces(body: string): readonly BodyPlace[] | undefined {
  try {
    return new BodyScanner(body).read()
  } catch {
    return undefined
  }
}

class BodyScanner {
  readonly #bytes: Buffer
  readonly #tokens: readonly Token[]
  readonly #places: BodyPlace[] = []
  #next = 0
  #guards: readonly Guard[] = []

  constructor(body: string) {
    this.#bytes = Buffer.from(body, 'utf8')
    this.#tokens = tokensOf(body)
  }

  read(): readonly BodyPlace[] {
    // An option of the compiler: `#variable_conflict use_column`.
    while (this.#word() === '#') this.#next += 3
    this.#label()
    this.#block(true)
    return this.#places
  }

  get #token(): Token {
    const token = this.#tokens[this.#next]
    if (token === undefined) throw new Error('the body ends too early')
    return token
  }

  #word(): string {
    return this.#token.word
  }

  #text({ from, to }: TextPlace): string {
    return this.#bytes.subarray(from, to).toString('utf8')
  }

  #take(...words: readonly string[]): Token {
    const token = this.#token
    if (words.length > 0 && !words.includes(token.word)) throw new Error(`${token.word} where ${words.join(' or ')} is expected`)
    this.#next += 1
    return token
  }

  /** What stands before one of these words, outside of brackets; the word itself comes next. */
  #until(...words: readonly string[]): TextPlace {
    const first = this.#token
    let last: Token | undefined
    for (let depth = 0; depth > 0 || !words.includes(this.#word()); last = this.#take()) {
      if (/^[([]$/.test(this.#word())) depth += 1
      if (/^[)\]]$/.test(this.#word())) depth -= 1
    }
    if (last === undefined) throw new Error('nothing stands where an expression is expected')
    return { from: first.start, to: last.end }
  }

  #label(): void {
    if (this.#word() !== '<<') return
    this.#take()
    this.#take()
    this.#take('>>')
  }

  /** Statements up to the word that ends their list. @param guards  What holds in it. */
  #list(guards: readonly Guard[]): void {
    const around = this.#guards
    this.#guards = guards
    while (!listEnds.has(this.#word())) this.#statement()
    this.#guards = around
  }

  #statement(): void {
    const before = this.#token.start
    this.#label()
    switch (this.#word()) {
      case 'DECLARE':
      case 'BEGIN':
        this.#block(false)
        return
      case 'IF':
        this.#if()
        return
      case 'CASE':
        this.#case()
        return
      case 'WHILE':
      case 'FOR':
      case 'FOREACH':
      case 'LOOP':
        this.#loop(before)
        return
      case 'EXIT':
      case 'CONTINUE':
        this.#leave()
        return
      default: {
        const statement = this.#until(';')
        this.#take()
        this.#places.push({ kind: 'statement', at: statement.from, statement, guards: this.#guards })
      }
    }
  }

  #block(isWhole: boolean): void {
    if (this.#word() === 'DECLARE') while (this.#word() !== 'BEGIN') this.#take()
    const begin = this.#take('BEGIN')
    if (isWhole) this.#places.push({ kind: 'entry', at: begin.start, inside: begin.end, guards: [] })
    this.#list(this.#guards)
    if (this.#word() === 'EXCEPTION') {
      this.#take()
      while (this.#word() === 'WHEN') {
        const when = this.#take()
        const text = `WHEN ${this.#text(this.#until('THEN'))}`
        this.#places.push({ kind: 'handler', text, at: when.start, inside: this.#take().end, block: begin.start, guards: this.#guards })
        this.#list(this.#guards)
      }
    }
    this.#take('END')
    if (isWhole) return
    this.#closing()
  }

  /** A label that may stand behind END, and the semicolon. */
  #closing(): Token {
    if (this.#word() !== ';') this.#take()
    return this.#take(';')
  }

  #if(): void {
    const passed: Guard[] = []
    let whole = ''
    for (let word = this.#take('IF'); word.word !== 'ELSE' && word.word !== 'END'; word = this.#take('ELSIF', 'ELSEIF', 'ELSE', 'END')) {
      const condition = this.#until('THEN')
      const text = this.#text(condition)
      whole ||= text
      const guards = [...this.#guards, ...passed]
      this.#places.push({ kind: 'condition', word: word.word, at: word.start, condition, guards })
      this.#take()
      this.#list([...guards, { kind: 'condition', text, truth: true }])
      passed.push({ kind: 'condition', text, truth: false })
    }
    this.#else(`ELSE of IF ${whole}`, passed)
    this.#take('IF')
    this.#take(';')
  }

  /** The list behind ELSE, where that is the word just taken; then END is taken too. */
  #else(text: string, passed: readonly Guard[], subject?: string): void {
    const word = this.#tokens[this.#next - 1]
    if (word?.word !== 'ELSE') return
    const guards = [...this.#guards, ...passed]
    const compares = subject === undefined ? undefined : { subject, values: undefined }
    this.#places.push({ kind: 'arm', text, at: word.start, inside: word.end, guards, compares })
    this.#list(guards)
    this.#take('END')
  }

  #case(): void {
    this.#take('CASE')
    const subject = this.#word() === 'WHEN' ? undefined : this.#text(this.#until('WHEN'))
    const passed: Guard[] = []
    let word = this.#take('WHEN')
    for (; word.word === 'WHEN'; word = this.#take('WHEN', 'ELSE', 'END')) {
      const condition = this.#until('THEN')
      const then = this.#take()
      const text = this.#text(condition)
      const guards = [...this.#guards, ...passed]
      if (subject === undefined) {
        this.#places.push({ kind: 'condition', word: 'WHEN', at: word.start, condition, guards })
        this.#list([...guards, { kind: 'condition', text, truth: true }])
        passed.push({ kind: 'condition', text, truth: false })
        continue
      }
      const shown = `CASE ${subject} WHEN ${text}`
      this.#places.push({ kind: 'arm', text: shown, at: word.start, inside: then.end, guards, compares: { subject, values: text } })
      this.#list([...guards, { kind: 'condition', text: `(${subject}) IN (${text})`, truth: true }])
    }
    this.#else(subject === undefined ? 'ELSE of CASE' : `ELSE of CASE ${subject}`, passed, subject)
    this.#take('CASE')
    this.#take(';')
  }

  #loop(before: number): void {
    const word = this.#take('WHILE', 'FOR', 'FOREACH', 'LOOP')
    const around = this.#guards
    const within: Guard[] = [...around]
    let [text, over, inside]: [string, TextPlace | undefined, number] = ['LOOP', undefined, word.end]
    if (word.word !== 'LOOP') {
      const first = this.#next
      const head = this.#until('LOOP')
      text = `${word.word} ${this.#text(head)}`
      const loop = this.#take()
      inside = loop.end
      const at = this.#tokens.findIndex((token, index) => index >= first && index < this.#next && token.word === 'IN')
      const from = this.#tokens[at + 1]
      if (word.word === 'WHILE') {
        this.#places.push({ kind: 'condition', word: 'WHILE', at: word.start, condition: head, guards: around })
        within.push({ kind: 'condition', text: this.#text(head), truth: true })
      } else if (at >= 0 && from !== undefined) {
        over = { from: from.start, to: head.to }
        within.push({ kind: 'query', text: this.#text(over) })
      }
    }
    const position = this.#places.length
    this.#list(within)
    this.#take('END')
    this.#take('LOOP')
    const behind = this.#closing().end
    this.#places.splice(position, 0, { kind: 'loop', text, at: word.start, before, inside, behind, over, guards: around })
  }

  #leave(): void {
    const word = this.#take('EXIT', 'CONTINUE')
    if (this.#word() !== 'WHEN' && this.#word() !== ';') this.#take()
    if (this.#word() === 'WHEN') {
      this.#take()
      const condition = this.#until(';')
      this.#places.push({ kind: 'condition', word: `${word.word} WHEN`, at: word.start, condition, guards: this.#guards })
      // What stands behind it in the loop is come to where it was not so.
      this.#guards = [...this.#guards, { kind: 'condition', text: this.#text(condition), truth: false }]
    }
    this.#take(';')
  }
}
