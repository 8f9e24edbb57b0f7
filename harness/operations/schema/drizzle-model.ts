import * as z from 'zod'
import { InputError } from '../../errors.ts'
import type { ModelColumn, OrmModel } from './prisma-model.ts'

const column = z.object({ name: z.string(), type: z.string(), notNull: z.boolean().optional() })

/** As drizzle-kit wrote snapshots until 1.0. */
const nested = z.object({
  tables: z.record(z.string(), z.object({ name: z.string(), schema: z.string().optional(), columns: z.record(z.string(), column) })),
  enums: z.record(z.string(), z.object({ name: z.string(), schema: z.string().optional(), values: z.array(z.string()) })).optional(),
})

/** As it writes them since: one flat list. */
const flat = z.object({
  ddl: z.array(
    z.object({
      entityType: z.string(),
      name: z.string().optional(),
      schema: z.string().nullish(),
      table: z.string().optional(),
      type: z.string().optional(),
      notNull: z.boolean().optional(),
      dimensions: z.number().optional(),
      values: z.array(z.string()).optional(),
    }),
  ),
})

/**
 * Read a snapshot of drizzle-kit. Types are as Drizzle writes them in SQL.
 *
 * @throws {InputError} Where it is none.
 */
export function readDrizzleModel(text: string, shown: string): OrmModel {
  const value = jsonOf(text, shown)
  const { dialect } = z
    .object({ dialect: z.string().default('postgresql') })
    .catch({ dialect: 'postgresql' })
    .parse(value)
  if (!dialect.startsWith('postgres')) throw new InputError(`"${shown}" is a snapshot for ${dialect}`)
  const old = nested.safeParse(value)
  if (old.success) return ofNested(old.data)
  const now = flat.safeParse(value)
  if (now.success) return ofFlat(now.data)
  throw new InputError(`"${shown}" is no snapshot of drizzle-kit`, { hint: 'Name the newest snapshot in meta/, or a Prisma schema.' })
}

function jsonOf(text: string, shown: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new InputError(`"${shown}" is no JSON`, { detail: `${(error as Error).message}.`, cause: error })
  }
}

const pathOf = (schema: string | null | undefined, name: string): string => `${schema || 'public'}.${name}`

function ofNested({ tables, enums = {} }: z.infer<typeof nested>): OrmModel {
  return {
    tables: new Map(
      Object.values(tables).map(({ schema, name, columns }) => [
        pathOf(schema, name),
        new Map(Object.values(columns).map((each) => [each.name, { type: sqlType(each.type), notNull: each.notNull ?? false }])),
      ]),
    ),
    enums: new Map(Object.values(enums).map(({ schema, name, values }) => [pathOf(schema, name), values])),
  }
}

function ofFlat({ ddl }: z.infer<typeof flat>): OrmModel {
  const of = (kind: string) => ddl.filter(({ entityType }) => entityType === kind)
  const tables = new Map<string, Map<string, ModelColumn>>(of('tables').map(({ schema, name = '' }) => [pathOf(schema, name), new Map()]))
  for (const { schema, table = '', name = '', type = '', notNull = false, dimensions = 0 } of of('columns'))
    tables.get(pathOf(schema, table))?.set(name, { type: `${sqlType(type)}${'[]'.repeat(Math.min(dimensions, 1))}`, notNull })
  return { tables, enums: new Map(of('enums').map(({ schema, name = '', values = [] }) => [pathOf(schema, name), values])) }
}

/** A serial column is an integer with a default. */
function sqlType(type: string): string {
  return { serial: 'integer', bigserial: 'bigint', smallserial: 'smallint' }[type] ?? type
}
