import type { History, Source } from '../formats/index.ts'
import type { VerifyOptions } from '../verify/index.ts'
import { selectSteps } from './select-steps.ts'

/** One of several machines that share the steps of a run; `index` counts from 1. */
export interface Shard {
  readonly index: number
  readonly count: number
}

/** A step that is to be verified, as results name it. */
export interface DealtStep {
  readonly path: string
  readonly name: string
}

/** Milliseconds that a step is expected to take, by `costKey`. */
export type Costs = ReadonlyMap<string, number>

/** Steps to verify by their index in the source. */
export type StepsToVerify = ReadonlyMap<number, DealtStep>

/** What one machine has of a project. */
export interface Share {
  readonly shard: Shard
  /** Of the steps to verify of a source, given by its index in the project, those of this machine. */
  readonly of: (source: number, steps: StepsToVerify) => ReadonlySet<number>
}

export function costKey({ path, name }: DealtStep): string {
  return JSON.stringify([path, name])
}

/**
 * Deal the steps of all projects to machines that do not talk to each other: the same steps and costs give the same deal on each of them.
 *
 * The longest step goes first, each to the machine that has the least so far. A step without a known cost counts as the mean of the known
 * ones; without any, all count alike.
 *
 * @param projects  The steps of each source of each project; undefined for a source whose steps only a recording of its tool tells. Such a
 *   source is dealt by itself once it is known, so that what is dealt of the others does not wait for it.
 * @returns The share of this machine in each project.
 */
export function dealSteps(shard: Shard, costs: Costs, projects: readonly (readonly (StepsToVerify | undefined)[])[]): readonly Share[] {
  const known = [...costs.values()]
  const mean = known.length === 0 ? 1 : known.reduce((sum, each) => sum + each, 0) / known.length
  const costOf = (step: DealtStep) => costs.get(costKey(step)) ?? mean
  const all = projects.flatMap((sources, project) =>
    sources.flatMap((steps, source) => [...(steps ?? [])].map(([at, step]) => ({ project, source, at, cost: costOf(step) }))),
  )
  const dealt = dealFrom(
    Array.from({ length: shard.count }, () => 0),
    all,
  )
  return projects.map((sources, project) => ({
    shard,
    of: (source, steps) => {
      if (sources[source] !== undefined) {
        const own = dealt.hands[shard.index - 1] ?? []
        return new Set(own.filter((each) => each.project === project && each.source === source).map(({ at }) => at))
      }
      const { hands } = dealFrom(
        dealt.loads,
        [...steps].map(([at, step]) => ({ at, cost: costOf(step) })),
      )
      return new Set(hands[shard.index - 1]?.map(({ at }) => at))
    },
  }))
}

/** Each to the one with the least, the longest first. */
function dealFrom<Item extends { readonly cost: number }>(
  before: readonly number[],
  items: readonly Item[],
): { readonly hands: readonly (readonly Item[])[]; readonly loads: readonly number[] } {
  const loads = [...before]
  const hands: Item[][] = loads.map(() => [])
  for (const item of items.toSorted((a, b) => b.cost - a.cost)) {
    const least = loads.indexOf(Math.min(...loads))
    loads[least] = (loads[least] ?? 0) + item.cost
    hands[least]?.push(item)
  }
  return { hands, loads }
}

/** The steps to verify of each source; undefined where only a recording tells them. */
export function stepsToVerify(sources: readonly Source[], options: VerifyOptions): Promise<readonly (StepsToVerify | undefined)[]> {
  return Promise.all(
    sources.map(async (source) => {
      if (source.kind === 'command') return undefined
      if (source.kind === 'pairs') return stepsOfPairs(source)
      return stepsOf(source.history, await selectSteps(source.history, options))
    }),
  )
}

/** Pairs by their index. */
export function stepsOfPairs({ migrations }: Extract<Source, { kind: 'pairs' }>): StepsToVerify {
  return new Map(migrations.map(({ migration, path }, at) => [at, { path, name: migration.name }]))
}

/** Steps of a history by their index, in its order. */
export function stepsOf({ path, steps }: History, selected: ReadonlySet<number>): StepsToVerify {
  return new Map(steps.flatMap(({ name }, at) => (selected.has(at) ? [[at, { path, name }] as const] : [])))
}
