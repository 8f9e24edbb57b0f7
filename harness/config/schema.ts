import { z } from 'zod'
import { contractSchema, formatNames, isOwnFormat, type OwnFormat } from '../migration/index.ts'
import type { FormatChoice } from './model.ts'

const text = z.string().trim().min(1, 'is empty')
const texts = z.array(text)
const oneOrMore = z.union([text, texts.min(1, 'is empty')], { error: 'expected a text, or a list of texts' })
const count = z.int().min(1)

const waiver = z
  .strictObject({
    finding: text.optional().describe('id of the finding, as it stands in a report'),
    invariant: text.optional(),
    kind: text.optional(),
    relation: text.optional().describe('path of the legacy relation: public.items'),
    attribute: text.optional(),
    migration: text.optional().describe('name of the step; * stands for any text'),
    owner: text.describe('who accepts it'),
    reason: text.describe('why'),
    expires: z.iso.date('is not an ISO date such as "2027-01-31"').describe('last day on which it holds'),
  })
  .refine((value) => value.finding !== undefined || value.invariant !== undefined, 'names neither a "finding" nor an "invariant"')

const command = z.strictObject({
  up: text.describe('applies the next pending step, or all of them'),
  down: text.optional().describe('reverts the newest step'),
  directory: text.optional().describe('where commands run; default: the path'),
  table: text.describe("the tool's history table"),
  column: text.describe("its column with the step's name"),
  variable: text.optional().describe('environment variable that gets the URL; default DATABASE_URL'),
})

// A JSON file has no formats of its own; elsewhere the id may be that of one, which is checked together with them.
const formatChoice: z.ZodType<FormatChoice, FormatChoice> = text.meta({ enum: ['auto', ...formatNames] })

const options = {
  format: formatChoice.optional().describe('format of the migrations; default auto'),
  formats: z
    .array(z.custom<OwnFormat>(isOwnFormat, 'is no format with "id" and "read": see defineFormat'))
    .optional()
    .describe("formats of one's own, tried before the built-in ones; not in a JSON file"),
  only: texts.optional().describe('names of the steps to verify; default all'),
  since: text.optional().describe('verify only the steps that a branch adds: a git ref, or the name of the step after which to begin'),
  allowChanged: z.boolean().optional().describe('go on though a file that was merged before "since" has changed; default false'),
  runs: count.optional().describe('edge runs for each migration; default 100'),
  rows: count.optional().describe('most rows of a relation in an edge run; default 6'),
  online: z
    .union([
      z.boolean(),
      z.strictObject({
        rows: count.optional().describe('rows in each table that a migration touches; default 20000'),
        lockWaitMs: count.optional().describe('longest that a client may wait behind a migration; default 1000'),
      }),
    ])
    .optional()
    .describe('apply each migration once more to tables with many rows while clients go on: online-safety; default false'),
  seed: text.optional().describe('a text from which all randomness follows, or "random"; default: a digest of files and options'),
  postgres: text
    .optional()
    .describe('15 to 18, docker:IMAGE, or the URL of a cluster; default: what the repository asks for, else the newest embedded one'),
  prelude: oneOrMore.optional().describe('SQL files, or names of built-in preludes, that the superuser runs first'),
  runAs: text.optional().describe('role that runs the migrations; default: an owner that is no superuser'),
  skipExtensions: texts.optional().describe('go on without these extensions; what depends on them is unknown'),
  timeLimit: text
    .regex(/^(?:\d+(?:\.\d+)?(?:ms|s|m|h))+$/, 'is not a duration such as "90s", "5m" or "1h30m"')
    .refine((value) => /[1-9]/.test(value), 'is no time at all')
    .optional()
    .describe('stop drawing runs after this: 90s, 5m, 1h30m; default: no limit'),
  failOn: z.enum(['error', 'warning']).optional().describe('least severity of a finding that counts; default error'),
  contracts: z.record(z.string(), contractSchema).optional().describe('contracts by the name of the step, beside those in files'),
  command: command.optional().describe("for the format command: how to run the tool's own commands"),
  waivers: z.array(waiver).optional().describe('findings that are accepted, by whom, why and until when'),
}

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
    report: text.optional().describe('where reports go; default reports'),
    cache: z
      .union([text, z.literal(false)], { error: 'expected a folder, or false' })
      .optional()
      .describe('where verdicts are kept for the next run, or false; default .godwit/cache'),
    baseline: z
      .union([text, z.literal(false)], { error: 'expected a file, or false' })
      .optional()
      .describe('accepted findings of old steps, or false; default godwit.baseline.json where it is there'),
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
