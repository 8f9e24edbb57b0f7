import { SaxesParser } from 'saxes'
import { isMap, isScalar, isSeq, LineCounter, type ParsedNode, parseDocument, type Scalar } from 'yaml'
import { InputError } from '../errors.ts'
import { SourceText } from '../migration/index.ts'

/** A part of a changelog, the same for XML, YAML and JSON. */
export interface Element {
  readonly name: string
  /** In YAML, the entries that are single values. */
  readonly attributes: ReadonlyMap<string, string>
  readonly children: readonly Element[]
  /** What stands in it besides other elements. */
  readonly text: SourceText
  readonly line: number
  /** As it stands in the file. */
  readonly raw: string
}

/**
 * Read a changelog that is not SQL.
 *
 * @returns The element `databaseChangeLog`; undefined where the file has none.
 * @throws {InputError} for a file that is no XML or YAML.
 */
export function readChangelogElement(shown: string, text: string): Element | undefined {
  const root = /\.xml$/i.test(shown) ? readXml(shown, text) : readYaml(shown, text)
  return root?.name === 'databaseChangeLog' ? root : root?.children.find(({ name }) => name === 'databaseChangeLog')
}

interface Open {
  readonly name: string
  readonly attributes: ReadonlyMap<string, string>
  readonly children: Element[]
  readonly line: number
  readonly start: number
  /** Where its content begins. */
  readonly content: number
}

function readXml(shown: string, text: string): Element | undefined {
  const parser = new SaxesParser({ fileName: shown })
  const source = SourceText.of(shown, text)
  const open: Open[] = []
  let [start, line] = [0, 1]
  let root: Element | undefined
  parser.on('error', (error) => {
    throw new InputError(error.message, { hint: 'Liquibase refuses the file.', cause: error })
  })
  parser.on('opentagstart', () => {
    start = text.lastIndexOf('<', parser.position - 1)
    line = parser.line
  })
  parser.on('opentag', ({ name, attributes }) => {
    const local = name.replace(/^.*:/, '')
    open.push({ name: local, attributes: new Map(Object.entries(attributes)), children: [], line, start, content: parser.position })
  })
  parser.on('closetag', ({ isSelfClosing }) => {
    const closed = open.pop()
    if (closed === undefined) return
    const end = isSelfClosing ? closed.content : text.lastIndexOf('</', parser.position - 1)
    const element = {
      ...closed,
      text: xmlText(source, text, closed.content, end),
      raw: text.slice(closed.start, parser.position),
    }
    const parent = open.at(-1)
    if (parent === undefined) root = element
    else parent.children.push(element)
  })
  parser.write(text).close()
  return root
}

const entities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" }

/** The text between two offsets, without elements and comments: its parts keep their places. */
function xmlText(source: SourceText, text: string, start: number, end: number): SourceText {
  const special = /<!\[CDATA\[([\s\S]*?)\]\]>|<!--[\s\S]*?-->|<(\w[\w:.-]*)\b[^>]*?(?:\/>|>[\s\S]*?<\/\2\s*>)|&(#?\w+);/g
  special.lastIndex = start
  const parts: SourceText[] = []
  let done = start
  for (let match = special.exec(text); match !== null && match.index < end; match = special.exec(text)) {
    parts.push(source.slice(done, match.index))
    const [whole, data, , entity] = match
    if (data !== undefined) parts.push(source.slice(match.index + '<![CDATA['.length, match.index + whole.length - ']]>'.length))
    if (entity !== undefined) parts.push(source.inPlace(match.index, characterOf(entity)))
    done = match.index + whole.length
  }
  return SourceText.join([...parts, source.slice(done, end)])
}

function characterOf(entity: string): string {
  if (!entity.startsWith('#')) return entities[entity] ?? `&${entity};`
  return String.fromCodePoint(/^#x/i.test(entity) ? Number.parseInt(entity.slice(2), 16) : Number(entity.slice(1)))
}

/** JSON is YAML too. */
function readYaml(shown: string, text: string): Element | undefined {
  const lines = new LineCounter()
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'silent' })
  const [error] = document.errors
  if (error !== undefined) {
    const { line } = lines.linePos(error.pos[0])
    throw new InputError(`${shown}:${line}: ${error.message.split('\n', 1)[0]}`, { hint: 'Liquibase refuses the file.', cause: error })
  }
  const source = SourceText.of(shown, text)
  const elementOf = (name: string, node: ParsedNode | null): Element => {
    const [start, end] = node?.range ?? [0, 0]
    const shared = { name, line: lines.linePos(start).line, raw: text.slice(start, end) }
    const empty = source.slice(0, 0)
    if (isMap(node)) {
      const pairs = node.items.map(({ key, value }) => [isScalar(key) ? String(key.value) : '', value as ParsedNode | null] as const)
      const attributes = pairs.flatMap(([key, value]) => (isScalar(value) ? [[key, String(value.value)] as const] : []))
      return { ...shared, attributes: new Map(attributes), children: pairs.map(([key, value]) => elementOf(key, value)), text: empty }
    }
    if (isSeq(node)) {
      const items = node.items as readonly (ParsedNode | null)[]
      return {
        ...shared,
        attributes: new Map(),
        children: items.flatMap((item) => (isMap(item) ? elementOf(name, item as ParsedNode).children : [elementOf('', item)])),
        text: empty,
      }
    }
    return { ...shared, attributes: new Map(), children: [], text: isScalar(node) ? scalarText(source, text, node) : empty }
  }
  return elementOf('', document.contents as ParsedNode | null)
}

/** A block's lines stand in the file as they are, but for the blanks in front; any other value is put in the scalar's place. */
function scalarText(source: SourceText, text: string, node: Scalar.Parsed): SourceText {
  const value = String(node.value ?? '')
  const [start, end] = node.range
  if (node.type !== 'BLOCK_LITERAL') return value === '' ? source.slice(0, 0) : source.inPlace(start, value)
  let at = text.indexOf('\n', start) + 1
  const parts = value.split('\n').map((line) => {
    const stop = text.indexOf('\n', at)
    const next = stop < 0 ? end : stop
    const found = line === '' ? -1 : text.slice(at, next).lastIndexOf(line)
    const part = found < 0 ? source.inPlace(at, line) : source.slice(at + found, at + found + line.length)
    const ended = SourceText.join([part, source.inPlace(Math.min(at, end - 1), '\n')])
    at = next + 1
    return ended
  })
  return SourceText.join(parts)
}
