import { join } from 'node:path'
import { InputError } from '../errors.ts'
import type { Source } from '../formats/index.ts'
import type { Copy, RehearsedMigration, VerifiedLearned } from '../operations/index.ts'
import { acceptanceOf } from './accept-results.ts'
import { readBaseline } from './baseline-file.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodeOf } from './exit-codes.ts'
import { type Plan, type Project, planWork } from './plan.ts'
import { showProgress } from './progress.ts'
import { readProjectState } from './project-state.ts'
import { terminalOf } from './terminal-of.ts'
import type { VerifyFlags } from './verify-options.ts'

export interface RehearseFlags extends VerifyFlags {
  readonly on?: string
  readonly dump?: string
  readonly evidence?: string
  readonly thisIsACopy?: true
  readonly allowForeignWrites?: true
  readonly window?: number
  readonly events?: string
  readonly eventsTable?: string
  readonly showValues?: true
  readonly growth: boolean
}

const WINDOW_MS = 15 * 60_000

/** `godwit rehearse`: run one migration on a copy of real data, write the report, and exit with the verdict. */
export async function rehearseCommand(paths: readonly string[], flags: RehearseFlags, context: CommandContext): Promise<void> {
  refuseFlags(flags)
  const plan = await planWork(paths, flags)
  const { project, source, name } = await onlyMigration(plan, context.signal)
  const migration = migrationIn(source, name, project)
  const operations = await import('../operations/index.ts')
  const { maskSecretsIn, prepareDirectory } = await import('../report/index.ts')
  await prepareDirectory(plan.report)
  const say = (line: string) => (flags.json === true ? process.stderr : process.stdout).write(`${line}\n`)
  await using copy = await openCopy(flags, operations, context.signal)
  for (const line of planLines(migration, copy, flags)) say(line)
  const verified = await learn(plan, project, name, context, operations)
  const rehearsal = await operations.rehearse({
    migration,
    reach: operations.migrationsIn([source], new Set([name]), project.options.contracts)[0] ?? nothing(),
    verified,
    copy,
    evidence: flags.evidence,
    events: { file: flags.events, table: flags.eventsTable },
    windowMs: flags.window ?? WINDOW_MS,
    showValues: flags.showValues === true,
    growth: flags.growth,
    allowForeignWrites: flags.allowForeignWrites === true,
    failOn: project.options.failOn,
    signal: context.signal,
    say: (line) => process.stderr.write(`${line}\n`),
  })
  const report = await operations.writeRehearsal(rehearsal, join(plan.report, verified.folder))
  const { color } = terminalOf(process.stdout)
  process.stdout.write(
    flags.json === true
      ? `${JSON.stringify(maskSecretsIn(rehearsal))}\n`
      : operations.renderTerminalRehearsal(rehearsal, { color, report }),
  )
  context.setExitCode(exitCodeOf(rehearsal.verdict))
}

function refuseFlags({ on, dump, evidence, eventsTable, thisIsACopy }: RehearseFlags): void {
  if (on === undefined && dump === undefined)
    throw new InputError('no copy is named', {
      hint: 'Name a database with --on (or in the variable GODWIT_COPY_URL) and --this-is-a-copy, or a dump with --dump.',
    })
  if (on !== undefined && dump !== undefined) throw new InputError('--on and --dump exclude each other')
  if (dump !== undefined && evidence !== undefined)
    throw new InputError('--evidence goes with --on', {
      hint: 'With --dump the dump itself is the backup: the report says how long restoring it took.',
    })
  if (dump !== undefined && eventsTable !== undefined)
    throw new InputError('--events-table goes with --on', {
      hint: 'The server into which a dump is restored is removed, with all its tables: write the events to a file with --events.',
    })
  if (on !== undefined && thisIsACopy !== true)
    throw new InputError('a rehearsal changes the database for good', {
      hint: 'If the database is a throw-away copy, say so with --this-is-a-copy.',
    })
}

interface Only {
  readonly project: Project
  readonly source: ReadSource
  readonly name: string
}

async function onlyMigration({ projects }: Plan, signal: AbortSignal): Promise<Only> {
  const { readSources } = await import('../history/index.ts')
  const found: Only[] = []
  for (const project of projects) {
    const { steps } = await readProjectState(project)
    for (const source of await readSources(project.paths, project.options))
      found.push(
        ...(source.kind === 'command'
          ? await recordedIn(project, source, signal)
          : namesIn(source).flatMap((name) => (steps.includes(name) ? [{ project, source, name }] : []))),
      )
  }
  const [only, ...others] = found
  if (only !== undefined && others.length === 0) return only
  throw new InputError(
    only === undefined ? 'there is no migration to rehearse' : `a rehearsal runs one migration, and ${found.length} were found`,
    {
      detail:
        found.length === 0
          ? undefined
          : `Found: ${found
              .slice(0, 8)
              .map(({ name }) => name)
              .join(', ')}${found.length > 8 ? ', …' : ''}.`,
      hint: 'Name one with --only. The copy must be in the state just before it.',
    },
  )
}

