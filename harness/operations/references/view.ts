/**
 * A text as its reader sees it (SQL in a string literal, a block of code on a page), with the place of each character in the file.
 *
 * Characters that stand in no file, such as a parameter in the place of a template's hole, have no place.
 */
export interface View {
  readonly text: string
  /** Where the character at an offset begins in the file; undefined where it stands in none. */
  readonly startOf: (offset: number) => number | undefined
  /** Where it ends. */
  readonly endOf: (offset: number) => number | undefined
  /** A text as it must be written there: quotes doubled, backslashes escaped. */
  readonly encode: (text: string) => string
}

/** A range of UTF-16 units of a file. */
export interface Range {
  readonly start: number
  readonly end: number
}

export function wholeView(text: string): View {
  return { text, startOf: (offset) => offset, endOf: (offset) => offset + 1, encode: (replacement) => replacement }
}

/** Part of a view. `text` may be another text of the same length. */
export function sliceView(view: View, start: number, end: number, text: string = view.text.slice(start, end)): View {
  return { text, startOf: (offset) => view.startOf(start + offset), endOf: (offset) => view.endOf(start + offset), encode: view.encode }
}

/** One character of a decoded text: what it is, and the range of the outer view that spells it. */
export interface Spelled extends Range {
  readonly text: string
}

/** A text that is spelled with escapes in another one. */
export function decodedView(outer: View, characters: readonly Spelled[], encode: (text: string) => string): View {
  const units = characters.flatMap((character) => Array.from({ length: character.text.length }, () => character))
  return {
    text: characters.map(({ text }) => text).join(''),
    startOf: (offset) => mapped(units[offset], (unit) => outer.startOf(unit.start)),
    endOf: (offset) => mapped(units[offset], (unit) => outer.endOf(unit.end - 1)),
    encode: (text) => outer.encode(encode(text)),
  }
}

/** Views one after the other; a string between them stands in no file. */
export function joinViews(parts: readonly (View | string)[]): View {
  const places: { readonly view: View | undefined; readonly from: number; readonly to: number }[] = []
  let text = ''
  for (const part of parts) {
    const own = typeof part === 'string' ? part : part.text
    places.push({ view: typeof part === 'string' ? undefined : part, from: text.length, to: text.length + own.length })
    text += own
  }
  const at = (offset: number) => places.find(({ from, to }) => from <= offset && offset < to)
  const first = parts.find((part) => typeof part !== 'string')
  return {
    text,
    startOf: (offset) => mapped(at(offset), ({ view, from }) => view?.startOf(offset - from)),
    endOf: (offset) => mapped(at(offset), ({ view, from }) => view?.endOf(offset - from)),
    encode: (replacement) => first?.encode(replacement) ?? replacement,
  }
}

/** The range of the file that spells a range of a view; undefined where a part of it stands in no file. */
export function placeOf(view: View, { start, end }: Range): Range | undefined {
  const [from, to] = [view.startOf(start), view.endOf(end - 1)]
  return from === undefined || to === undefined || to < from ? undefined : { start: from, end: to }
}

function mapped<Item, Value>(item: Item | undefined, map: (item: Item) => Value | undefined): Value | undefined {
  return item === undefined ? undefined : map(item)
}
