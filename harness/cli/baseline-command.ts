import { InputError } from '../errors.ts'
import { git, stepsSince } from '../formats/index.ts'
import { counted, readResults } from '../report/index.ts'
import { acceptFindings, type Baseline, extendBaseline, pruneBaseline, todayUtc, type VerifyResult } from '../result/index.ts'
import { acceptanceOf, acceptResults } from './accept-results.ts'
import { readBaseline, writeBaseline } from './baseline-file.ts'
import type { BaselineFlags, CommandContext } from './command-context.ts'
import { gravestCode } from './exit-codes.ts'
import { writeGateRecord } from './gate-record.ts'
import { baselineFile, type Plan, type Project, planWork } from './plan.ts'
import { historiesOf } from './project-state.ts'
import { type NotRun, type Ran, runProjects } from './run-projects.ts'
import { say } from './say.ts'
import { sayNotes, showResult } from './verify-command.ts'

/** `godwit baseline`: verify (or read what was saved), and accept what is found in steps that were there before this branch. */
export async function baselineCommand(paths: readonly string[], flags: BaselineFlags, context: CommandContext): Promise<void> {
  const plan = await planWork(paths, flags)
  const file = plan.baseline?.file ?? baselineFile
  const old = await readBaseline({ file, asked: flags.prune === true }, { mayBeAbsent: flags.prune !== true })
  const { results, failed, ran } = flags.from === undefined ? await verifyAll(plan, context) : await readAll(plan, flags.from)

  const newSteps = new Map<Project, ReadonlySet<string>>()
  for (const { project } of results) {
    newSteps.set(project, flags.includeNew === true || flags.prune === true ? new Set() : await stepsOfBranch(project, flags.base))
  }
  const next = results.reduce<Baseline | undefined>((baseline, { project, result }) => {
    // Waivers first: what has a day on which it ends stays out of a list that has none.
    const waived = acceptFindings(result, { ...acceptanceOf(project, undefined), complete: false }).result
    if (flags.prune === true) return baseline === undefined ? undefined : pruneBaseline(baseline, waived, project.name)
    const except = newSteps.get(project)
    return extendBaseline(baseline, waived, { project: project.name, today: todayUtc(), except })
  }, old)
  if (next === undefined) throw new InputError(`there is no baseline "${file}" to prune`)
  await writeBaseline(file, next)

  if (ran !== undefined) {
    const run = acceptResults(ran, failed, next)
    await showResult(plan, run, false)
    if (run.result !== undefined) await writeGateRecord({ report: plan.report, ran, baseline: next }, run.result)
    sayNotes(run.notes)
  }
  say(summaryOf(file, old, next))
  const left = [...newSteps.values()].flatMap((names) => [...names])
  if (left.length > 0) {
    say(`not accepted, being new on this branch: ${shownNames(left)} (--include-new accepts them too)`)
  }
  context.setExitCode(gravestCode(failed.map((each) => each.exitCode)))
}

interface Gathered {
  readonly results: readonly { readonly project: Project; readonly result: VerifyResult }[]
  readonly failed: readonly NotRun[]
  /** Undefined where nothing was run. */
  readonly ran: readonly Ran[] | undefined
}

async function verifyAll(plan: Plan, context: CommandContext): Promise<Gathered> {
  const { prepareDirectory } = await import('../report/index.ts')
  await prepareDirectory(plan.report)
  const { ran, failed } = await runProjects(plan, context)
  return { results: ran.map(({ project, verified }) => ({ project, result: verified.result })), failed, ran }
}

/** Saved results say by their paths which project they are of. */
async function readAll(plan: Plan, directory: string): Promise<Gathered> {
  const saved = await readResults(directory)
  const shard = saved.find(({ result }) => result.shard !== undefined)?.result.shard
  if (shard !== undefined) {
    throw new InputError(`"${directory}" has shard ${shard.index} of ${shard.count} only`, {
      hint: 'Put the shards together with godwit report --merge, and name the folder of the merged report.',
    })
  }
  const all = saved.flatMap(({ result }) => result.migrations)
  const [first] = saved
  if (first === undefined) throw new InputError(`no saved results in "${directory}"`)
  const results = plan.projects.map((project) => {
    const isOwn = (path: string) => project.paths.some((own) => path === own || path.startsWith(`${own}/`))
    const migrations = project.name === undefined ? all : all.filter((migration) => isOwn(migration.path))
    return { project, result: { ...first.result, migrations } }
  })
  return { results, failed: [], ran: undefined }
}

/**
 * Steps that are not in the commit where this branch left the base, or are not committed at all; none where that cannot be told, which
 * is said.
 */
async function stepsOfBranch(project: Project, asked: string | undefined): Promise<ReadonlySet<string>> {
  const names = new Set<string>()
  for (const history of await historiesOf(project)) {
    const base = asked ?? (await defaultBase(history.root))
    if (base === undefined) {
      process.stderr.write(
        `godwit: which steps are new on this branch cannot be told for "${history.path}": no git repository, or no main branch\n`,
      )
      return new Set()
    }
    const { added } = await stepsSince(history, base, { allowChanged: true })
    for (const name of added) names.add(name)
  }
  return names
}

/** The first of the usual names of a main branch that is there. */
async function defaultBase(directory: string): Promise<string | undefined> {
  for (const ref of ['origin/HEAD', 'origin/main', 'origin/master', 'main', 'master', 'HEAD']) {
    const commit = await git(directory, ['rev-parse', '--verify', '--quiet', `${ref}^{commit}`]).catch(() => undefined)
    if (commit !== undefined && commit.trim() !== '') return ref
  }
  return undefined
}

function summaryOf(file: string, old: Baseline | undefined, next: Baseline): string {
  const idsOf = (baseline: Baseline | undefined) =>
    new Set(
      (baseline?.steps ?? []).flatMap((step) =>
        step.accepted.map((entry) => `${step.project}/${step.migration}/${step.digest}/${entry.id}`),
      ),
    )
  const [before, after] = [idsOf(old), idsOf(next)]
  const added = [...after].filter((id) => !before.has(id)).length
  const removed = [...before].filter((id) => !after.has(id)).length
  const changes = old === undefined ? '' : `; ${added} more, ${removed} fewer than before`
  return `${file}: ${counted(after.size, 'accepted finding')} of ${counted(next.steps.length, 'step')}${changes}`
}

function shownNames(names: readonly string[]): string {
  return `${names.slice(0, 5).join(', ')}${names.length > 5 ? ` and ${names.length - 5} more` : ''}`
}
