import type { Severity } from '../../result/index.ts'
import { type AccessObservation, type AccessState, type Command, commands, type Extent, everybody, type Stated } from './model.ts'
import { newRelations, type Successor, successorsOf } from './successors.ts'

/** One right that somebody has and had not, or had and has not. */
export interface RightChange {
  readonly kind: 'gained' | 'lost'
  readonly severity: Severity
  readonly role: string
  /** `SELECT`, `EXECUTE`, `USAGE`, … */
  readonly right: string
  /** Path of the legacy relation (of a new one where there was none), or undefined. */
  readonly relation: string | undefined
  readonly attribute: string | undefined
  /** What else: a routine, a sequence, a schema. */
  readonly object: string | undefined
  /** Where the right is now, when not on the relation of that name. */
  readonly through: string | undefined
  readonly because: string
}

/** Every right that differs between the two states, relations followed to where their rows are. */
export function compareRights(observation: AccessObservation): readonly RightChange[] {
  const { before, after } = observation
  const roles = [...new Set([...before.roles, ...after.roles, everybody])]
  const legacy = [...before.relations.keys()].flatMap((path) => relationChanges(observation, roles, path))
  return [...legacy, ...newObjects(observation), ...plainChanges(observation, roles)]
}

function relationChanges(observation: AccessObservation, roles: readonly string[], path: string): readonly RightChange[] {
  const { run, knowledge, before, after, migrator } = observation
  const legacy = run.legacy.catalog.relations.get(path)
  const old = before.relations.get(path)
  const successors = successorsOf(run, knowledge, path).filter((each) => after.relations.has(each.path))
  const [first] = successors
  if (legacy === undefined || old === undefined || first === undefined) return []
  const changes: RightChange[] = []
  for (const role of roles) {
    for (const command of commands) {
      const had = extentOf(before, path, role, command)
      const base = { role, right: command, relation: path, object: undefined } as const
      const names = legacy.attributes.map((each) => each.name).filter((each) => first.attributes.has(each))
      const lost = lacking(had, extentOf(after, first.path, role, command), first, names)
      if (lost !== undefined)
        for (const attribute of lost === 'all' ? [undefined] : lost)
          changes.push({
            ...base,
            kind: 'lost',
            attribute,
            through: first.path === path ? undefined : first.path,
            ...said(observation, 'lost', [path, first.path], role, old.owner === role),
          })
      if (role === migrator) continue
      for (const successor of successors) {
        const gained = surplus(
          had,
          extentOf(after, successor.path, role, command),
          successor,
          legacy.attributes.map((each) => each.name),
        )
        if (gained === undefined) continue
        for (const attribute of gained === 'all' ? [undefined] : gained)
          changes.push({
            ...base,
            kind: 'gained',
            attribute,
            through: successor.path === path ? undefined : successor.path,
            ...said(observation, 'gained', [path, successor.path], role, after.relations.get(successor.path)?.owner === role),
          })
        break
      }
    }
  }
  return changes
}

/** What a role may do; one that the catalog did not name may do what all may. */
function extentOf(state: AccessState, path: string, role: string, command: Command): Extent | undefined {
  const rights = state.relations.get(path)?.rights
  return rights?.[role]?.[command] ?? rights?.[everybody]?.[command]
}

function lacking(
  had: Extent | undefined,
  has: Extent | undefined,
  { attributes }: Successor,
  names: readonly string[],
): Extent | undefined {
  if (had === undefined || has === 'all') return undefined
  if (has === undefined) return had === 'all' ? 'all' : had.filter((each) => names.includes(each)).length === 0 ? undefined : had
  const lost = (had === 'all' ? names : had.filter((each) => names.includes(each))).filter(
    (each) => !has.includes(attributes.get(each) ?? each),
  )
  return lost.length === 0 ? undefined : lost
}

function surplus(
  had: Extent | undefined,
  has: Extent | undefined,
  { attributes }: Successor,
  names: readonly string[],
): Extent | undefined {
  if (has === undefined || had === 'all') return undefined
  if (had === undefined && has === 'all') return 'all'
  const gained = names.filter((each) => {
    const now = attributes.get(each)
    return now !== undefined && (has === 'all' || has.includes(now)) && !(had ?? []).includes(each)
  })
  return gained.length === 0 ? undefined : gained
}

