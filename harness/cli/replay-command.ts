import { readFile } from 'node:fs/promises'
import { InputError } from '../errors.ts'
import { clusterRequests, installedMajors } from '../postgres/index.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { planWork } from './plan.ts'
import { withProgress } from './progress.ts'
import { say } from './say.ts'

/** `godwit replay`: 1 while the counterexample still violates, 0 once it does not, 4 where that could not be looked at. */
export async function replayCommand(file: string, flags: { readonly postgres?: string }, context: CommandContext): Promise<void> {
  const { parseCounterexample } = await import('../report/index.ts')
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new InputError(`cannot read "${file}"`, { cause, hint: 'Name a file that "godwit verify" saved under counterexamples/.' })
  })
  const { meta, rowsSql, writtenSql } = parseCounterexample(text)
  // What the configuration says holds for a replay as it did for the verdict: formats, preludes, invariants of the user's own.
  const [project] = (await planWork(meta.paths, flags)).projects
  const { replay } = await import('../history/index.ts')
  const { violates, message } = await withProgress((onProgress) => {
    onProgress({ migration: meta.migration, stage: 'replay' })
    const postgres = flags.postgres ?? serverOf(project?.options.postgres, meta.server)
    return replay({ ...meta, rowsSql, writtenSql }, { ...(project?.options ?? flags), postgres }, { signal: context.signal })
  })
  const outcome = violates === undefined ? 'unknown' : violates ? 'violated' : 'holds'
  say(`${words[outcome]}: ${message}`)
  context.setExitCode(exitCodes[outcome])
}

/** Where no cluster is named, or several are: the version that showed it, where it is installed. */
function serverOf(postgres: string | undefined, saved: string): string | undefined {
  const requests = clusterRequests(postgres)
  if (postgres !== undefined && requests.length === 1) return postgres
  const major = Number.parseInt(saved, 10)
  if (installedMajors().includes(major)) return String(major)
  return requests[0]
}

const words = { violated: 'still violates', holds: 'no longer violates', unknown: 'unknown' } as const
