import type { ZodOptional, ZodType } from 'zod'
import * as z from 'zod'
import { formatNames, isOwnFormat } from '../formats/index.ts'
import { contractSchema } from '../migration/index.ts'
import { allOptions, type NamesOf, type OptionRows, schemaKit } from '../options/index.ts'

const makers = {
  array: z.array,
  boolean: z.boolean,
  custom: z.custom,
  enum: z.enum,
  int: z.int,
  iso: z.iso,
  literal: z.literal,
  number: z.number,
  record: z.record,
  strictObject: z.strictObject,
  string: z.string,
  union: z.union,
}
const kit = schemaKit({ z: makers, formatNames, isOwnFormat, contract: contractSchema })
const { text, oneOrMore } = kit

type Shape<Of extends 'project' | 'all'> = {
  [Name in NamesOf<Of>]: OptionRows[Name] extends { readonly schema: (kit: never) => infer Schema extends ZodType }
    ? ZodOptional<Schema>
    : never
}

/** The keys of the options that a configuration has for all together, or for each project. */
function shapeOf<Of extends 'project' | 'all'>(of: Of): Shape<Of> {
  const entries = allOptions.flatMap(([name, row]) => {
    if (row.of !== of || row.schema === undefined) return []
    const said = `${row.description}; default: ${row.default}`.replaceAll('`', '')
    return [[name, row.schema(kit).optional().describe(said)] as const]
  })
  return Object.fromEntries(entries) as unknown as Shape<Of>
}

const options = shapeOf('project')

const project = z.strictObject({
  name: text
    .regex(/^[\p{L}\p{N}][\p{L}\p{N}._-]*$/u, 'is not a name of letters, digits, ".", "_" and "-"')
    .describe('for --project, in reports and in the baseline'),
  path: oneOrMore.describe('its folder of migrations, or several'),
  ...options,
})

/** What a configuration may say; a key that it does not know is an error, since a mistyped one would be passed over. */
export const configSchema = z
  .strictObject({
    $schema: z.string().optional().describe('of a JSON file: for editors'),
    path: oneOrMore.optional().describe('where the migrations are: a folder, or several; not beside projects'),
    projects: z
      .array(project)
      .min(1, 'is empty')
      .refine((all) => new Set(all.map((each) => each.name.toLowerCase())).size === all.length, 'has one name twice')
      .optional()
      .describe('several folders of migrations, each with options of its own; what stands beside them is their default'),
    ...shapeOf('all'),
    ...options,
  })
  .refine((value) => value.path === undefined || value.projects === undefined, {
    path: ['path'],
    message: 'stands beside "projects", which have paths of their own',
  })
  .superRefine((value, context) => {
    const places = [
      { own: value, path: [] as PropertyKey[] },
      ...(value.projects ?? []).map((own, at) => ({ own, path: ['projects', at] })),
    ]
    for (const { own, path } of places) {
      const names = ['auto', ...(own.formats ?? value.formats ?? []).map(({ id }) => id), ...formatNames]
      if (own.format === undefined || names.includes(own.format)) continue
      const message = `expected one of ${names.map((name) => `"${name}"`).join('|')}`
      context.addIssue({ code: 'custom', path: [...path, 'format'], message })
    }
  })

/** What is published as `config.schema.json` (JSON Schema, draft 2020-12), as the text of that file. */
export function configSchemaText(): string {
  return `${JSON.stringify({ title: 'godwit.config.json', ...z.toJSONSchema(configSchema, { io: 'input', unrepresentable: 'any' }) }, null, 2)}\n`
}