/** A change that the migration states is what its author wants; one that nobody wrote down is an accident. */
export function said(
  { stated }: AccessObservation,
  kind: 'gained' | 'lost',
  paths: readonly string[],
  role: string,
  owns: boolean,
): { readonly severity: Severity; readonly because: string } {
  const names = paths.map(lastName)
  const about = (each: Stated) => each.object === undefined || names.includes(each.object)
  const effect = kind === 'gained' ? 'grant' : 'revoke'
  if (
    stated.some(
      (each) =>
        each.effect === effect && about(each) && (each.roles.length === 0 || each.roles.includes(role) || each.roles.includes(everybody)),
    )
  )
    return { severity: 'info', because: kind === 'gained' ? 'the migration grants it' : 'the migration revokes it' }
  if (owns && stated.some((each) => each.effect === 'owner' && about(each)))
    return { severity: 'warning', because: 'the migration changes the owner' }
  if (stated.some((each) => each.effect === 'role')) return { severity: 'warning', because: 'the migration changes role memberships' }
  if (mayBeSaid(stated, [...names, role])) return { severity: 'warning', because: mayBeProgram }
  return { severity: 'error', because: `no statement of the migration ${kind === 'gained' ? 'grants' : 'revokes'} it` }
}

/** Whether a block that puts its SQL together may speak of one of these. */
export function mayBeSaid(stated: readonly Stated[], names: readonly string[]): boolean {
  return stated.some(({ effect, text = '' }) => effect === 'program' && names.some((each) => words(text).has(each.toLowerCase())))
}

function words(text: string): ReadonlySet<string> {
  return new Set(text.toLowerCase().match(/\w+/g) ?? [])
}

export const mayBeProgram = 'no plain statement of the migration does this, but a DO block may'

/** What comes with rights that no statement gave: default privileges. */
function newObjects(observation: AccessObservation): readonly RightChange[] {
  const { run, knowledge, after, migrator, stated } = observation
  return [...newRelations(run, knowledge)].flatMap((path) => {
    const relation = after.relations.get(path)
    if (relation === undefined) return []
    return Object.entries(relation.rights).flatMap(([role, rights]): readonly RightChange[] => {
      if (
        role === relation.owner ||
        role === migrator ||
        said({ ...observation, stated }, 'gained', [path], role, false).severity === 'info'
      )
        return []
      return commands
        .filter((command) => rights[command] === 'all')
        .map((right) => ({
          kind: 'gained',
          severity: 'info',
          role,
          right,
          relation: path,
          attribute: undefined,
          object: undefined,
          through: undefined,
          because: `default privileges give it on the new ${relation.kind === 'view' ? 'view' : 'table'}${relation.rowSecurity || relation.kind === 'view' ? '' : ', and row security is off'}`,
        }))
    })
  })
}

function plainChanges(observation: AccessObservation, roles: readonly string[]): readonly RightChange[] {
  const { before, after, migrator } = observation
  const changes: RightChange[] = []
  const compare = (object: string, right: string, had: readonly string[], has: readonly string[]) => {
    const may = (list: readonly string[], role: string) => list.includes(role) || list.includes(everybody)
    for (const role of roles) {
      const kind =
        may(had, role) && !may(has, role) ? 'lost' : !may(had, role) && may(has, role) && role !== migrator ? 'gained' : undefined
      if (kind === undefined) continue
      const statement = said(observation, kind, [object.replace(/\(.*$/s, '')], role, false)
      changes.push({ kind, role, right, relation: undefined, attribute: undefined, object, through: undefined, ...statement })
    }
  }
  for (const [path, old] of before.routines) {
    const now = after.routines.get(path)
    if (now !== undefined && !old.trigger) compare(path, 'EXECUTE', old.callers, now.callers)
  }
  for (const [name, old] of before.schemas) {
    const now = after.schemas.get(name)
    if (now === undefined) continue
    compare(name, 'USAGE', old.users, now.users)
    compare(name, 'CREATE', old.creators, now.creators)
  }
  for (const [path, old] of before.sequences) {
    const now =
      after.sequences.get(path) ?? [...after.sequences.values()].find((each) => each.ownedBy !== null && each.ownedBy === old.ownedBy)
    if (now !== undefined) compare(path, 'USAGE', old.users, now.users)
  }
  return changes
}

function lastName(path: string): string {
  return (/(?:"((?:[^"]|"")+)"|([^."]+))$/.exec(path) ?? []).slice(1).find((each) => each !== undefined) ?? path
}
