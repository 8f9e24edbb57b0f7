import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { InputError } from '../errors.ts'
import { isRemote, namesSeveral } from '../history/index.ts'
import { counted } from '../report/index.ts'
import type { Baseline, VerifyResult } from '../result/index.ts'
import type { VerifyHooks } from '../verify/index.ts'
import { acceptResults, type RunResult } from './accept-results.ts'
import { readBaseline } from './baseline-file.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodeOf, exitCodes, gravestCode } from './exit-codes.ts'
import { writeGateRecord } from './gate-record.ts'
import { type Plan, planWork } from './plan.ts'
import { type PlannedShard, planShard } from './plan-shard.ts'
import { type NotRun, type Ran, runProjects } from './run-projects.ts'
import { shardFile, writeShardRecord } from './shard-record.ts'
import { terminalOf } from './terminal-of.ts'
import type { ShardFlags } from './verify-options.ts'

/** `godwit verify`: verify, write the reports, show the result, and exit with the verdict. */
export async function verifyCommand(
  paths: readonly string[],
  flags: ShardFlags,
  context: CommandContext & Pick<VerifyHooks, 'startCluster'>,
): Promise<void> {
  const plan = await planWork(paths, flags)
  const json = flags.json === true
  if (flags.shard === undefined && flags.costs !== undefined)
    throw new InputError('--costs needs --shard', { hint: 'Costs only say which machine has which steps.' })
  if (flags.shard !== undefined && plan.projects.some(({ options }) => namesSeveral(options.postgres)))
    throw new InputError('--shard verifies on one cluster, and --postgres names several', {
      hint: 'Leave --shard out, or run the shards once for each version.',
    })
  await verifyPlan(plan, json, context, flags.shard === undefined ? undefined : await planShard(plan, flags.shard, flags.costs))
}

/** Verify what a plan says, write the reports, and show the result. */
export async function verifyPlan(
  plan: Plan,
  json: boolean,
  context: CommandContext & Pick<VerifyHooks, 'startCluster'>,
  shard?: PlannedShard,
): Promise<void> {
  const baseline = await readBaseline(plan.baseline, { mayBeAbsent: false })
  const report = await import('../report/index.ts')
  await report.prepareDirectory(plan.report)
  // One of an earlier run would be taken for this one, if this one fails.
  await rm(join(plan.report, shardFile), { force: true })
  const { signal, startCluster } = context
  const { ran, failed } = await runProjects(plan, { signal, startCluster, shares: shard?.shares })
  await keepCacheOutOfGit(plan)
  if (shard !== undefined) await writeShardRecord({ plan, shard, ran, failed, baseline })
  await reportRun({ report: plan.report, ran, failed, baseline }, json, context)
}

/** What was verified, here or by several machines. */
export interface Run {
  /** Where its reports go. */
  readonly report: string
  readonly ran: readonly Ran[]
  readonly failed: readonly NotRun[]
  readonly baseline: Baseline | undefined
}

/** Accept what is accepted, write the reports, show the result, and exit with the verdict. */
export async function reportRun(run: Run, json: boolean, context: Pick<CommandContext, 'setExitCode'>): Promise<void> {
  const { ran, failed, baseline } = run
  const accepted = acceptResults(ran, failed, baseline)
  const { result } = accepted
  if (result !== undefined) {
    await showResult(run, accepted, json)
    // A part of the steps lets nothing pass.
    if (result.shard === undefined) await writeGateRecord(run, result)
  }
  sayNotes(accepted.notes)
  const verdicts = result === undefined ? [] : [exitCodeOf(result.verdict), ...sayUnjudged(result)]
  context.setExitCode(gravestCode([...verdicts, ...failed.map((each) => each.exitCode)]))
}

/** Write the reports of a run, and show it. */
export async function showResult(plan: Pick<Plan, 'report'>, { result, counterexamples, runOf }: RunResult, json: boolean): Promise<void> {
  if (result === undefined) return
  const report = await import('../report/index.ts')
  const files = new Map([...counterexamples].map(([path, one]) => [path, report.renderCounterexample(one)]))
  const { reports, stale } = await report.writeReports(result, { directory: plan.report, counterexamples: files, runOf })
  const shown = () => report.renderTerminal(result, { ...terminalOf(process.stdout), reports, excerpt: report.excerptsFrom(process.cwd()) })
  process.stdout.write(json ? `${JSON.stringify(report.maskSecretsIn(result))}\n` : shown())
  if (stale.length > 0) sayStale(stale)
}

/** A history is bad input where none of its steps applies to an empty database: nothing could be judged. */
function sayUnjudged({ sources, migrations }: VerifyResult): readonly number[] {
  return sources.flatMap(({ path, brokenAt, steps }) => {
    const own = migrations.filter((migration) => migration.path === path)
    const judged = own.some(({ invariants }) => invariants.some(({ verdict }) => verdict !== 'unknown'))
    if (brokenAt === null || judged || own.length < steps) return []
    const { migration, file, line, message, hint } = brokenAt
    process.stderr.write(
      `godwit: "${path}" does not apply to an empty database: step "${migration}" fails at ${file}:${line}: ${message}\n${hint === null ? '' : `${hint}\n`}`,
    )
    return [exitCodes.usage]
  })
}

function sayStale(paths: readonly string[]): void {
  sayLines(
    `godwit: not found again, of those that earlier runs saved: ${counted(paths.length, 'counterexample')}`,
    paths.map((path) => `godwit replay ${path}`),
  )
}

/** What the reader should know of waivers and the baseline. */
export function sayNotes(notes: readonly string[]): void {
  if (notes.length > 0) sayLines(`godwit: ${counted(notes.length, 'note')} on what is accepted`, notes)
}

function sayLines(title: string, lines: readonly string[]): void {
  const shown = lines.slice(0, 5).map((line) => `  ${line}`)
  if (lines.length > shown.length) shown.push(`  and ${lines.length - shown.length} more`)
  process.stderr.write(`${title}\n${shown.join('\n')}\n`)
}

/** The cache is for this machine and for CI's own cache, never for a commit. */
async function keepCacheOutOfGit({ projects }: Plan): Promise<void> {
  for (const directory of new Set(projects.flatMap((project) => project.options.cacheDirectory ?? []))) {
    if (isRemote(directory) || !existsSync(directory) || existsSync(join(directory, '.gitignore'))) continue
    await writeFile(join(directory, '.gitignore'), '*\n')
  }
}
