import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { InputError } from '../errors.ts'
import { maskSecretsIn, readResult, replaceFile, resultsFile } from '../report/index.ts'
import type { Baseline, VerifyResult } from '../result/index.ts'
import type { ProjectState } from './project-state.ts'
import type { Ran } from './run-projects.ts'

export const gateFile = 'gate.json'

const record = z.object({
  version: z.literal(1),
  /** The digests of `results.json` beside it, which has the verdict. */
  digest: z.object({ files: z.string(), config: z.string(), rules: z.string(), server: z.string() }),
  baseline: z.unknown(),
  projects: z.array(
    z.object({
      project: z.string().nullable(),
      steps: z.array(z.string()),
      files: z.record(z.string(), z.string()),
      options: z.record(z.string(), z.unknown()),
      server: z.object({ version: z.string(), from: z.enum(['embedded', 'container', 'url']) }),
    }),
  ),
})

/** What a saved verdict is bound to. */
export type GateRecord = z.infer<typeof record>

/** Write down beside a result what it holds for. */
export async function writeGateRecord(
  run: { readonly report: string; readonly ran: readonly Ran[]; readonly baseline: Baseline | undefined },
  result: VerifyResult,
): Promise<void> {
  const written: GateRecord = {
    version: 1,
    digest: result.digest,
    baseline: run.baseline ?? null,
    projects: [
      ...run.ran.map(({ state, verified }) => ({
        ...copyOf(state),
        // Those of a tool that runs programs are known only now.
        steps: [...new Set([...state.steps, ...verified.result.migrations.map(({ name }) => name)])],
        server: { version: verified.result.digest.server, from: verified.result.postgres.from },
      })),
    ],
  }
  await replaceFile(join(run.report, gateFile), `${JSON.stringify(maskSecretsIn(written), null, 2)}\n`)
}

function copyOf({ project, steps, files, options }: ProjectState): Omit<GateRecord['projects'][number], 'server'> {
  return { project, steps: [...steps], files: { ...files }, options: { ...options } }
}

/**
 * Read what the last run saved.
 *
 * @returns undefined where no run has saved anything.
 * @throws {InputError} When what is there is not what a run writes.
 */
export async function readGateRecord(
  directory: string,
): Promise<{ readonly record: GateRecord; readonly result: VerifyResult } | undefined> {
  const path = join(directory, gateFile)
  const text = await readFile(path, 'utf8').catch(() => undefined)
  const saved = await readResult(directory)
  if (saved === undefined) return undefined
  const { shard } = saved.result
  if (shard !== undefined) {
    throw new InputError(`"${directory}" has shard ${shard.index} of ${shard.count} only: it says nothing of the other steps`, {
      hint: 'Put the shards together with godwit report --merge, and name the folder of the merged report.',
    })
  }
  if (text === undefined) return undefined
  const parsed = record.safeParse(jsonOf(text))
  if (!parsed.success) throw new InputError(`"${path}" is not what godwit verify wrote`, { hint: 'Run godwit verify again.' })
  if (JSON.stringify(parsed.data.digest) !== JSON.stringify(saved.result.digest)) {
    throw new InputError(`"${path}" and "${join(directory, resultsFile)}" are not of one run`, { hint: 'Run godwit verify again.' })
  }
  return { record: parsed.data, result: saved.result }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
