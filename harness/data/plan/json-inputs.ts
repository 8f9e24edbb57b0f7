import type { Attribute, Catalog, Relation } from '../../catalog/index.ts'
import type { Maker } from '../value/maker.ts'
import { makerOf } from '../value/maker-of.ts'
import { valueTypeOf } from '../value/value-type.ts'
import { attributesIn } from './expression.ts'

/** A leaf of a JSON attribute that a generated attribute is computed from. */
export interface JsonInput {
  readonly path: readonly string[]
  /** Texts that the generated attribute's type reads; undefined where any text will do. */
  readonly values: readonly string[] | undefined
}

/** A generated attribute that is computed from one JSON attribute alone. */
export interface FromJson {
  readonly attribute: Attribute
  readonly source: string
  readonly expression: string
}

/** The generated attributes of a relation that read one JSON attribute, as stores of documents have them. */
export function generatedFromJson(relation: Relation): readonly FromJson[] {
  return relation.attributes.flatMap((attribute) => {
    const expression = attribute.default
    if (attribute.generated === undefined || expression === undefined) return []
    const [source, ...others] = attributesIn(expression, relation.attributes)
    if (source === undefined || others.length > 0 || !/(^|\.)jsonb?$/.test(source.typePath)) return []
    return [{ attribute, source: source.name, expression }]
  })
}

const longText = 40

/** The leaves of a JSON attribute that generated attributes are computed from, each once. */
export function jsonInputs(catalog: Catalog, relation: Relation, name: string, known: ReadonlyMap<string, Maker>): readonly JsonInput[] {
  const found = new Map<string, JsonInput>()
  for (const { attribute, source, expression } of generatedFromJson(relation)) {
    if (source !== name) continue
    const values = valuesOf(catalog, attribute, known)
    for (const path of pathsIn(expression)) {
      const key = JSON.stringify(path)
      if (found.get(key)?.values === undefined) found.set(key, { path, values })
    }
  }
  return [...found.values()]
}

function valuesOf(catalog: Catalog, attribute: Attribute, known: ReadonlyMap<string, Maker>): readonly string[] | undefined {
  const length = /^(?:character(?: varying)?|text)(?:\((\d+)\))?$/.exec(attribute.type)
  if (length !== null) return Number(length[1] ?? longText) < longText ? ['x', 'y', 'z'].slice(0, Number(length[1])) : undefined
  const type = valueTypeOf(catalog, attribute)
  const maker = type === undefined ? undefined : makerOf(type, { unicode: false, folded: false, known })
  return maker === undefined ? undefined : [...new Set([maker.plain, ...maker.vector.slice(0, 3), ...maker.edges.slice(0, 3)])]
}

/** Paths as PostgreSQL deparses them: `(doc ->> 'a'::text)`, `((doc -> 'a'::text) ->> 'b'::text)`, `(doc #>> '{a,b}'::text[])`. */
function pathsIn(expression: string): readonly (readonly string[])[] {
  const paths: (readonly string[])[] = []
  for (const match of expression.matchAll(/((?:-> ?'(?:[^']|'')*'(?:::text)?\)? ?)*)->> ?'((?:[^']|'')*)'/g)) {
    const before = [...(match[1] ?? '').matchAll(/'((?:[^']|'')*)'/g)].map((each) => unquoted(each[1] ?? ''))
    paths.push([...before, unquoted(match[2] ?? '')])
  }
  for (const match of expression.matchAll(/#>>? ?'\{((?:[^']|'')*)\}'/g))
    paths.push(
      unquoted(match[1] ?? '')
        .split(',')
        .map((key) => key.trim().replace(/^"(.*)"$/, '$1')),
    )
  return paths.filter((path) => path.length > 0 && path.every((key) => key !== ''))
}

function unquoted(text: string): string {
  return text.replaceAll("''", "'")
}
