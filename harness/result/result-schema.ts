import * as z from 'zod'
import { InputError } from '../errors.ts'
import type { VerifyResult } from './result.ts'

/**
 * `VerifyResult` as a schema: reads a saved result again, and is published as `result.schema.json`.
 *
 * Unknown keys are let through and dropped: a newer Godwit may add to a result without changing its version.
 */
const outcome = z.enum(['holds', 'violated', 'unknown'])
const timings = z.record(z.string(), z.number()).describe('milliseconds by stage')
const texts = z.array(z.string())

const waived = z
  .object({ owner: z.string(), reason: z.string(), expires: z.string().nullable().describe('null: until the files of the step change') })
  .nullable()

const finding = z.object({
  id: z.string().describe('stable fingerprint: the same finding has it in every run'),
  invariant: z.string(),
  kind: z.string().describe('one of the kinds that the invariant documents'),
  severity: z.enum(['error', 'warning', 'info']),
  known: z.enum(['observed', 'inferred', 'static']),
  relation: z.string().nullable().describe('path of the legacy relation'),
  attribute: z.string().nullable(),
  object: z.string().nullable().describe('what else it is about: an index, a policy, a sequence'),
  file: z.string().nullable(),
  line: z.number().nullable(),
  cause: z.string().nullable().describe('id of the finding that this one follows from'),
  through: z
    .object({ key: z.string(), of: z.string(), action: z.enum(['CASCADE', 'SET NULL', 'SET DEFAULT']) })
    .optional()
    .describe('the foreign key by whose ON DELETE action it came about, and the relation that it refers to'),
  refusedBy: z.string().optional().describe('the constraint that a statement breaks'),
  waived,
  message: z.string(),
  evidence: z.record(z.string(), z.unknown()),
  counterexample: z.string().nullable().describe('path of a self-contained SQL file'),
  hint: z.string().nullable(),
  preflight: z
    .string()
    .nullable()
    .default(null)
    .describe('SQL that counts the rows of a real legacy database which it concerns; null where it cannot be derived'),
})

const invariant = z.object({
  id: z.string(),
  verdict: z.enum(['holds', 'violated', 'unknown', 'not-applicable']),
  because: z.string().describe('empty when it holds'),
  saw: z.object({ relations: z.number(), rows: z.number(), cells: z.number(), runs: z.number() }),
  under: texts.describe('exclusions under which it was judged'),
  otherwise: z.string().optional().describe('why it is unknown when findings are left aside, where the verdict says something else'),
  blockedBy: texts.optional().describe('ids of the findings because of which it could not be judged'),
  waived: waived.optional().describe('by whom and why it is accepted that it could not be judged'),
})

const claimState = z.enum(['held', 'refuted', 'not-checked'])
const refutation = {
  because: z.string().describe('what it is held on, what refutes it, or why it was not checked'),
  finding: z.string().optional().describe('id of the finding that refutes it'),
  counterexample: z
    .string()
    .optional()
    .describe("path of the finding's counterexample; of a test the values for which its property failed, and the seed"),
  accepted: z.string().optional().describe('by whom, until when and why it is accepted that it is refuted'),
}

const claim = z.object({
  id: z.string(),
  text: z.string(),
  state: claimState,
  ...refutation,
  restsOn: z.array(
    z.object({
      on: z.enum(['invariant', 'measure', 'metric', 'spec', 'benchmark']),
      name: z.string(),
      budget: z
        .union([z.object({ most: z.number() }), z.object({ least: z.number() })])
        .optional()
        .describe('of a benchmark'),
      state: claimState,
      ...refutation,
    }),
  ),
})

const lineage = z.object({
  from: z.string(),
  to: texts,
  transform: z.string(),
  fate: z.enum(['kept', 'moved', 'altered', 'lost', 'discarded']),
  known: z.enum(['observed', 'declared', 'digest']),
  because: z.string().optional().describe('why it may go, of what is discarded'),
})

const rule = z.object({ severity: z.enum(['error', 'warning', 'info']), title: z.string(), meaning: z.string(), remedy: z.string() })

