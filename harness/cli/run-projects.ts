import { GodwitError } from '../errors.ts'
import type { Share, Verified, VerifiedPart } from '../history/index.ts'
import type { ProgressEvent, VerifyHooks } from '../verify/index.ts'
import type { CommandContext } from './command-context.ts'
import { describeFailure } from './failure.ts'
import type { Plan, Project } from './plan.ts'
import { showProgress } from './progress.ts'
import { type ProjectState, readProjectState } from './project-state.ts'

/** One project that was verified. */
export interface Ran {
  /** With the waivers that comments in its SQL declare. */
  readonly project: Project
  readonly verified: Verified
  /** What it is put together from; undefined where several versions were compared, which no shard does. */
  readonly part: VerifiedPart | undefined
  /** What the verdict is bound to. */
  readonly state: ProjectState
}

/** One that could not be. */
export interface NotRun {
  readonly project: Project
  readonly exitCode: number
  readonly message: string
}

/**
 * Verify the projects of a plan one after the other. One that cannot be verified says so on standard error and does not keep the others
 * from it; where there is one without a name, its error is thrown.
 *
 * @param context.shares  The steps of this machine, for each project of the plan; all of them without.
 */
export async function runProjects(
  plan: Plan,
  context: Pick<VerifyHooks, 'startCluster'> & Pick<CommandContext, 'signal'> & { readonly shares?: readonly Share[] | undefined },
): Promise<{ readonly ran: readonly Ran[]; readonly failed: readonly NotRun[] }> {
  const [{ assemble, namesSeveral, verifyPart, verifyVersions }, { readSavedRows, visibleLines }] = await rooms()
  const saved = await readSavedRows(plan.report)
  const ran: Ran[] = []
  const failed: NotRun[] = []
  using progress = showProgress(process.stderr)
  const { signal, startCluster, shares } = context
  for (const [at, project] of plan.projects.entries()) {
    const onProgress = (event: ProgressEvent) => progress.report(withProject(event, project.name))
    try {
      const state = await readProjectState(project)
      const onWarning = (message: string) => {
        progress.clear()
        process.stderr.write(`${visibleLines(`godwit: warning: ${message}`)}\n`)
      }
      const hooks = { signal, startCluster, onProgress, onWarning }
      const options = { ...project.options, saved }
      const several = namesSeveral(options.postgres)
      const part = several ? undefined : await verifyPart(project.paths, options, hooks, shares?.[at])
      const verified = part === undefined ? await verifyVersions(project.paths, options, hooks) : assemble([part])
      ran.push({ project: { ...project, waivers: [...project.waivers, ...verified.waivers] }, verified, part, state })
    } catch (error) {
      context.signal.throwIfAborted()
      if (project.name === undefined) throw error
      progress.clear()
      const { text, exitCode } = describeFailure(error, { debug: process.env.GODWIT_DEBUG === '1' })
      process.stderr.write(text.replace(/^godwit: /, `godwit: project "${project.name}": `))
      failed.push({ project, exitCode, message: error instanceof GodwitError ? error.message : 'internal error' })
    }
  }
  context.signal.throwIfAborted()
  return { ran, failed }
}

/** In a function of its own: TypeScript does not rewrite the paths of dynamic imports beside `using`. */
async function rooms(): Promise<[typeof import('../history/index.ts'), typeof import('../report/index.ts')]> {
  return Promise.all([import('../history/index.ts'), import('../report/index.ts')])
}

function withProject(event: ProgressEvent, name: string | undefined): ProgressEvent {
  if (name === undefined) return event
  return { ...event, migration: event.migration === '' ? name : `${name}/${event.migration}` }
}
