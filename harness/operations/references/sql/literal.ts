import { decodedView, type Spelled, sliceView, type View } from '../view.ts'

const backslashes: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' }

/** What a constant of SQL says, with the place of each character; undefined for a way of writing that is not read (`U&'…'`). */
export function literalView(view: View, start: number, end: number): View | undefined {
  const written = view.text.slice(start, end)
  const tag = /^\$(?:[A-Za-z_\u0080-\uffff][\w\u0080-\uffff]*)?\$/.exec(written)?.[0]
  if (tag !== undefined) return sliceView(view, start + tag.length, end - tag.length)
  const opening = /^[eE]?'/.exec(written)?.[0]
  if (opening === undefined) return undefined
  const escapes = opening.length === 2
  const pattern = escapes ? /\\(?:[0-7]{1,3}|x[0-9a-fA-F]{1,2}|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8}|[\s\S])|''|[\s\S]/g : /''|[\s\S]/g
  const body = written.slice(opening.length, -1)
  const characters = [...body.matchAll(pattern)].map((match): Spelled => {
    const from = start + opening.length + match.index
    return { text: unescaped(match[0]), start: from, end: from + match[0].length }
  })
  return decodedView(view, characters, (text) => (escapes ? text.replaceAll('\\', '\\\\') : text).replaceAll("'", "''"))
}

function unescaped(written: string): string {
  if (written === "''") return "'"
  if (!written.startsWith('\\')) return written
  const [, code = ''] = written
  if (/[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(written.slice(1), 8))
  if (/[xuU]/.test(code) && written.length > 2) return String.fromCodePoint(Number.parseInt(written.slice(2), 16))
  return backslashes[code] ?? code
}