const target = z.object({
  direction: z.enum(['up', 'down']),
  file: z.string(),
  line: z.number(),
  kind: z.string().describe('`condition`, `join`, `group`, …'),
  text: z.string().describe('the part of the statement'),
  outcome: z.string(),
  state: z.enum(['reached', 'left', 'infeasible', 'unmeasured']),
  run: z.number().nullable().describe('the first edge run that reached it, from 1'),
  because: z.string().nullable().describe('the constraint that forbids it, or why it was not measured'),
})

const counts = {
  reached: z.number(),
  feasible: z.number().describe('reached ones, and those that were not though nothing is known to forbid it'),
  infeasible: z.number().describe('those that constraints forbid'),
  unmeasured: z.number().describe('those that the server could not be asked for'),
}

const coverage = z.object({
  ...counts,
  wanted: z.number().nullable().describe('least share of feasible targets that was asked for, in percent'),
  targets: z.array(target),
})

const migration = z.object({
  name: z.string(),
  path: z.string(),
  digest: z.string().describe('sha256 of its files'),
  cached: z.boolean().describe('whether the verdict comes from the cache of an earlier run'),
  verdict: outcome,
  runs: z.number().describe('edge runs judged'),
  rung: z.enum(['transaction', 'clone', 'cluster']),
  rungBecause: z.string(),
  runAs: z.string(),
  invariants: z.array(invariant),
  findings: z.array(finding),
  claims: z.array(claim).optional().describe('what the plan promises; absent where the contract declares nothing'),
  lineage: z.array(lineage),
  coverage: coverage.optional().describe('what the generated rows have reached; absent where no edge run was made'),
  notChecked: texts,
  disagreements: texts.describe("violations that a clone did not confirm: the harness's own fault, shown and not counted"),
  timings,
})

const source = z.object({
  path: z.string(),
  format: z.string(),
  steps: z.number(),
  verified: z.number(),
  cached: z.number(),
  brokenAt: z
    .object({ migration: z.string(), file: z.string(), line: z.number(), message: z.string(), hint: z.string().nullable() })
    .nullable()
    .describe('the step that does not apply to an empty database'),
  endToEnd: z
    .object({ steps: z.number(), verdict: outcome, because: z.string() })
    .nullable()
    .describe('all downs in reverse order from the end of the history'),
  notes: texts.describe('preludes, stand-ins, ignored files, warnings of the tool, what was cut'),
})

export const resultSchema = z.object({
  version: z.literal(1),
  verdict: outcome,
  warnings: z.number(),
  postgres: z.object({ version: z.string(), assumed: z.boolean(), from: z.enum(['embedded', 'container', 'url']) }),
  seed: z.string(),
  durationMs: z.number(),
  timings,
  digest: z.object({ files: z.string(), config: z.string(), rules: z.string(), server: z.string() }),
  since: z.string().optional().describe('git ref, or step, after which steps were verified'),
  shard: z
    .object({ index: z.number(), count: z.number() })
    .optional()
    .describe('which of several machines this is of, from 1; absent where all steps are in it'),
  sources: z.array(source).describe('the folders that were read'),
  migrations: z.array(migration),
  coverage: z.object(counts).optional().describe('what the generated rows have reached in all migrations together'),
  ownInvariants: z
    .array(z.object({ id: z.string(), holds: z.string().describe('one sentence: when it holds'), rules: z.record(z.string(), rule) }))
    .optional()
    .describe("the caller's own invariants that judged, with their texts by kind of finding"),
})

/**
 * Read a saved result.
 *
 * @param path  Where the text is from, for the message.
 * @throws {InputError} When it is not JSON, or not a result.
 */
export function parseResult(text: string, path: string): VerifyResult {
  let json: unknown
  try {
    json = JSON.parse(text)
  } catch (cause) {
    throw new InputError(`"${path}" is not JSON`, { cause })
  }
  const parsed = resultSchema.safeParse(json)
  if (!parsed.success) throw new InputError(`"${path}" is not a result of godwit`, { detail: z.prettifyError(parsed.error) })
  return parsed.data
}

/** What is published as `result.schema.json` (JSON Schema, draft 2020-12), as the text of that file. */
export function resultSchemaText(): string {
  const schema = z.toJSONSchema(resultSchema, { io: 'input' })
  return `${JSON.stringify({ title: 'Result of godwit verify --json', ...schema }, null, 2)}\n`
}
