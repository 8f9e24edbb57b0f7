import type * as z from 'zod'
import type { formatNames, isOwnFormat, OwnFormat } from '../formats/index.ts'
import type { AnyInvariant } from '../invariants/index.ts'
import type { contractSchema } from '../migration/index.ts'

/** What of zod makes the schemas of options. The whole of it would bring its texts in fifty languages into the command. */
export type SchemaMakers = Pick<
  typeof z,
  'array' | 'boolean' | 'custom' | 'enum' | 'int' | 'iso' | 'literal' | 'number' | 'record' | 'strictObject' | 'string' | 'union'
>

/** What schemas of options are made with. It is handed in, so that the help of the command waits neither for zod nor for a parser of SQL. */
export interface SchemaParts {
  readonly z: SchemaMakers
  readonly formatNames: typeof formatNames
  readonly isOwnFormat: typeof isOwnFormat
  readonly contract: typeof contractSchema
}

export type SchemaKit = ReturnType<typeof schemaKit>

/** Schemas that options have in common. */
export function schemaKit({ z, formatNames, isOwnFormat, contract }: SchemaParts) {
  const text = z.string().trim().min(1, 'is empty')
  const texts = z.array(text)
  const waiver = z
    .strictObject({
      finding: text.optional().describe('id of the finding, as it stands in a report'),
      invariant: text.optional().describe('id of the invariant'),
      kind: text.optional().describe('kind of the finding'),
      relation: text.optional().describe('path of the legacy relation: `public.items`'),
      attribute: text.optional().describe('its attribute'),
      migration: text.optional().describe('name of the step; `*` stands for any text'),
      owner: text.describe('who accepts it'),
      reason: text.describe('why'),
      expires: z.iso.date('is not an ISO date such as "2027-01-31"').describe('last day on which it holds (UTC), as `2027-01-31`'),
    })
    .refine((value) => value.finding !== undefined || value.invariant !== undefined, 'names neither a "finding" nor an "invariant"')
  const command = z.strictObject({
    up: text.describe('applies the next pending step, or all of them: `npx knex migrate:up`'),
    down: text.optional().describe('reverts the newest step'),
    directory: text.optional().describe('where commands run; default the path'),
    table: text.describe("the tool's history table, `schema.table` or `table`"),
    column: text.describe("its column with the step's name"),
    variable: text.optional().describe("environment variable that gets the database's URL; default `DATABASE_URL`"),
  })
  const count = z.int().min(1)
  return {
    text,
    texts,
    oneOrMore: z.union([text, texts.min(1, 'is empty')], { error: 'expected a text, or a list of texts' }),
    count,
    percent: z.int().min(1).max(100),
    flag: z.boolean(),
    // The id may be that of one of the caller's own, which is checked together with them.
    format: text.meta({ enum: ['auto', ...formatNames] }),
    formats: z.array(z.custom<OwnFormat>(isOwnFormat, 'is no format with "id" and "read": make it with defineFormat')),
    severity: z.enum(['error', 'warning']),
    ...schemasOfLooks(z),
    duration: text
      .regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/, 'is not a duration such as "90s", "5m" or "1h30m"')
      .refine((value) => /[1-9]/.test(value), 'is no time at all'),
    folderOrNot: z.union([text, z.literal(false)], { error: 'expected a folder, s3://BUCKET/PREFIX, or false' }),
    fileOrNot: z.union([text, z.literal(false)], { error: 'expected a file, or false' }),
    contracts: z.record(z.string(), contract),
    command,
    invariants: z.array(z.custom<AnyInvariant>(isInvariant, 'is no invariant: make it with defineInvariant')),
    waivers: z.array(waiver),
  }
}

/** Schemas of what is looked at only where it is asked for: `true`, or how. */
function schemasOfLooks(z: SchemaParts['z']) {
  const count = z.int().min(1)
  return {
    online: z.union([
      z.boolean(),
      z.strictObject({
        rows: count.optional().describe('rows in each table that a migration touches; default 20000'),
        lockWaitMs: count.optional().describe('longest that a client may wait behind a migration, in milliseconds; default 1000'),
      }),
    ]),
    performance: z.union([
      z.boolean(),
      z.strictObject({
        rows: count.optional().describe('rows in each table that a migration touches; default 20000'),
        most: z.number().positive().optional().describe('how many times as long a statement may take after a migration; default 1.25'),
        seconds: z.number().positive().optional().describe('how long to measure the statements of a migration; default 10'),
        growth: z
          .union([
            z.boolean(),
            z.strictObject({
              rows: count.optional().describe('the largest number of rows, of all tables together; default 1000000'),
              seconds: z.number().positive().optional().describe('how long to measure; default 20'),
            }),
          ])
          .optional()
          .describe('how the duration of a migration grows with rows; false: not measured'),
      }),
    ]),
    crash: z.union([
      z.boolean(),
      z.strictObject({ kills: count.optional().describe('how often the server is killed in the middle of a migration; default 12') }),
    ]),
    isolation: z.union([
      z.boolean(),
      z.strictObject({
        schedules: count.optional().describe('most interleavings of a migration with writes of a client; default 60'),
      }),
    ]),
  }
}

function isInvariant(value: unknown): boolean {
  const { id, rules, judge } = (value ?? {}) as Partial<Record<keyof AnyInvariant, unknown>>
  return typeof id === 'string' && typeof rules === 'object' && typeof judge === 'function'
}
