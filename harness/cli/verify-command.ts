import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { counted } from '../report/index.ts'
import type { VerifyResult } from '../result/index.ts'
import type { VerifyHooks } from '../verify/index.ts'
import { acceptResults, type RunResult } from './accept-results.ts'
import { readBaseline } from './baseline-file.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodeOf, exitCodes, gravestCode } from './exit-codes.ts'
import { writeGateRecord } from './gate-record.ts'
import { type Plan, planWork } from './plan.ts'
import { runProjects } from './run-projects.ts'
import { terminalOf } from './terminal-of.ts'
import type { VerifyFlags } from './verify-options.ts'

/** `godwit verify`: verify, write the reports, show the result, and exit with the verdict. */
export async function verifyCommand(paths: readonly string[], flags: VerifyFlags, context: CommandContext): Promise<void> {
  await verifyPlan(await planWork(paths, flags), flags.json === true, context)
}

/** Verify what a plan says, write the reports, and show the result. */
export async function verifyPlan(plan: Plan, json: boolean, context: CommandContext & Pick<VerifyHooks, 'startCluster'>): Promise<void> {
  const baseline = await readBaseline(plan.baseline, { mayBeAbsent: false })
  const report = await import('../report/index.ts')
  await report.prepareDirectory(plan.report)
  const { ran, failed } = await runProjects(plan, { signal: context.signal, startCluster: context.startCluster })
  await keepCacheOutOfGit(plan)
  const run = acceptResults(ran, failed, baseline)
  if (run.result !== undefined) {
    await showResult(plan, run, json)
    await writeGateRecord(plan, run.result, { ran, baseline })
  }
  sayNotes(run.notes)
  const verdicts = run.result === undefined ? [] : [exitCodeOf(run.result.verdict), ...sayUnjudged(run.result)]
  context.setExitCode(gravestCode([...verdicts, ...failed.map((each) => each.exitCode)]))
}

/** Write the reports of a run, and show it. */
export async function showResult(plan: Plan, { result, counterexamples, runOf }: RunResult, json: boolean): Promise<void> {
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
    if (!existsSync(directory) || existsSync(join(directory, '.gitignore'))) continue
    await writeFile(join(directory, '.gitignore'), '*\n')
  }
}
