import type { Attribute, Catalog, TypeInfo } from '../catalog/index.ts'
import { pathOf } from '../postgres/index.ts'
import { type CastType, formatType } from './cast-type.ts'
import { constantsOf } from './constant.ts'
import { asList, asText, type Fields, fieldsOf, isFields, stringsOf, tryParseExpression } from './tree.ts'

type Definition =
  | { readonly kind: 'enum'; readonly labels: string[] }
  | { readonly kind: 'domain'; readonly base: CastType | undefined; readonly checks: unknown[] }

const serial: Readonly<Record<string, string>> = {
  serial: 'int4',
  serial4: 'int4',
  bigserial: 'int8',
  serial8: 'int8',
  smallserial: 'int2',
  serial2: 'int2',
}

/** Which type a name means while a script runs: enums and domains of the catalog and those that the script makes, renames and changes. */
export class TypeNames {
  readonly #catalog: Catalog
  readonly #definitions = new Map<string, Definition>()
  /** As the catalog has them, by the paths that they have there. */
  #legacy: ReadonlyMap<string, Definition> = this.#definitions

  constructor(catalog: Catalog) {
    this.#catalog = catalog
    for (const [path, type] of catalog.types)
      if (type.kind === 'enum') this.#definitions.set(path, { kind: 'enum', labels: [...type.labels] })
    for (const [path, type] of catalog.types) if (type.kind === 'domain') this.#definitions.set(path, this.#domain(type))
    this.#legacy = new Map(this.#definitions)
  }

  /** The legacy type of an attribute of the catalog; undefined where its type is not in it. */
  ofAttribute(attribute: Attribute): CastType | undefined {
    return this.#ofPath(attribute.typePath, writtenModifiers(attribute.type), attribute.type)
  }

  /** The type that a `TypeName` node names. */
  ofTree(typeName: unknown): CastType | undefined {
    if (!isFields(typeName)) return undefined
    const parts = stringsOf(typeName.names)
    const name = parts.at(-1)
    if (name === undefined || typeName.pct_type === true) return undefined
    const array = asList(typeName.arrayBounds).length > 0
    const [path, definition] = this.#find(parts) ?? []
    if (path !== undefined && definition !== undefined) return typeOf(path, definition, array)
    const given = asList(typeName.typmods)
      .flatMap(constantsOf)
      .flatMap((constant) => Number(constant.value))
    const modifiers = name === 'numeric' && given.length === 1 ? [...given, 0] : name === 'interval' ? [] : given
    return plain(serial[name] ?? name, modifiers, array)
  }

