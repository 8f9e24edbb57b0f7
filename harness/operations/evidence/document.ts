import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { InputError } from '../../errors.ts'

/** The names of what stands in the folder beside `csv/`. */
export const evidenceFiles = {
  totals: 'totals.json',
  page: 'TOTALS.md',
  dump: 'dump.pgdump',
  schema: 'schema.sql',
  sums: 'SHA256SUMS',
  sumsDigest: 'SHA256SUMS.sha256',
} as const

const table = z.strictObject({
  table: z.string().describe('its path, as `public.items`'),
  rows: z.int().min(0),
  digest: z.string().describe('exact digest of all rows, whatever their order'),
  sums: z
    .record(z.string(), z.string().nullable())
    .describe('sum of each numeric column, as an exact decimal; null where no row has a value'),
  csv: z
    .string()
    .regex(/^csv\/[^/]+$/)
    .nullable()
    .describe('its CSV file, where it has one'),
})

const foreign = z.strictObject({
  ...table.omit({ csv: true }).shape,
  table: z.string().describe('path of the foreign table'),
  server: z.string().describe('host:port/database that has its rows, and has counted them'),
  version: z.string().describe('of that server'),
  takenAt: z.string().describe('when the state that was counted was taken, by the clock of that server'),
})

const measure = z.strictObject({
  name: z.string(),
  query: z.string().describe('as the contract has it, for the database before the migration'),
  keys: z.int().min(0).describe('how many rows the query gives'),
  total: z.string().nullable(),
  digest: z.string().describe('digest of all keys with their values'),
})

const proof = z.discriminatedUnion('outcome', [
  z.strictObject({
    outcome: z.literal('proven'),
    server: z.string().describe('version of the throw-away server that everything was restored into'),
    restored: z.array(z.string()).describe('what was restored and compared, each by itself'),
    restoreMs: z.number().nullable().describe('milliseconds that restoring the dump took on that server; null where there is none'),
  }),
  z.strictObject({ outcome: z.literal('not-proven'), because: z.string() }),
])

const document = z.strictObject({
  version: z.literal(1),
  godwit: z.string(),
  takenAt: z.string().describe('when the snapshot was taken, by the clock of the server'),
  snapshot: z.string().describe('id of the exported snapshot that the dump, the CSV files and the totals were read from'),
  server: z.strictObject({ version: z.string(), major: z.int(), encoding: z.string() }),
  database: z.string().describe('host:port/database'),
  role: z.string().describe('who read it'),
  searchPath: z.string().describe('where names of measures are looked up'),
  roles: z.array(z.string()).describe('roles of the server: the dump names some of them and holds none'),
  migrations: z.array(z.strictObject({ name: z.string(), digest: z.string().describe('sha256 of its files') })),
  dump: z.strictObject({ file: z.literal(evidenceFiles.dump), version: z.string(), major: z.int() }).nullable(),
  schema: z.literal(evidenceFiles.schema).nullable().describe('schema of the CSV files, where there is no dump'),
  tables: z.array(table),
  foreign: z.array(foreign).default([]).describe('rows on other servers, which are neither in the dump nor in CSV files'),
  spread: z
    .array(table.omit({ csv: true }))
    .default([])
    .describe('partitioned tables with foreign partitions: all partitions, added up'),
  measures: z.array(measure),
  notHeld: z.array(z.string()).describe('what this evidence does not hold'),
  proof,
})

/** What `totals.json` says: where evidence comes from, what was counted, and whether restoring it was proven. */
export type EvidenceDocument = z.infer<typeof document>
export type TableTotals = z.infer<typeof table>
export type ForeignTotals = z.infer<typeof foreign>
export type MeasureTotals = z.infer<typeof measure>

/**
 * Read `totals.json` of a folder.
 *
 * @throws {InputError} When it is not there, or is none.
 */
export async function readDocument(folder: string): Promise<EvidenceDocument> {
  const file = join(folder, evidenceFiles.totals)
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InputError(`"${folder}" holds no finished evidence`, {
      detail: `${evidenceFiles.totals} cannot be read.`,
      hint: 'A run that was killed leaves such a folder: remove it, and take the evidence again.',
      cause,
    })
  })
  const parsed = document.safeParse(jsonOf(text))
  if (parsed.success) return parsed.data
  const [issue] = parsed.error.issues
  throw new InputError(`${file} is damaged`, { detail: `At "${issue?.path.join('.') ?? ''}": ${issue?.message ?? 'no JSON'}.` })
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
