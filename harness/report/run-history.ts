import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import type { VerifyResult } from '../result/index.ts'
import { maskSecretsIn } from './mask-secrets.ts'
import { openFindings } from './severity.ts'

/** One line for each run, beside the reports. */
export const historyFile = 'history.jsonl'

/** So many lines are kept. */
const mostLines = 1_000

const runLine = z.object({
  /** When the reports were written, ISO 8601 in UTC. */
  date: z.string(),
  /** Folders that were verified. */
  of: z.array(z.string()),
  files: z.string(),
  rules: z.string(),
  server: z.string(),
  verdict: z.enum(['holds', 'violated', 'unknown']),
  migrations: z.number(),
  errors: z.number(),
  warnings: z.number(),
  /** Targets reached, and those that could be; null where nothing was measured. */
  coverage: z.object({ reached: z.number(), feasible: z.number() }).nullable(),
  durationMs: z.number(),
})

/** What `history.jsonl` says of a run: sums and digests, no data. */
export type RunLine = z.infer<typeof runLine>

/** The line of a run. */
export function runLineOf(given: VerifyResult, date: Date): RunLine {
  const result = maskSecretsIn(given)
  const open = result.migrations.flatMap(openFindings)
  return {
    date: date.toISOString(),
    of: result.sources.map(({ path }) => path),
    files: result.digest.files,
    rules: result.digest.rules,
    server: result.digest.server,
    verdict: result.verdict,
    migrations: result.migrations.length,
    errors: open.filter(({ severity }) => severity === 'error').length,
    warnings: open.filter(({ severity }) => severity === 'warning').length,
    coverage: result.coverage === undefined ? null : { reached: result.coverage.reached, feasible: result.coverage.feasible },
    durationMs: Math.round(result.durationMs),
  }
}

/** Runs that a report folder knows, the oldest first. Lines that are not ours are passed over: the trend is an extra. */
export async function readRunHistory(directory: string): Promise<readonly RunLine[]> {
  const text = await readFile(join(directory, historyFile), 'utf8').catch(() => '')
  return text.split('\n').flatMap((line) => {
    const parsed = runLine.safeParse(parsedJson(line))
    return parsed.success ? [parsed.data] : []
  })
}

/** The text of `history.jsonl`, of which the oldest lines are dropped where there are too many. */
export function runHistoryText(runs: readonly RunLine[]): string {
  return runs
    .slice(-mostLines)
    .map((run) => `${JSON.stringify(run)}\n`)
    .join('')
}

function parsedJson(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