  /** A statement that makes or changes a type; nothing for any other. */
  follow(node: string, fields: Fields): void {
    switch (node) {
      case 'CreateEnumStmt':
        this.#definitions.set(ownPath(stringsOf(fields.typeName)), { kind: 'enum', labels: [...stringsOf(fields.vals)] })
        return
      case 'AlterEnumStmt': {
        const [, definition] = this.#find(stringsOf(fields.typeName)) ?? []
        const label = asText(fields.newVal)
        if (definition?.kind === 'enum' && label !== undefined && !definition.labels.includes(label)) definition.labels.push(label)
        return
      }
      case 'CreateDomainStmt':
        this.#definitions.set(ownPath(stringsOf(fields.domainname)), {
          kind: 'domain',
          base: this.ofTree(fields.typeName),
          checks: asList(fields.constraints).flatMap((item) => fieldsOf(item, 'Constraint')?.raw_expr ?? []),
        })
        return
      case 'AlterDomainStmt': {
        const [, definition] = this.#find(stringsOf(fields.typeName)) ?? []
        const check = fieldsOf(fields.def, 'Constraint')?.raw_expr
        if (definition?.kind === 'domain' && check !== undefined) definition.checks.push(check)
        return
      }
      case 'RenameStmt':
        if (/^OBJECT_(TYPE|DOMAIN)$/.test(String(fields.renameType))) this.#move(stringsOf(fields.object), { name: asText(fields.newname) })
        return
      case 'AlterObjectSchemaStmt':
        if (/^OBJECT_(TYPE|DOMAIN)$/.test(String(fields.objectType)))
          this.#move(stringsOf(fields.object), { schema: asText(fields.newschema) })
    }
  }

  #move(parts: readonly string[], to: { readonly schema?: string | undefined; readonly name?: string | undefined }): void {
    const [path, definition] = this.#find(parts) ?? []
    if (path === undefined || definition === undefined) return
    this.#definitions.delete(path)
    this.#definitions.set(pathOf({ schema: to.schema ?? parts.at(-2) ?? 'public', name: to.name ?? parts.at(-1) ?? '' }), definition)
  }

  /** With a schema exactly that type; else one of `public`, or the last of that name. */
  #find(parts: readonly string[]): readonly [string, Definition] | undefined {
    const exact = this.#definitions.get(ownPath(parts))
    if (exact !== undefined) return [ownPath(parts), exact]
    if (parts.length > 1) return undefined
    const ending = pathOf({ schema: 'x', name: parts[0] ?? '' }).slice(1)
    return [...this.#definitions].findLast(([path]) => path.endsWith(ending))
  }

  #domain(type: TypeInfo & { readonly kind: 'domain' }): Definition {
    const base = this.#catalog.types.get(type.base)
    return {
      kind: 'domain',
      base: this.#ofPath(type.base, modifiersOf(base?.name ?? '', type.baseModifier)),
      checks: type.checks.map((check) => tryParseExpression(check.expression)),
    }
  }

  #ofPath(path: string, modifiers: readonly number[], text?: string): CastType | undefined {
    const type = this.#catalog.types.get(path)
    if (type === undefined) return undefined
    const definition = this.#legacy.get(path)
    if (definition !== undefined) return typeOf(path, definition, false)
    if (type.kind === 'domain') return typeOf(path, this.#domain(type), false)
    if (type.kind === 'array') {
      const element = this.#ofPath(type.element, modifiers)
      return element === undefined || element.array ? undefined : { ...element, array: true, text: `${element.text}[]` }
    }
    const name = type.schema === 'pg_catalog' ? type.name : path
    const found = plain(name, modifiers, false)
    return text === undefined ? found : { ...found, text }
  }
}

function plain(name: string, modifiers: readonly number[], array: boolean): CastType {
  return { name, modifiers, array, labels: undefined, text: formatType(name, modifiers, array), checks: [] }
}

function typeOf(path: string, definition: Definition, array: boolean): CastType | undefined {
  const text = array ? `${path}[]` : path
  if (definition.kind === 'enum') return { name: path, modifiers: [], array, labels: definition.labels, text, checks: [] }
  // An array of a domain: its checks are on the elements.
  return definition.base === undefined || (array && definition.base.array)
    ? undefined
    : {
        ...definition.base,
        array: array || definition.base.array,
        text,
        checks: array ? [] : [...definition.base.checks, ...definition.checks],
      }
}

function ownPath(parts: readonly string[]): string {
  return pathOf({ schema: parts.at(-2) ?? 'public', name: parts.at(-1) ?? '' })
}

/** `numeric(10,2)[]` → 10, 2. */
function writtenModifiers(type: string): readonly number[] {
  const inside = /\(([\d,-]+)\)/.exec(type)?.[1]
  return inside === undefined || type.startsWith('interval') ? [] : inside.split(',').map(Number)
}

/** What `atttypmod` stands for (varchar.c, numeric.c, timestamp.c). */
function modifiersOf(name: string, modifier: number): readonly number[] {
  if (modifier < 0) return []
  if (name === 'varchar' || name === 'bpchar') return [modifier - 4]
  if (name !== 'numeric') return /^time/.test(name) ? [modifier] : []
  const scale = (modifier - 4) & 0x7ff
  return [((modifier - 4) >> 16) & 0xffff, scale > 1023 ? scale - 2048 : scale]
}
