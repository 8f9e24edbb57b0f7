import { InputError } from '../errors.ts'
import { type PsqlText, readPsqlText, type VariableReference } from './psql.ts'
import { errorAt } from './script.ts'
import { SourceText } from './source-text.ts'

export interface PsqlContext {
  /**
   * What `\i` and `\ir` name: the file's own text, or undefined where there is none.
   *
   * @param from  The file that includes it, as it is shown.
   */
  readonly include: (name: string, from: string, relative: boolean) => Promise<SourceText | undefined>
  /** Set from outside, as by `psql --set`. */
  readonly variables?: ReadonlyMap<string, string>
}

const command = /^\\(\w+|!|\?)\s*([\s\S]*)$/
const conditional = /^(if|elif|else|endif)$/

/**
 * Carry out what psql does with a script before any of it is sent: `\i` and `\ir`, `\set` and `\unset`, variables where they are set,
 * `\if` to `\endif`. All other meta-commands stay, to be blanked or refused by the parser.
 *
 * @throws {InputError} For an included file that is not there or includes itself, and for an `\if` without its `\endif`.
 */
export async function expandPsql(source: SourceText, context: PsqlContext): Promise<SourceText> {
  return new PsqlExpansion(context).expand(source, [])
}

class PsqlExpansion {
  readonly #context: PsqlContext
  readonly #variables: Map<string, string>

  constructor(context: PsqlContext) {
    this.#context = context
    this.#variables = new Map(context.variables)
  }

  async expand(source: SourceText, includedBy: readonly string[]): Promise<SourceText> {
    const read = readPsqlText(source.text)
    // Only the shell knows; the parser refuses it.
    if (read.metaCommands.some(({ text }) => /^\\(set|i|ir|if|elif)\s.*`/.test(text))) return source
    if (read.metaCommands.length === 0 && !read.variables.some(({ name }) => this.#variables.has(name))) return source
    const parts: SourceText[] = []
    const branches: Branch[] = []
    let done = 0
    const keep = (end: number) => {
      const active = branches.every((branch) => branch.taken)
      const part = source.slice(done, end)
      parts.push(active ? part : part.blank(0, part.text.length))
      done = end
    }
    for (const event of eventsOf(read)) {
      // An argument of a meta-command that was carried out.
      if (event.offset < done) continue
      const active = branches.every((branch) => branch.taken)
      if ('name' in event) {
        const value = active ? this.#valueOf(event) : undefined
        if (value === undefined) continue
        keep(event.offset)
        parts.push(source.inPlace(event.offset, value))
        done = event.offset + event.length
        continue
      }
      const [, name = '', rest = ''] = command.exec(event.text) ?? []
      const after = event.offset + event.text.length
      if (conditional.test(name)) {
        keep(event.offset)
        this.#branch(name, rest, branches, source, event.offset)
      } else if (!active) continue
      else if (name === 'set' || name === 'unset') {
        keep(event.offset)
        this.#set(name, rest)
      } else if (/^(i|ir|include|include_relative)$/.test(name)) {
        keep(event.offset)
        parts.push(await this.#include(this.#words(rest)[0] ?? '', name, source, event.offset, includedBy))
      } else continue
      parts.push(source.slice(event.offset, after).blank(0, event.text.length))
      done = after
    }
    if (branches.length > 0) throw new InputError(...errorAt(source, branches[0]?.offset ?? 0, '"\\if" without its "\\endif"'))
    keep(source.text.length)
    return SourceText.join(parts)
  }

  #valueOf({ name, quote }: VariableReference): string | undefined {
    const value = this.#variables.get(name)
    if (quote === '?') return value === undefined ? 'FALSE' : 'TRUE'
    if (value === undefined || quote === '') return value
    return quote + value.replaceAll(quote, quote + quote) + quote
  }

  #set(name: string, rest: string): void {
    const [variable, ...values] = this.#words(rest)
    if (variable === undefined) return
    if (name === 'set') this.#variables.set(variable, values.join(''))
    else this.#variables.delete(variable)
  }

  /** The arguments of a meta-command: quotes taken off, variables replaced. */
  #words(rest: string): readonly string[] {
    const words = rest.match(/(?:'(?:[^'\\]|''|\\[\s\S])*'|"[^"]*"|:'\w+'|:"\w+"|[^\s'"])+/g) ?? []
    return words.map((word) =>
      word.replace(/'((?:[^'\\]|''|\\[\s\S])*)'|"([^"]*)"|:(['"]?)(\w+)\3|:\{\?(\w+)\}/g, (whole, ...groups) => {
        const [single, double, quote, variable, asked] = groups
        if (typeof single === 'string') return single.replaceAll("''", "'").replace(/\\([\s\S])/g, (_, char) => escapes[char] ?? char)
        if (typeof double === 'string') return double
        return this.#valueOf({ name: variable ?? asked, quote: asked === undefined ? quote : '?', offset: 0, length: 0 }) ?? whole
      }),
    )
  }

  #branch(name: string, rest: string, branches: Branch[], source: SourceText, offset: number): void {
    if (name === 'if') {
      const outer = branches.every((branch) => branch.taken)
      const taken = outer && this.#isTrue(rest)
      branches.push({ taken, spent: taken || !outer, offset })
      return
    }
    const current = branches.pop()
    if (current === undefined) throw new InputError(...errorAt(source, offset, `"\\${name}" without its "\\if"`))
    if (name === 'endif') return
    const taken = !current.spent && (name === 'else' || this.#isTrue(rest))
    branches.push({ taken, spent: current.spent || taken, offset: current.offset })
  }

  #isTrue(rest: string): boolean {
    const value = this.#words(rest).join(' ').toLowerCase()
    // What is no Boolean is false to psql, with a warning.
    return /^(t|tr|tru|true|on|1|y|ye|yes)$/.test(value)
  }

  async #include(name: string, by: string, source: SourceText, offset: number, includedBy: readonly string[]): Promise<SourceText> {
    const from = source.originOf(offset).file
    const included = await this.#context.include(name, from, by === 'ir' || by === 'include_relative')
    if (included === undefined) throw new InputError(...errorAt(source, offset, `includes "${name}", which is not there`))
    const file = included.originOf(0).file
    if (includedBy.includes(file) || file === from) throw new InputError(...errorAt(source, offset, `"${name}" includes itself`))
    const text = included.text.startsWith('\uFEFF') ? included.slice(1) : included
    return this.expand(text, [...includedBy, from])
  }
}

interface Branch {
  readonly taken: boolean
  /** An earlier branch was taken, or none can be. */
  readonly spent: boolean
  readonly offset: number
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

type Event = VariableReference | PsqlText['metaCommands'][number]

function eventsOf(read: PsqlText): readonly Event[] {
  return [...read.metaCommands, ...read.variables].sort((left, right) => left.offset - right.offset)
}
