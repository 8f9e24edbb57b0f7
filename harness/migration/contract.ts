import * as z from 'zod'
import { attributePath, path, text } from './path-schema.ts'

const measure = z
  .strictObject({
    name: text.describe('how findings name it'),
    relation: path.optional().describe('path of the relation that a difference is reported on'),
    attribute: text.optional().describe('its attribute'),
    before: text.describe('query on the legacy database: two columns `key` and `value`, or one value alone'),
    after: text.describe('the same on the migrated one'),
  })
  .describe('a quantity by query, compared as exact numerics')

const bound = z.union([z.number(), z.literal('before')], { error: "expected a number or 'before'" })

const metric = z
  .strictObject({
    name: text.describe('how findings name it'),
    sql: text.describe('one SELECT: its last column is the number, the columns before it are labels; without labels it gives one row'),
    before: text.optional().describe('the same on the legacy database, for the rules that compare; default `sql`'),
    relation: path.optional().describe('path of the relation that a finding is reported on'),
    min: bound.optional().describe("least that it may be after `up`; `'before'`: what it was before `up`"),
    max: bound.optional().describe("most that it may be after `up`; `'before'`: what it was before `up`"),
    unchanged: z.literal(true).optional().describe('whether it must be after `up` what it was before'),
  })
  .superRefine(({ min, max, unchanged, before }, { addIssue }) => {
    const compares = unchanged === true || min === 'before' || max === 'before'
    if (min === undefined && max === undefined && unchanged === undefined)
      addIssue({ code: 'custom', path: [], message: 'has no rule: give `min`, `max` or `unchanged`' })
    if (typeof min === 'number' && typeof max === 'number' && min > max)
      addIssue({ code: 'custom', path: ['min'], message: `${min} is more than \`max\`, ${max}: no number is both` })
    if (before !== undefined && !compares)
      addIssue({ code: 'custom', path: ['before'], message: "is read by no rule: give `unchanged`, or 'before' as `min` or `max`" })
  })
  .describe('a number by query, and the rules that it must keep')

const discard = z
  .strictObject({
    path: path.describe('path of a relation (`public.items`) or an attribute (`public.items.notes`)'),
    because: text.describe('why it may go'),
  })
  .describe('data that a migration drops on purpose')

/** How a value may be declared to be altered on its way: the names of what lineage can recognise. */
export const mappingTransforms = [
  'identical',
  'same-value',
  'trimmed',
  'case-folded',
  'truncated',
  'part',
  'elements',
  'wrapped',
  'concatenated',
  'encoded',
  'offset',
  'scaled',
  'affine',
  'rounded',
  'shifted',
  'recoded',
  're-keyed',
  'merged',
] as const

