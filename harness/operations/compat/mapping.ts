import * as z from 'zod'
import type { DeepReadonly } from '../../migration/index.ts'

const name = z.string().min(1, 'is empty')
const path = name.describe('schema and name: `public.orders`')
const expression = name.describe('an SQL expression')

const newColumn = z.strictObject({
  type: name.describe('its type, as SQL names it'),
  value: expression.describe(
    'how its value is computed from the old columns beside it, by their old names; a constant where there is none',
  ),
  notNull: z.boolean().optional().describe('whether it is NOT NULL; default no'),
  default: expression.optional().describe('what clients of the new table get who leave it out; default NULL'),
  comment: z.string().optional(),
})

const conversion = z
  .strictObject({
    old: z
      .record(name, expression)
      .optional()
      .describe('the old columns that go, each with the expression that computes its value from the new columns beside it'),
    new: z.record(name, newColumn).optional().describe('the columns that take their place'),
  })
  .refine((each) => each.old !== undefined || each.new !== undefined, 'has neither "old" nor "new"')
  .describe('columns that became other ones: split, merged, cast, constant')

const lookup = z
  .strictObject({
    to: path.describe('the lookup table that is made: `id` and `name`'),
    column: name.optional().describe('the column that takes its place, a foreign key; default: its name with `_id`'),
    values: z
      .array(z.string())
      .min(1)
      .optional()
      .describe('all values that there are: another one is refused. Without it the view inserts values that are missing'),
  })
  .describe('a column whose texts become rows of a table')

const move = z
  .strictObject({
    key: z.record(name, name).optional().describe('the key of the table, `old: its name there`; default: its new name'),
    columns: z
      .record(name, name)
      .refine((columns) => Object.keys(columns).length > 0, 'is empty')
      .describe('the columns that move, `old: its name there`'),
  })
  .describe('columns that move to a table with the same key')

const table = z
  .strictObject({
    to: path.describe('its new schema and name'),
    columns: z.record(name, name).optional().describe('columns that have a new name: `old: new`'),
    conversions: z.array(conversion).optional(),
    lookups: z.record(name, lookup).optional().describe('columns that become foreign keys to lookup tables'),
    moved: z.record(path, move).optional().describe('columns that move to other tables, by the schema and name of each'),
  })
  .describe('what became of one table')

/** What a mapping may say; a key that it does not know is an error, since a mistyped one would be passed over. */
export const mappingSchema = z.strictObject({
  $schema: z.string().optional().describe('for editors'),
  name: z
    .string()
    .regex(/^[a-z0-9][a-z0-9_-]*$/, 'is not a name of small letters, digits, "_" and "-"')
    .describe('of the migration: its files are named after it'),
  tables: z
    .record(path, table)
    .refine((tables) => Object.keys(tables).length > 0, 'is empty')
    .describe('the tables that moved, by their old schema and name'),
})

/** What became of tables, as the author of a migration declares it. */
export type CompatMapping = DeepReadonly<z.infer<typeof mappingSchema>>

/** What became of one table. */
export type TableMapping = CompatMapping['tables'][string]

/** What is published as `mapping.schema.json` (JSON Schema, draft 2020-12), as the text of that file. */
export function mappingSchemaText(): string {
  return `${JSON.stringify({ title: 'mapping of godwit compat generate', ...z.toJSONSchema(mappingSchema, { io: 'input' }) }, null, 2)}\n`
}
