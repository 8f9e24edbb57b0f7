import { z } from 'zod'
import { type Field, optional, timestamp } from './fields.ts'

/** One kind of record: where it is in the store, its rules, and its table. */
export interface Kind {
  /** Also the name of its table. */
  readonly name: string
  /** Keys are the prefix and the record's UUID, e.g. `client:6f9619ff-8b86-d011-b42d-00cf4fc964ff`. */
  readonly prefix: string
  /** By the field's name in the record; the column is the name in snake case. */
  readonly fields: Readonly<Record<string, Field>>
  /** Fields that say which thing in the world a record is about: the first key in byte order that claims it is migrated, others are set aside. */
  readonly identity: readonly IdentityPart[]
  readonly schema: z.ZodType<Readonly<Record<string, string | null>>>
  /** Names of `fields`, in the order of the columns. */
  readonly fieldNames: readonly string[]
  readonly references: readonly Reference[]
}

/** A field that refers to a record of another kind. */
export interface Reference {
  readonly field: string
  readonly kind: string
}

/** A field of the identity; `folded`: ASCII letters in lower case. */
export interface IdentityPart {
  readonly field: string
  readonly folded: boolean
}

export interface KindDeclaration {
  readonly name: string
  readonly prefix: string
  readonly fields: Readonly<Record<string, Field>>
  readonly identity: readonly (string | IdentityPart)[]
}

/** Declare a kind; every one has `createdAt` and `updatedAt` beside its own fields. */
export function defineKind({ name, prefix, fields, identity }: KindDeclaration): Kind {
  const all = { ...fields, createdAt: optional(timestamp()), updatedAt: optional(timestamp()) }
  const parts = identity.map((part) => (typeof part === 'string' ? { field: part, folded: false } : part))
  for (const { field } of parts) if (!(field in fields)) throw new Error(`kind "${name}" has no field "${field}"`)
  const schema = z.object(Object.fromEntries(Object.entries(all).map(([field, { schema }]) => [field, schema])))
  const references = Object.entries(all).flatMap(([field, { reference }]) => (reference === undefined ? [] : [{ field, kind: reference }]))
  // Compiled: every record of the store goes through it. What it refuses is judged by the schema as declared, issue by issue.
  return { name, prefix, fields: all, identity: parts, schema: z.compile(schema), fieldNames: Object.keys(all), references }
}

/** A field of the identity whose ASCII letters count in either case. */
export function folded(field: string): IdentityPart {
  return { field, folded: true }
}

/** `clientId` → `client_id`. */
export function columnOf(field: string): string {
  return field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
}
