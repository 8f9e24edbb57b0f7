/** An unquoted qualified name, e.g. `{ schema: 'public', name: 'orderItems' }`. */
export interface RelationName {
  readonly schema: string
  readonly name: string
}

/** Quote an identifier as `quote_ident` would, but always: `a"b` becomes `"a""b"`. */
export function quoteIdentifier(identifier: string): string {
  return `"${identifier.replaceAll('"', '""')}"`
}

/** Quote a qualified name: `"public"."orderItems"`. */
export function quoteName(name: RelationName): string {
  return `${quoteIdentifier(name.schema)}.${quoteIdentifier(name.name)}`
}

/** Quote a text as a string literal, whatever `standard_conforming_strings` says; `null` becomes `NULL`. */
export function quoteLiteral(text: string | null): string {
  if (text === null) return 'NULL'
  const doubled = text.replaceAll("'", "''")
  return doubled.includes('\\') ? ` E'${doubled.replaceAll('\\', '\\\\')}'` : `'${doubled}'`
}

/**
 * The path by which results, reports and look-ups name a relation (or, with `attribute`, one of its attributes): `public.items.orderDate`.
 * A part is double-quoted only where it holds a dot or a double quote, so that a path can be taken apart again.
 */
export function pathOf(name: RelationName, attribute?: string): string {
  const parts = attribute === undefined ? [name.schema, name.name] : [name.schema, name.name, attribute]
  return parts.map((part) => (/[."]/.test(part) || part === '' ? quoteIdentifier(part) : part)).join('.')
}

/** A path taken apart, its quotes off: what `pathOf` made, or an author wrote with more quotes than are needed. */
export function partsOf(path: string): readonly string[] {
  return (path.match(/"(?:[^"]|"")*"|[^."]+/g) ?? []).map((part) => (part.startsWith('"') ? part.slice(1, -1).replaceAll('""', '"') : part))
}

/** Whether a name stands in an SQL text, and not only as a part of a longer one. */
export function mentionsName(text: string, name: string): boolean {
  const literal = name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`(^|[^\\p{L}\\p{N}_])${literal}($|[^\\p{L}\\p{N}_])`, 'u').test(text)
}

/** A path as sentences write it: without the schema where that is `public`. */
export function shownName(path: string): string {
  return path.startsWith('public.') ? path.slice('public.'.length) : path
}
