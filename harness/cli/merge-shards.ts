import { resolve } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { InputError } from '../errors.ts'
import { assemble, type SourcePart, type VerifiedPart } from '../history/index.ts'
import { gravestCode } from './exit-codes.ts'
import type { Project } from './plan.ts'
import { readShardRecord, type SavedProject, type ShardRecord } from './shard-record.ts'
import type { Run } from './verify-command.ts'

interface SavedShard {
  readonly directory: string
  readonly record: ShardRecord
}

/**
 * Read the reports of all shards of one run, as the run that one machine would have made.
 *
 * @param report  Where the report of the whole goes.
 * @throws {InputError} When a shard is missing, is there twice, or is not of the same run.
 */
export async function mergeShards(directories: readonly string[], report: string): Promise<Run> {
  const same = directories.find((each) => resolve(each) === resolve(report))
  if (same !== undefined) {
    throw new InputError(`the merged report would overwrite the shard in "${same}"`, {
      hint: 'Name another folder: godwit report reports --merge shards/1 shards/2',
    })
  }
  const shards = await Promise.all(directories.map(async (directory) => ({ directory, record: await readShardRecord(directory) })))
  const ordered = allOfOneRun(shards)
  const [first] = ordered
  const failed = first.record.projects.flatMap((name) => failureOf(name ?? undefined, ordered))
  const ran = first.record.ran.flatMap(({ project, state }) => {
    if (failed.some((each) => each.project.name === project.name)) return []
    const parts = ordered.map((shard) => partOf(project, shard))
    checkDeal(parts.map(({ sources }) => sources))
    const verified = assemble(parts, { reportDirectory: report })
    return [{ project: asProject(project), state, part: parts[0] as VerifiedPart, verified }]
  })
  return { report, ran, failed, baseline: first.record.baseline ?? undefined }
}

/** In their order. */
function allOfOneRun(shards: readonly SavedShard[]): readonly [SavedShard, ...SavedShard[]] {
  const [first, ...others] = shards.toSorted((a, b) => a.record.shard.index - b.record.shard.index)
  if (first === undefined) throw new InputError('no shard is named')
  for (const other of others) {
    const foreign = differenceOf(first.record, other.record)
    if (foreign !== undefined) {
      throw new InputError(`"${first.directory}" and "${other.directory}" are not shards of one run: ${foreign}`, {
        hint: 'Verify all shards of one checkout with the same options, the same server and the same --costs.',
      })
    }
  }
  const { count } = first.record.shard
  const seen = new Map<number, string>()
  for (const { directory, record } of [first, ...others]) {
    const twice = seen.get(record.shard.index)
    if (twice !== undefined)
      throw new InputError(`shard ${record.shard.index} of ${count} is there twice: "${twice}" and "${directory}"`, {
        hint: 'Name the folder of each shard once.',
      })
    seen.set(record.shard.index, directory)
  }
  const missing = Array.from({ length: count }, (_, at) => at + 1).filter((index) => !seen.has(index))
  if (missing.length > 0) {
    throw new InputError(
      `${missing.length === 1 ? 'shard' : 'shards'} ${missing.join(', ')} of ${count} ${missing.length === 1 ? 'is' : 'are'} missing`,
      {
        hint: 'A shard that could not run leaves no result: look at its job.',
      },
    )
  }
  return [first, ...others]
}

/** What tells that two shards are not of one run; undefined where nothing does. */
function differenceOf(one: ShardRecord, other: ShardRecord): string | undefined {
  const versus = (what: string, left: unknown, right: unknown) =>
    isDeepStrictEqual(left, right) ? undefined : `${what} ${String(left)}, the other ${String(right)}`
  const pathsOf = ({ ran, failed }: ShardRecord) =>
    [...ran, ...failed].flatMap(({ project }) => project.paths.map((path) => `${project.name ?? ''} ${path}`))
  const projects = (record: ShardRecord) => `${pathsOf(record).toSorted().join(',')}`.trim()
  const simple =
    versus('one is of a run with shards', one.shard.count, other.shard.count) ?? versus('one verified', projects(one), projects(other))
  if (simple !== undefined) return simple
  if (one.costs !== other.costs) return 'their steps were dealt by different costs'
  if (!isDeepStrictEqual(one.baseline, other.baseline)) return 'they have different baselines'
  for (const { project, part, state } of one.ran) {
    const there = other.ran.find((each) => each.project.name === project.name)
    if (there === undefined) continue
    const of = project.name === undefined ? '' : `in the project "${project.name}" `
    const files = Object.keys({ ...state.files, ...there.state.files }).find((file) => state.files[file] !== there.state.files[file])
    if (files !== undefined) return `${of}they have different files: "${files}"`
    if (part.seed !== there.part.seed) return `${of}one has the seed ${part.seed}, the other ${there.part.seed}`
    if (part.digest.rules !== there.part.digest.rules) return `${of}different rules judged`
    const server = versus(`${of}one ran on PostgreSQL`, part.digest.server, there.part.digest.server)
    if (server !== undefined) return server
    const options = Object.keys(state.options).find((name) => !isDeepStrictEqual(state.options[name], there.state.options[name]))
    if (options !== undefined) return `${of}they have different options: ${options}`
    const selected = ({ sources }: VerifiedPart) => sources.map(({ path, format, total, selected }) => ({ path, format, total, selected }))
    if (!isDeepStrictEqual(selected(part), selected(there.part)) || !isDeepStrictEqual(project, there.project))
      return `${of}they are of different steps, folders or waivers`
  }
  return undefined
}

/** Each step that is to be verified is in one shard. */
function checkDeal(parts: readonly (readonly SourcePart[])[]): void {
  const [first = []] = parts
  for (const [at, { path, selected }] of first.entries()) {
    const dealt = parts.flatMap((sources) => sources[at]?.dealt ?? [])
    const steps = parts.flatMap((sources) => sources[at]?.steps.map((step) => step.at) ?? [])
    const whole = (indexes: readonly number[]) =>
      isDeepStrictEqual(
        indexes.toSorted((a, b) => a - b),
        selected,
      )
    if (!whole(dealt) || !whole(steps))
      throw new InputError(`the shards do not have each step of "${path}" once: they were not dealt alike`)
  }
}

/** A project that one machine could not verify is not verified. */
function failureOf(name: string | undefined, shards: readonly SavedShard[]): Run['failed'] {
  const all = shards.flatMap(({ record }) => record.failed.filter(({ project }) => project.name === name))
  const [first] = all
  return first === undefined
    ? []
    : [{ project: asProject(first.project), message: first.message, exitCode: gravestCode(all.map((each) => each.exitCode)) }]
}

function partOf(project: SavedProject, { record }: SavedShard): VerifiedPart {
  const found = record.ran.find((each) => each.project.name === project.name)
  if (found === undefined) throw new Error('the shards have different projects')
  return found.part
}

function asProject({ name, ...others }: SavedProject): Project {
  return { ...others, name }
}