const mapping = z
  .strictObject({
    from: attributePath.describe('path of the legacy attribute'),
    to: attributePath.describe('path of the migrated attribute'),
    transform: z
      .enum(mappingTransforms)
      .optional()
      .describe(
        `how the value is altered on the way: ${mappingTransforms.map((each) => `\`${each}\``).join(', ')}; default what generated rows show`,
      ),
  })
  .describe('where an attribute goes')

const reference = z
  .strictObject({
    from: attributePath.describe('path of the attribute that refers'),
    to: attributePath.describe('path of the attribute in which each of its values must be'),
  })
  .describe('a reference that no foreign key holds')

const workload = z
  .union([
    text,
    z.strictObject({
      sql: text.describe('the statement, its parameters as `$1`'),
      name: text.optional().describe('how findings name it; default: how it begins'),
      parameters: z
        .array(z.union([z.string(), z.number(), z.boolean(), z.null()]))
        .optional()
        .describe('values of the parameters; without them they are taken from generated rows'),
      budget: z
        .strictObject({ most: z.number().positive().describe('how many times as long it may take') })
        .optional()
        .describe('how many times as long it may take after the migration: `{ most: 1.1 }`; default that of `performance`'),
    }),
  ])
  .describe('one statement of a client')

const waiver = z
  .strictObject({
    invariant: text.describe('id of the invariant'),
    kind: text.optional().describe('kind of the finding; default any'),
    relation: path.optional().describe('path of the legacy relation; default any'),
    attribute: text.optional().describe('its attribute; default any'),
    owner: text.describe('who accepts it'),
    reason: text.describe('why'),
    expires: z.iso.date('is not an ISO date such as "2027-01-31"').describe('last day on which it holds (UTC); an expired one fails'),
  })
  .describe('a finding that is accepted until a day, by someone, for a reason')

const budget = z
  .union([
    z.strictObject({ most: z.number().positive().describe('the most that the ratio may be') }),
    z.strictObject({ least: z.number().positive().describe('the least that the ratio may be') }),
  ])
  .describe('what the measured ratio must keep: `{ most: 1.1 }` or `{ least: 10 }`')

const ground = z
  .union(
    [
      z.strictObject({ invariant: text.describe('id of an invariant, which must hold') }),
      z.strictObject({ measure: text.describe('name of a measure of this contract, which must be equal') }),
      z.strictObject({ metric: text.describe('name of a metric of this contract, which must keep its rules') }),
      z.strictObject({ spec: text.describe('id that the titles of tests begin with, or a part of a title: all these tests must pass') }),
      z.strictObject({ benchmark: text.describe('name of a benchmark, which must keep its budget'), budget }),
    ],
    { error: 'expected { invariant }, { measure }, { metric }, { spec }, or { benchmark, budget }' },
  )
  .describe('what a claim rests on')

const claim = z
  .strictObject({
    id: z
      .string()
      .regex(/^[A-Z][A-Z0-9]*-\d+$/, 'is not an id such as "SB-2"')
      .describe('as reports and titles of tests name it: `SB-2`'),
    text: text.describe('what is promised, in one sentence'),
    restsOn: z
      .array(ground)
      .min(1, 'is empty')
      .optional()
      .describe('what shows it: all of it must hold; default only tests whose titles begin with its id'),
  })
  .describe('a promise of the plan')

/** What a contract may say; a field that it does not know is an error, since a mistyped one would be passed over. */
export const contractSchema = z
  .strictObject({
    claims: z.array(claim).optional().describe('what the plan promises; each report says which claims are held, refuted or not checked'),
    measures: z.array(measure).optional().describe('quantities that must be equal before and after, exactly: by key, and in total'),
    metrics: z.array(metric).optional().describe('numbers that must keep rules after `up`: a least, a most, unchanged'),
    discards: z
      .array(discard)
      .optional()
      .describe('what is lost on purpose; also written in SQL as `-- godwit: discard public.items.notes because …`'),
    mappings: z.array(mapping).optional().describe('where values go that inference does not find: they must arrive there'),
    references: z.array(reference).optional().describe('references that no foreign key holds: each value of `from` must be found in `to`'),
    idempotent: z.boolean().optional().describe('whether a second run of `up` must change nothing'),
    workload: z
      .array(workload)
      .optional()
      .describe(
        'statements that clients send, in their order: they must answer alike before and after; a pair may have them in `workload.sql` instead',
      ),
    online: z
      .strictObject({
        lockWaitMs: z
          .number()
          .positive()
          .optional()
          .describe("longest that a client's statement may wait behind the migration, in milliseconds; default 1000"),
      })
      .optional()
      .describe('what clients may be asked to bear while it runs'),
    performance: z
      .strictObject({
        most: z.number().positive().optional().describe('how many times as long a statement may take after the migration; default 1.25'),
        window: z
          .strictObject({
            seconds: z.number().positive().describe('how long the migration may take'),
            rows: z
              .number()
              .int()
              .positive()
              .optional()
              .describe('rows that production has in the tables that the migration reaches, together'),
          })
          .optional()
          .describe('how long it may take, and over how many rows'),
      })
      .optional()
      .describe('what clients may be asked to bear from then on'),
    waivers: z.array(waiver).optional().describe('findings that are accepted'),
  })
  .superRefine(({ claims = [], measures = [], metrics = [] }, { addIssue }) => {
    const named = { measure: new Set(measures.map(({ name }) => name)), metric: new Set(metrics.map(({ name }) => name)) }
    metrics.forEach(({ name }, at) => {
      if (metrics.findIndex((each) => each.name === name) < at)
        addIssue({ code: 'custom', path: ['metrics', at, 'name'], message: `"${name}" is declared twice` })
    })
    claims.forEach(({ id, restsOn = [] }, at) => {
      const path = ['claims', at]
      if (claims.findIndex((each) => each.id === id) < at)
        addIssue({ code: 'custom', path: [...path, 'id'], message: `"${id}" is declared twice` })
      restsOn.forEach((each, index) => {
        const [kind, name] =
          'measure' in each ? (['measure', each.measure] as const) : 'metric' in each ? (['metric', each.metric] as const) : []
        if (kind === undefined || named[kind].has(name)) return
        addIssue({
          code: 'custom',
          path: [...path, 'restsOn', index, kind],
          message: `no ${kind} of this contract is named "${name}"`,
        })
      })
    })
  })

/** A value of which nothing may be written, however deep. */
export type DeepReadonly<Value> = Value extends RegExp | ((...given: never[]) => unknown)
  ? Value
  : Value extends object
    ? { readonly [Key in keyof Value]: DeepReadonly<Value[Key]> }
    : Value

/** What the author of a migration declares beyond the defaults. Every part may be left out; docs/contract.md explains each. */
export type Contract = DeepReadonly<z.infer<typeof contractSchema>>

/** A promise of the plan, with the id by which reports and tests name it. */
export type Claim = DeepReadonly<z.infer<typeof claim>>

/** One thing that a claim rests on. */
export type Ground = DeepReadonly<z.infer<typeof ground>>

/** What a measured ratio must keep. */
export type Budget = DeepReadonly<z.infer<typeof budget>>

/** One statement of a client, its parameters as `$1`; without values they are taken from generated rows. */
export type WorkloadEntry = DeepReadonly<z.infer<typeof workload>>

/** A quantity by query. Each query gives rows (key, value), or one value; values are compared as exact numerics. */
export type Measure = DeepReadonly<z.infer<typeof measure>>

/** A number by query, read after `up` (before it too where a rule compares), and the rules that it must keep. */
export type Metric = DeepReadonly<z.infer<typeof metric>>

/** Data that a migration drops on purpose; also written in SQL as `-- godwit: discard public.items.notes because …`. */
export type Discard = DeepReadonly<z.infer<typeof discard>>

/** Where an attribute goes, and how its values are altered on the way. */
export type Mapping = DeepReadonly<z.infer<typeof mapping>>

/** A finding that is accepted until a day, by someone, for a reason. An expired one fails. */
export type Waiver = DeepReadonly<z.infer<typeof waiver>>

/** Types what a `contract.ts` exports as default. */
export function defineContract(contract: Contract): Contract {
  return contract
}
