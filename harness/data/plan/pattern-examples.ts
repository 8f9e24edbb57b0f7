import type { Randomness } from '../random.ts'

/** Texts that should match a LIKE pattern. */
export function likeExamples(pattern: string, random: Randomness, count: number): string[] {
  return Array.from({ length: count }, (_, round) =>
    pattern.replace(/\\(.)|%|_/g, (found, escaped: string | undefined) => {
      if (escaped !== undefined) return escaped
      if (found === '_') return random.pick([...'abcxyz'])
      return round === 0 ? '' : letters(random, random.between(1, 6))
    }),
  )
}

/**
 * Texts that should match a regular expression: literals, classes, groups, alternatives, quantifiers and anchors of PostgreSQL's ARE.
 * Look-around and back references are passed over; the server judges the examples.
 */
export function regexExamples(pattern: string, random: Randomness, count: number): string[] {
  return Array.from({ length: count }, (_, round) =>
    new RegexReader(pattern.replace(/^\(\?[a-z]+\)/, ''), random, round === 0).alternatives(),
  )
}

function letters(random: Randomness, length: number): string {
  return Array.from({ length }, () => random.pick([...'abcdefghkmnprstuvwxyz'])).join('')
}

const word = [...'abcdefghijklmnopqrstuvwxyzABCDEFGHJKLMN0123456789_']
const classes: Readonly<Record<string, readonly string[]>> = {
  d: [...'0123456789'],
  w: word,
  s: [' '],
  D: [...'abcxyz'],
  W: [...'-. '],
  S: word,
}
const named: Readonly<Record<string, readonly string[]>> = {
  digit: [...'0123456789'],
  alpha: word.slice(0, 39),
  alnum: word.slice(0, 49),
  upper: word.slice(26, 39),
  lower: word.slice(0, 26),
  space: [' '],
  xdigit: [...'0123456789abcdef'],
  punct: [...'.-_!'],
}

class RegexReader {
  #at = 0
  readonly #pattern: string
  readonly #random: Randomness
  readonly #shortest: boolean

  constructor(pattern: string, random: Randomness, shortest: boolean) {
    this.#pattern = pattern
    this.#random = random
    this.#shortest = shortest
  }

  alternatives(): string {
    const options = [this.#sequence()]
    while (this.#peek() === '|') {
      this.#at++
      options.push(this.#sequence())
    }
    return this.#shortest ? (options[0] ?? '') : this.#random.pick(options)
  }

  #peek(): string | undefined {
    return this.#pattern[this.#at]
  }

  #sequence(): string {
    let text = ''
    for (let next = this.#peek(); next !== undefined && next !== '|' && next !== ')'; next = this.#peek()) {
      const start = this.#at
      let piece = this.#atom()
      const end = this.#at
      const [least, most] = this.#quantifier()
      const after = this.#at
      const times = this.#shortest ? least : this.#random.between(least, most)
      if (times === 0) piece = ''
      text += piece
      for (let repeat = 1; repeat < times; repeat++) {
        this.#at = start
        text += this.#atom()
        this.#at = end
      }
      this.#at = after
    }
    return text
  }

  #atom(): string {
    const character = this.#pattern[this.#at++] ?? ''
    if (character === '^' || character === '$') return ''
    if (character === '.') return this.#random.pick(word)
    if (character === '[') return this.#set()
    if (character === '(') {
      const look = /^\?(:|<?[=!])/.exec(this.#pattern.slice(this.#at))
      if (look !== null) this.#at += look[0].length
      const inner = this.alternatives()
      this.#at++
      return look === null || look[1] === ':' ? inner : ''
    }
    if (character !== '\\') return character
    const escaped = this.#pattern[this.#at++] ?? ''
    if ('AZmMyYb'.includes(escaped)) return ''
    const set = classes[escaped]
    return set === undefined ? escaped : this.#random.pick(set)
  }

  #set(): string {
    const negated = this.#peek() === '^'
    if (negated) this.#at++
    const members: string[] = []
    for (let first = true; this.#at < this.#pattern.length; first = false) {
      const character = this.#pattern[this.#at++] ?? ''
      if (character === ']' && !first) break
      if (character === '[' && this.#peek() === ':') {
        const end = this.#pattern.indexOf(':]', this.#at)
        members.push(...(named[this.#pattern.slice(this.#at + 1, end)] ?? []))
        this.#at = end + 2
        continue
      }
      if (character === '\\') {
        const escaped = this.#pattern[this.#at++] ?? ''
        members.push(...(classes[escaped] ?? [escaped]))
        continue
      }
      const to = this.#pattern[this.#at + 1]
      if (this.#peek() === '-' && to !== undefined && to !== ']') {
        this.#at += 2
        const [low, high] = [character.codePointAt(0) ?? 0, Math.min(to.codePointAt(0) ?? 0, (character.codePointAt(0) ?? 0) + 60)]
        for (let code = low; code <= high; code++) members.push(String.fromCodePoint(code))
      } else members.push(character)
    }
    const allowed = negated ? word.filter((character) => !members.includes(character)) : members
    return allowed.length === 0 ? '' : this.#random.pick(allowed)
  }

  #quantifier(): readonly [number, number] {
    const found = /^(?:([*+?])|\{(\d+)(,(\d*))?\})\??/.exec(this.#pattern.slice(this.#at))
    if (found === null) return [1, 1]
    this.#at += found[0].length
    if (found[1] !== undefined) return found[1] === '*' ? [0, 5] : found[1] === '+' ? [1, 6] : [0, 1]
    const least = Number(found[2])
    return [least, found[3] === undefined ? least : found[4] ? Math.min(Number(found[4]), least + 12) : least + 4]
  }
}