/** The steps of a tool that runs programs, as SQL. What runs others is closed: those are refused. */
async function recordedIn(project: Project, source: Source, signal: AbortSignal): Promise<readonly Only[]> {
  const [{ selectSteps, withRecorded }, { parseClusterRequest, startCluster }] = await recording()
  await using cluster = await startCluster(parseClusterRequest(project.options.postgres), { signal })
  return await withRecorded(cluster, [source], { options: project.options, hooks: { signal } }, async (sources) => {
    const found: Only[] = []
    for (const each of sources) {
      if (each.kind !== 'history') continue
      const chosen = await selectSteps(each.history, project.options)
      found.push(...each.history.steps.flatMap(({ name }, at) => (chosen.has(at) ? [{ project, source: each, name }] : [])))
    }
    return found
  })
}

/** In a function of its own: TypeScript leaves the path of a dynamic import beside `await using` as it is. */
async function recording(): Promise<[typeof import('../history/index.ts'), typeof import('../postgres/index.ts')]> {
  return Promise.all([import('../history/index.ts'), import('../postgres/index.ts')])
}

function namesIn(source: ReadSource): readonly string[] {
  return source.kind === 'pairs' ? source.migrations.map(({ migration }) => migration.name) : source.history.steps.map(({ name }) => name)
}

type ReadSource = Exclude<Source, { kind: 'command' }>

function migrationIn(source: ReadSource, wanted: string, { options }: Project): RehearsedMigration {
  if (source.kind === 'pairs') {
    const found = source.migrations.find(({ migration }) => migration.name === wanted)?.migration ?? nothing()
    const { name, digest, up, down, contract } = found
    return { name, digest, up, down, contract }
  }
  const step = source.history.steps.find(({ name }) => name === wanted)
  const { name, digest, up, down, contract } = step ?? nothing()
  if (up.kind === 'opaque') throw new InputError(`${name} cannot be rehearsed: ${up.because}`)
  if (source.history.recorded === true && [up, down].some((each) => each?.kind === 'program'))
    throw new InputError(`${name} cannot be rehearsed: what it sends depends on rows, so that its tool must run it`, {
      hint: 'Take evidence of the copy (npx godwit evidence), let the tool run it there, and compare.',
    })
  return { name, digest, up, down, contract: { ...contract, ...options.contracts?.[name] } }
}

function nothing(): never {
  throw new Error('the migration was there a moment ago')
}

async function openCopy(
  { on, dump = '' }: RehearseFlags,
  { openDumpCopy, openUrlCopy }: typeof import('../operations/index.ts'),
  signal: AbortSignal,
): Promise<Copy> {
  return on === undefined ? openDumpCopy(dump, signal) : openUrlCopy(on)
}

function planLines({ name, down }: RehearsedMigration, copy: Copy, { growth }: RehearseFlags): readonly string[] {
  return [
    `rehearsal of ${name} on ${copy.place}, PostgreSQL ${copy.version.text}, as role ${copy.role}; ${copy.kind === 'url' ? 'it changes this copy for good' : 'restored into a throw-away server'}`,
    '  1 verify on generated rows, to learn where each column goes',
    '  2 read totals, and keep the legacy rows in the schema godwit_before of the copy',
    '  3 up, each statement measured; then compare all rows on the server',
    down === undefined ? '  4 no down: nothing is taken back' : '  4 down, then compare with the totals',
    growth ? '  5 up again on samples of the rows, where they can be had' : '  5 no growth (--no-growth)',
  ]
}

async function learn(
  plan: Plan,
  project: Project,
  name: string,
  { signal }: CommandContext,
  { learnMigrations }: typeof import('../operations/index.ts'),
): Promise<VerifiedLearned> {
  const { acceptFindings } = await import('../result/index.ts')
  const baseline = await readBaseline(plan.baseline, { mayBeAbsent: false })
  using progress = showProgress(process.stderr)
  const learned = await learnMigrations(
    project.paths,
    { ...project.options, only: [name] },
    { signal, onProgress: (event) => progress.report(event) },
    (result) => acceptFindings(result, acceptanceOf(project, baseline)).result,
  )
  return learned.find(({ result }) => result.name === name) ?? nothing()
}
