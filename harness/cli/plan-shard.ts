import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import { type Costs, costKey, dealSteps, readSources, type Shard, type Share, stepsToVerify } from '../history/index.ts'
import { parseResult } from '../result/index.ts'
import type { Plan, Project } from './plan.ts'

/** The part of a plan that one of several machines has. */
export interface PlannedShard extends Shard {
  /** For each project of the plan. */
  readonly shares: readonly Share[]
  /** Digest of the costs by which steps were dealt; null without. Where it differs, machines have dealt differently. */
  readonly costs: string | null
}

/**
 * Deal the steps of a plan. Every machine does so by itself, from its own files: equal files, options and costs give equal deals.
 *
 * @param costsFile  `results.json` of an earlier run.
 * @throws {InputError} For a seed that is another on each machine; for costs that cannot be read.
 */
export async function planShard(plan: Plan, { index, count }: Shard, costsFile: string | undefined): Promise<PlannedShard> {
  if (plan.projects.some(({ options }) => options.seed === 'random')) {
    throw new InputError('the seed "random" is another one in each shard', {
      hint: 'Draw one for all of them: --seed "$(date +%s)" in the job that starts the shards, or the number of the pipeline.',
    })
  }
  const costs = costsFile === undefined ? undefined : await readCosts(costsFile)
  const steps = await Promise.all(plan.projects.map(stepsOf))
  return {
    index,
    count,
    shares: dealSteps({ index, count }, costs ?? new Map(), steps),
    costs: costs === undefined ? null : digestOf(costs),
  }
}

/** A project that cannot be read has no step on any machine; verifying it says why. */
async function stepsOf({ name, paths, options }: Project): ReturnType<typeof stepsToVerify> {
  try {
    return await stepsToVerify(await readSources(paths, options), options)
  } catch (error) {
    if (name !== undefined && error instanceof InputError) return []
    throw error
  }
}

async function readCosts(file: string): Promise<Costs> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    // Without them this machine would deal otherwise than one that has them.
    throw new InputError(`cannot read the costs "${file}"`, {
      cause,
      hint: 'Name the results.json of an earlier report on every machine, or on none: all steps count alike then.',
    })
  })
  const { migrations } = parseResult(text, file)
  return new Map(migrations.map((each) => [costKey(each), Object.values(each.timings).reduce((sum, ms) => sum + ms, 0)]))
}

function digestOf(costs: Costs): string {
  return createHash('sha256')
    .update(JSON.stringify([...costs].toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))))
    .digest('hex')
}
