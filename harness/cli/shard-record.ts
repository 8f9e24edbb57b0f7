import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { InputError } from '../errors.ts'
import type { Shard, VerifiedPart } from '../history/index.ts'
import { packageVersion } from '../package.ts'
import { maskSecrets, replaceFile } from '../report/index.ts'
import type { Baseline } from '../result/index.ts'
import type { Plan, Project } from './plan.ts'
import type { PlannedShard } from './plan-shard.ts'
import type { ProjectState } from './project-state.ts'
import type { NotRun, Ran } from './run-projects.ts'

/** Beside the reports of a shard. */
export const shardFile = 'shard.json'

/** What a shard found out, as far as the report of the whole needs it. Plain JSON, for the same version of Godwit alone. */
export interface ShardRecord {
  readonly version: 1
  readonly godwit: string
  readonly shard: Shard
  /** Digest of the costs by which steps were dealt; null without. */
  readonly costs: string | null
  readonly baseline: Baseline | null
  /** All projects of the plan, in its order; null for one without a name. */
  readonly projects: readonly (string | null)[]
  readonly ran: readonly { readonly project: SavedProject; readonly state: ProjectState; readonly part: VerifiedPart }[]
  readonly failed: readonly (Pick<NotRun, 'exitCode' | 'message'> & { readonly project: SavedProject })[]
}

/** What of a project matters once it was verified. */
export type SavedProject = Pick<Project, 'name' | 'paths' | 'waivers'> & {
  readonly options: Pick<Project['options'], 'only' | 'since' | 'timeLimitMs' | 'failOn' | 'format'>
}

interface Verified {
  readonly plan: Plan
  readonly shard: PlannedShard
  readonly ran: readonly Ran[]
  readonly failed: readonly NotRun[]
  readonly baseline: Baseline | undefined
}

/** Write down what a shard found out. */
export async function writeShardRecord({ plan, shard, ran, failed, baseline }: Verified): Promise<void> {
  const record: ShardRecord = {
    version: 1,
    godwit: packageVersion(),
    shard: { index: shard.index, count: shard.count },
    costs: shard.costs,
    baseline: baseline ?? null,
    projects: plan.projects.map(({ name }) => name ?? null),
    ran: ran.flatMap(({ project, state, part }) => (part === undefined ? [] : [{ project: savedProject(project), state, part }])),
    failed: failed.map(({ project, exitCode, message }) => ({ project: savedProject(project), exitCode, message })),
  }
  await replaceFile(join(plan.report, shardFile), `${JSON.stringify(masked(record, ''))}\n`)
}

function savedProject({ name, paths, waivers, options }: Project): SavedProject {
  const { only, since, timeLimitMs, failOn, format } = options
  return { name, paths, waivers, options: { only, since, timeLimitMs, failOn, format } }
}

/** As reports are. Counterexamples stay as they are in the files beside it, which psql runs. */
function masked(value: unknown, key: string): unknown {
  if (key === 'counterexamples') return value
  if (typeof value === 'string') return maskSecrets(value)
  if (Array.isArray(value)) return value.map((each) => masked(each, ''))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [maskSecrets(name), masked(each, name)]))
}

/** The body is trusted: the version that wrote it is the one that reads it. */
const envelope = z.looseObject({
  version: z.literal(1),
  godwit: z.string(),
  shard: z.object({ index: z.number(), count: z.number() }),
  costs: z.string().nullable(),
  projects: z.array(z.string().nullable()),
  ran: z.array(z.looseObject({})),
  failed: z.array(z.looseObject({})),
})

/**
 * Read what a shard wrote.
 *
 * @throws {InputError} When there is nothing of a shard, or it is of another version of Godwit.
 */
export async function readShardRecord(directory: string): Promise<ShardRecord> {
  const path = join(directory, shardFile)
  const hint = 'Name the report folder of a run of godwit verify --shard that has ended.'
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    throw new InputError(`no report of a shard is in "${directory}"`, { cause, detail: `There is no "${path}".`, hint })
  })
  const parsed = envelope.safeParse(jsonOf(text))
  if (!parsed.success) throw new InputError(`"${path}" is not what godwit verify --shard wrote`, { hint })
  const { godwit } = parsed.data
  if (godwit !== packageVersion()) {
    throw new InputError(`"${path}" is of Godwit ${godwit}, and this is ${packageVersion()}`, {
      hint: 'Verify all shards and merge them with one version.',
    })
  }
  return parsed.data as unknown as ShardRecord
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
