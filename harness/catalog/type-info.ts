import { pathOf } from '../postgres/index.ts'
import type { TypeInfo } from './model.ts'

/** One row of the query `types`. */
export interface TypeRow {
  readonly oid: number
  readonly schema: string
  readonly name: string
  readonly kind: 'b' | 'c' | 'd' | 'e' | 'm' | 'p' | 'r'
  readonly category: string
  readonly array: boolean
  /** The element of an array, the base of a domain, the subtype of a range or multirange. */
  readonly partSchema: string | null
  readonly partName: string | null
  readonly modifier: number
  readonly notNull: boolean
  readonly default: string | null
  readonly labels: readonly string[] | null
  readonly checks: readonly { readonly name: string; readonly expression: string; readonly validated: boolean }[] | null
  readonly attributes:
    | readonly { readonly name: string; readonly schema: string; readonly type: string; readonly modifier: number }[]
    | null
  readonly textCast: boolean
}

/** The model's type for one row; an array of a type is an array even where its own `typtype` says base. */
export function typeInfoOf(row: TypeRow): TypeInfo {
  const name = { schema: row.schema, name: row.name, oid: row.oid, textCast: row.textCast }
  const part = row.partSchema !== null && row.partName !== null ? pathOf({ schema: row.partSchema, name: row.partName }) : ''
  if (row.array) return { ...name, kind: 'array', element: part }
  switch (row.kind) {
    case 'e':
      return { ...name, kind: 'enum', labels: row.labels ?? [] }
    case 'd':
      return {
        ...name,
        kind: 'domain',
        base: part,
        baseModifier: row.modifier,
        notNull: row.notNull,
        default: row.default ?? undefined,
        checks: row.checks ?? [],
      }
    case 'c':
      return {
        ...name,
        kind: 'composite',
        attributes: (row.attributes ?? []).map((attribute) => ({
          name: attribute.name,
          type: pathOf({ schema: attribute.schema, name: attribute.type }),
          modifier: attribute.modifier,
        })),
      }
    case 'r':
      return { ...name, kind: 'range', subtype: part }
    case 'm':
      return { ...name, kind: 'multirange', subtype: part }
    case 'p':
      return { ...name, kind: 'pseudo', category: row.category }
    default:
      return { ...name, kind: 'base', category: row.category }
  }
}
