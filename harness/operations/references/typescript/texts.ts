import type ts from 'typescript'
import { hole } from '../sql/scope.ts'
import { decodedView, joinViews, type Spelled, sliceView, type View } from '../view.ts'
import type { Compiler } from './load.ts'

/** A text of a program: a literal, a template, or several of them put together by `+`. */
export interface ProgramText {
  readonly node: ts.Expression
  readonly view: View
  /** Whether parts of it are known only when the program runs. */
  readonly holes: boolean
}

/** The text that an expression is, with `hole` in the place of what is known only when the program runs; undefined for any other. */
export function textOf(compiler: Compiler, source: View, node: ts.Expression): ProgramText | undefined {
  const parts = partsOf(compiler, source, node)
  const known = parts.filter((part) => typeof part !== 'string')
  if (known.length === 0) return undefined
  const [only] = known
  return { node, view: parts.length === 1 && only !== undefined ? only : joinViews(parts), holes: known.length < parts.length }
}

function partsOf(compiler: Compiler, source: View, node: ts.Node): readonly (View | string)[] {
  if (compiler.isStringLiteral(node) || compiler.isNoSubstitutionTemplateLiteral(node))
    return [literal(source, node.getStart() + 1, node.end - 1)]
  if (compiler.isTemplateExpression(node)) {
    const head = literal(source, node.head.getStart() + 1, node.head.end - 2)
    const spans = node.templateSpans.map(({ literal: part }) =>
      literal(source, part.getStart() + 1, part.end - (part.kind === compiler.SyntaxKind.TemplateTail ? 1 : 2)),
    )
    return [head, ...spans.flatMap((view) => [hole, view])]
  }
  if (compiler.isParenthesizedExpression(node)) return partsOf(compiler, source, node.expression)
  if (compiler.isBinaryExpression(node) && node.operatorToken.kind === compiler.SyntaxKind.PlusToken)
    return [...partsOf(compiler, source, node.left), ...partsOf(compiler, source, node.right)]
  return [hole]
}

const escapes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f', v: '\v', '0': '\0' }
const character = /\\(?:u\{[0-9a-fA-F]+\}|u[0-9a-fA-F]{4}|x[0-9a-fA-F]{2}|\r\n|[\s\S])|\r\n|[\s\S]/g

/** What is between the quotes of a literal, escapes taken off. */
function literal(source: View, start: number, end: number): View {
  const quote = source.text[start - 1] ?? "'"
  const written = source.text.slice(start, end)
  const encode = (text: string) => escaped(text, quote === '}' ? '`' : quote)
  if (!/[\\\r]/.test(written)) return { ...sliceView(source, start, end), encode: (text) => source.encode(encode(text)) }
  const characters = [...written.matchAll(character)].map(
    (match): Spelled => ({ text: spelled(match[0]), start: start + match.index, end: start + match.index + match[0].length }),
  )
  return decodedView(source, characters, encode)
}

function spelled(written: string): string {
  if (written === '\r\n') return '\n'
  if (!written.startsWith('\\')) return written
  if (/^\\\r?\n$/.test(written)) return ''
  if (/^\\(u|x)./.test(written)) return String.fromCodePoint(Number.parseInt(written.replace(/^\\[ux]/, '').replaceAll(/[{}]/g, ''), 16))
  return escapes[written.slice(1)] ?? written.slice(1)
}

function escaped(text: string, quote: string): string {
  const safe = text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`)
  return quote === '`' ? safe.replaceAll('${', '\\${') : safe
}
