import { InputError } from '../errors.ts'
import { shownPath } from '../migration/index.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { planWork } from './plan.ts'
import { readProjectState } from './project-state.ts'
import { say } from './say.ts'
import { urlOf } from './url-of.ts'
import type { VerifyFlags } from './verify-options.ts'

export interface EvidenceFlags extends Pick<VerifyFlags, 'config' | 'project' | 'format' | 'only' | 'since'> {
  readonly url?: string
  readonly out?: string
  readonly all?: true
  readonly signed?: true
  readonly dump: boolean
  readonly proof: boolean
  readonly check?: string
  readonly digest?: string
}

/** `godwit evidence`: 0 once it is taken and proven (or left unproven as asked for); `--check`: 0 while it is as it was taken, else 1. */
export async function evidenceCommand(paths: readonly string[], flags: EvidenceFlags, context: CommandContext): Promise<void> {
  if (flags.check !== undefined) return checkCommand(flags.check, paths, flags, context)
  if (flags.digest !== undefined) throw new InputError('--digest is for --check')
  const url = urlOf(flags)
  const { migrationsIn, takeEvidence } = await import('../operations/index.ts')
  const { readSources } = await import('../history/index.ts')
  const { projects } = await planWork(paths, flags)
  const migrations = []
  for (const project of projects) {
    const { steps } = await readProjectState(project)
    const sources = await readSources(project.paths, project.options)
    migrations.push(...migrationsIn(sources, new Set(steps), project.options.contracts))
  }
  const folder = shownPath(flags.out ?? `evidence-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}Z`)
  const { all = false, signed = false, dump, proof } = flags
  const { document, digest } = await takeEvidence({ url, migrations, folder, all, signed, dump, proof, signal: context.signal, say })
  say(`taken     ${document.takenAt}, from one snapshot (${document.snapshot})`)
  if (document.proof.outcome === 'proven') {
    say(`proven    restored into PostgreSQL ${document.proof.server}, each by itself, and equal:`)
    for (const each of document.proof.restored) say(`          ${each}`)
  } else say(`not proven: ${document.proof.because}`)
  if (digest !== undefined) say(`signed    SHA256SUMS has the digest ${digest}; keep it somewhere else`)
  say(`read      ${folder}/TOTALS.md`)
}

async function checkCommand(folder: string, paths: readonly string[], flags: EvidenceFlags, context: CommandContext): Promise<void> {
  // The URL may come from the environment, for other commands.
  if (paths.length > 0 || flags.out !== undefined)
    throw new InputError('--check reads a folder of evidence alone', { hint: 'Leave out the migration and --out.' })
  const { checkEvidence } = await import('../operations/index.ts')
  const { problems, signed, server, restored } = await checkEvidence(folder, { digest: flags.digest, signal: context.signal })
  if (problems.length > 0) {
    process.stdout.write([`✗ ${folder} is not as it was taken`, ...problems.map((each) => `  ${each}`), ''].join('\n'))
    context.setExitCode(exitCodes.violated)
    return
  }
  const lines = [
    `✓ ${folder} is as it was taken`,
    `  ${signed ? 'every file has the digest that SHA256SUMS says' : 'it has no SHA256SUMS'}`,
    ...restored.map((each) => `  restored into PostgreSQL ${server}, and equal: ${each}`),
  ]
  say(lines.join('\n'))
}
