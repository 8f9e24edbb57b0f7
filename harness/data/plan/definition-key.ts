import type { Catalog } from '../../catalog/index.ts'

const dotted = /("(?:[^"]|"")+"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)\.("(?:[^"]|"")+"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)/gu

/**
 * What a question to the server depends on beside its own text: the definitions of the types of the database that it names.
 *
 * @param parts  Types and expressions as the server deparses them: with their schema, unless it is pg_catalog.
 * @returns The definitions, as one text; undefined where something else of the database has a say (a function, a table).
 */
export function definitionKey(catalog: Catalog, parts: readonly string[]): string | undefined {
  const types = new Map<string, string>()
  const open = [...parts]
  for (let part = open.pop(); part !== undefined; part = open.pop()) {
    for (const match of withoutTexts(part).matchAll(dotted)) {
      const [schema, name] = [bare(match[1] ?? ''), bare(match[2] ?? '')]
      if (schema === 'pg_catalog') continue
      const path = [schema, name].map((each) => (/[."]/.test(each) ? `"${each.replaceAll('"', '""')}"` : each)).join('.')
      const type = catalog.types.get(path)
      if (type === undefined) return undefined
      if (types.has(path)) continue
      types.set(path, JSON.stringify({ ...type, oid: 0 }))
      if (type.kind === 'array') open.push(type.element)
      else if (type.kind === 'domain') open.push(type.base, ...type.checks.map((check) => check.expression))
      else if (type.kind === 'composite') open.push(...type.attributes.map((attribute) => attribute.type))
      else if (type.kind === 'range' || type.kind === 'multirange') open.push(type.subtype)
    }
  }
  return [...types]
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([path, text]) => `${path} ${text}`)
    .join('\n')
}

const withoutTexts = (expression: string) => expression.replaceAll(/'(?:[^']|'')*'/g, "''")

const bare = (name: string) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name)
