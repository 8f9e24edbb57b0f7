import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { rulesDigest } from '../invariants/index.ts'
import { type ClusterRequest, clusterRequests, findInstallation, installedMajors, parseClusterRequest } from '../postgres/index.ts'
import { maskSecretsIn } from '../report/index.ts'
import { acceptFindings, todayUtc, type VerifyResult } from '../result/index.ts'
import { readBaseline } from './baseline-file.ts'
import type { CommandContext } from './command-context.ts'
import { exitCodes } from './exit-codes.ts'
import { type GateRecord, gateFile, readGateRecord } from './gate-record.ts'
import { type Plan, type Project, planWork } from './plan.ts'
import { historiesOf, readProjectState } from './project-state.ts'
import { say } from './say.ts'
import type { VerifyFlags } from './verify-options.ts'

/** `godwit gate`: pass only if the saved verdict holds for exactly what stands here now. It starts no database. */
export async function gateCommand(paths: readonly string[], flags: VerifyFlags, context: CommandContext): Promise<void> {
  const plan = await planWork(paths, flags)
  const saved = await readGateRecord(plan.report)
  if (saved === undefined) {
    say(`? no verdict is saved in "${plan.report}": run godwit verify first (looked for ${join(plan.report, gateFile)})`)
    context.setExitCode(exitCodes.unknown)
    return
  }
  const changes = [
    ...rulesChanges(plan, saved.record),
    ...(await baselineChanges(plan, saved.record)),
    ...(await projectChanges(plan, saved.record)),
  ]
  const today = acceptFindings(saved.result, { today: todayUtc(), failOn: plan.projects[0]?.options.failOn }).result
  const lapsed = lapsedIn(saved.result, today)
  const { verdict } = today
  const failures = [...changes, ...lapsed, ...(verdict === 'holds' ? [] : [`verdict: the saved one is ${verdict}`])]
  const steps = saved.record.projects.reduce((sum, project) => sum + project.steps.length, 0)
  const about = `${steps} ${steps === 1 ? 'step' : 'steps'} on PostgreSQL ${saved.record.digest.server}`
  if (failures.length === 0) {
    const since = saved.result.since
    const nothing = steps === 0 && since !== undefined ? `no new migrations since ${since}, and ` : ''
    say(`✓ ${nothing}the saved verdict holds for these files: ${about}`)
    return
  }
  const shown = failures.slice(0, 20).map((line) => `  ${line}`)
  if (failures.length > shown.length) shown.push(`  and ${failures.length - shown.length} more`)
  say(`✗ the saved verdict does not let this pass (${about})\n${shown.join('\n')}`)
  const unknown = changes.length === 0 && verdict === 'unknown'
  context.setExitCode(unknown ? exitCodes.unknown : exitCodes.violated)
}

/** A run of several projects has the rules of each. */
function rulesChanges({ projects }: Plan, { digest }: GateRecord): readonly string[] {
  const then = digest.rules.split(', ')
  const now = [...new Set(projects.map(({ options }) => rulesDigest(options.invariants)))]
  return now.filter((each) => !then.includes(each)).map((each) => `rules: version ${digest.rules} judged then, version ${each} would now`)
}

async function baselineChanges(plan: Plan, record: GateRecord): Promise<readonly string[]> {
  const now = (await readBaseline(plan.baseline, { mayBeAbsent: false })) ?? null
  return isDeepStrictEqual(JSON.parse(JSON.stringify(maskSecretsIn(now))), record.baseline)
    ? []
    : ['baseline: it is not the one of the saved run']
}

async function projectChanges(plan: Plan, record: GateRecord): Promise<readonly string[]> {
  const changes: string[] = []
  for (const project of plan.projects) {
    const prefix = project.name === undefined ? '' : `${project.name}: `
    const then = record.projects.find((each) => each.project === (project.name ?? null))
    if (then === undefined) {
      changes.push(`${prefix}no verdict of ${project.name === undefined ? 'these paths' : 'this project'} is saved`)
      continue
    }
    changes.push(...[...(await stateChanges(project, then)), ...(await serverChanges(project, then))].map((change) => `${prefix}${change}`))
  }
  return changes
}

type SavedProject = GateRecord['projects'][number]

async function stateChanges(project: Project, then: SavedProject): Promise<readonly string[]> {
  const now = maskSecretsIn(await readProjectState(project))
  const files = differences(then.files, now.files).map(([file, before, after]) => {
    if (before === undefined) return `file: ${file} is new`
    return after === undefined ? `file: ${file} is gone` : `file: ${file} has changed`
  })
  const options = differences(then.options, now.options).map(
    ([name, before, after]) => `option ${name}: ${shownValue(before)} then, ${shownValue(after)} now`,
  )
  const missing = now.steps.filter((name) => !then.steps.includes(name))
  const steps =
    missing.length === 0 ? [] : [`steps: not verified then: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`]
  return [...files, ...options, ...steps]
}

function differences<Value>(
  before: Readonly<Record<string, Value>>,
  after: Readonly<Record<string, Value>>,
): readonly (readonly [string, Value | undefined, Value | undefined])[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(after)])].sort()
  return keys.flatMap((key) => (isDeepStrictEqual(before[key], after[key]) ? [] : [[key, before[key], after[key]] as const]))
}

function shownValue(value: unknown): string {
  const text = value === null || value === undefined ? 'the default' : typeof value === 'string' ? value : JSON.stringify(value)
  return text.length <= 60 ? text : `${text.slice(0, 59)}…`
}

/** Which servers would be used now: of containers and URLs only the request is known without a connection, and that is among the options. */
async function serverChanges({ options, ...project }: Project, then: SavedProject): Promise<readonly string[]> {
  const requests = clusterRequests(options.postgres).map(parseClusterRequest)
  const versions = then.server.version.split(', ')
  const changes: string[] = []
  for (const [at, request] of requests.entries()) {
    // Of several, the option says that there are as many as then.
    const version = requests.length === 1 ? then.server.version : (versions[at] ?? '')
    if (request.kind === 'embedded') changes.push(...(await embeddedChanges(request, { ...project, options }, { ...then.server, version })))
  }
  return changes
}

async function embeddedChanges(
  request: Extract<ClusterRequest, { kind: 'embedded' }>,
  { options, ...project }: Project,
  then: SavedProject['server'],
): Promise<readonly string[]> {
  const wanted = (await historiesOf({ options, ...project })).flatMap((history) => history.server?.major ?? [])
  const majors = request.major !== undefined ? [request.major] : [...wanted, ...installedMajors().slice(-1)]
  const releases = majors.flatMap((major) => findInstallation(major)?.release ?? [])
  const same = releases.some((release) => release === then.version || release.startsWith(`${then.version}.`))
  if (then.from === 'embedded' && same) return []
  const now =
    releases.length === 0 ? 'none that is installed' : releases.map((release) => release.split('.').slice(0, 2).join('.')).join(' or ')
  return [`server: PostgreSQL ${then.version} (${then.from}) then, ${now} now`]
}

/** Waivers that accepted a finding then, and have run out since. */
function lapsedIn(then: VerifyResult, today: VerifyResult): readonly string[] {
  return today.migrations.flatMap((migration, at) => {
    const known = then.migrations[at]?.notChecked ?? []
    return migration.notChecked.filter((note) => !known.includes(note)).map((note) => `${migration.name}: ${note}`)
  })
}
