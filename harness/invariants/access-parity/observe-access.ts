import type { Subject } from '../../lineage/index.ts'
import { quoteIdentifier, type Session } from '../../postgres/index.ts'
import type { State } from '../../run/index.ts'
import { readRows } from '../../snapshot/index.ts'
import { type Copied, copiedAttributes, copySource, legacySource, legacyValues, readValues } from './copies.ts'
import { type Identity, identitiesFor, policyTexts } from './identities.ts'
import { type AccessObservation, type AccessState, type Call, everybody, type Reached, type ValuesRead } from './model.ts'
import { mostRoles, readAccess } from './read-access.ts'
import { callRoutines } from './routine-calls.ts'
import { successorsOf } from './successors.ts'
import type { Trial } from './trial.ts'
import { allKeys, canBeTold, tryRows } from './trials.ts'

/** Access to the legacy database as it was found, to be asked for again after `up`. */
/** Who owns what among the legacy rows. */
interface LegacyPeople {
  readonly state: State
  /** Legacy relation → people whom its policies tell apart. */
  readonly identities: ReadonlyMap<string, readonly Identity[]>
}

export interface AccessBefore extends LegacyPeople {
  readonly access: AccessState
  readonly reached: readonly Reached[]
  readonly rows: ReadonlyMap<string, readonly string[]>
  /** Attributes that will be in another relation. */
  readonly copied: readonly Copied[]
  readonly values: readonly ValuesRead[]
  readonly calls: readonly Call[]
  /** Legacy relations whose rows were tried. */
  readonly tried: readonly string[]
  readonly notTried: readonly string[]
  /** What was to be tried and was left out. */
  readonly leftOut: readonly string[]
}

export const mostRelations = 12
const mostTriedRoles = 8
/** Relations whose values people may have, for each relation that names them in a policy. */
const mostOthers = 3

/** Who may do what before `up`, and which rows row security lets each role reach. In an open transaction, as a superuser. */
export async function accessBefore(subject: Subject, session: Session, run: AccessObservation['run']): Promise<AccessBefore> {
  const access = await readAccess(session)
  const secured = securedRelations(subject, access, run)
  const tried = secured.slice(0, mostRelations)
  const texts = tried.length === 0 ? [] : await policyTexts(session, access, subject.legacy, tried)
  const copied = copiedAttributes(run, subject.knowledge)
  const others = [...texts.flatMap((each) => each.others.slice(0, mostOthers)), ...copied.map((each) => each.relation)]
  const read = [...new Set([...tried, ...others])]
  const state = { catalog: subject.legacy, rows: await readRows(session, subject.legacy, read) }
  const identities = new Map(texts.map((each) => [each.relation, identitiesFor(each, state)]))
  const trials = tried.flatMap((path) => trialOf(subject, path, path, undefined) ?? [])
  const keyless = tried.filter((path) => !trials.some((each) => each.relation === path))
  const stranger = await makeStranger(session, trials.length + copied.length + access.routines.size)
  const reached = await asRoles({ session, stranger, roles: access.roles }, access, trials, { state, identities })
  const sources = copied.flatMap((each) => legacySource(each, run) ?? [])
  return {
    access,
    copied,
    calls: await callRoutines(session, access, subject.migration.up, { roles: access.roles, stranger }),
    values: await readValues(session, sources, { access, roles: access.roles.slice(0, mostTriedRoles), stranger }, identities),
    state,
    identities,
    reached: reached.list,
    rows: await allKeys(session, trials),
    tried,
    notTried: keyless.map((path) => `access-parity: rows of ${path} were not tried: it has no key to tell them by`),
    leftOut: [
      ...(access.roles.length >= mostRoles ? [`only ${mostRoles} roles were looked at`] : []),
      ...(secured.length > mostRelations ? [`rows of ${secured.length - mostRelations} relations under row security were not tried`] : []),
      ...reached.leftOut,
    ],
  }
}

/** The same after `up`: what took the place of each relation, and views over it. */
export async function accessAfter(
  subject: Subject,
  session: Session,
  run: AccessObservation['run'],
  before: AccessBefore,
): Promise<Pick<AccessObservation, 'after' | 'reached' | 'rows' | 'values' | 'calls'> & { readonly leftOut: readonly string[] }> {
  const access = await readAccess(session, before.access.roles)
  const trials = before.tried.flatMap((path) => {
    const places = successorsOf(run, subject.knowledge, path).filter((each) => access.relations.has(each.path))
    const own = places.flatMap(({ path: place, attributes }) => trialOf(subject, path, place, { run, attributes, readOnly: false }) ?? [])
    const views = viewsOver(
      access,
      places.map((each) => each.path),
    ).filter(
      (view) =>
        !places.some((each) => each.path === view) && (!before.access.relations.has(view) || changedView(before.access, access, view)),
    )
    const through = views.flatMap((view) => {
      const names = new Set(run.migrated?.catalog.relations.get(view)?.attributes.map((each) => each.name))
      const attributes = new Map([...(places[0]?.attributes ?? [])].filter(([, now]) => names.has(now)))
      return trialOf(subject, path, view, { run, attributes, readOnly: true }) ?? []
    })
    return [...own, ...through]
  })
  const stranger = await makeStranger(session, trials.length + before.copied.length + access.routines.size)
  const roles = [...new Set([...access.roles, ...before.access.roles])]
  const reached = await asRoles({ session, stranger, roles }, access, trials, before)
  const sources = before.copied.flatMap((each) => copySource(each, run) ?? [])
  const readers = roles.filter((role) =>
    before.copied.some(({ through }) => access.relations.get(through)?.rights[role]?.SELECT !== undefined),
  )
  return {
    after: access,
    calls: {
      before: before.calls,
      after: await callRoutines(session, access, subject.migration.up, { roles: before.access.roles, stranger }),
    },
    values: {
      before: before.values,
      after: await readValues(session, sources, { access, roles: readers.slice(0, mostTriedRoles), stranger }, before.identities),
      legacy: new Map(before.copied.map((each) => [JSON.stringify([each.relation, each.attribute]), legacyValues(before.state, each)])),
    },
    reached: { before: before.reached, after: reached.list },
    rows: { before: before.rows, after: await allKeys(session, firstOfEach(trials)) },
    leftOut: reached.leftOut,
  }
}

/**
 * Tables whose rights in the catalog do not tell what a role reaches. One kind is under row security, before or after `up`. The other becomes a view:
 * its triggers, their functions and the tables beneath it have rights of their own.
 */
function securedRelations(subject: Subject, access: AccessState, run: AccessObservation['run']): readonly string[] {
  return [...access.relations.values()].flatMap(({ path, rowSecurity, kind }) => {
    if (kind !== 'table' || !subject.legacy.relations.has(path) || !subject.scope.has(path)) return []
    const later = successorsOf(run, subject.knowledge, path).flatMap((each) => run.migrated?.catalog.relations.get(each.path) ?? [])
    return rowSecurity || later.some((each) => each.rowSecurity.enabled || each.kind === 'view') ? [path] : []
  })
}

function trialOf(
  subject: Subject,
  path: string,
  place: string,
  after: { readonly run: AccessObservation['run']; readonly attributes: Trial['attributes']; readonly readOnly: boolean } | undefined,
): Trial | undefined {
  const legacy = subject.legacy.relations.get(path)
  const catalog = after === undefined ? subject.legacy : after.run.migrated?.catalog
  const relation = catalog?.relations.get(place)
  if (legacy === undefined || relation === undefined) return undefined
  const attributes = after?.attributes ?? new Map(legacy.attributes.map((each) => [each.name, each.name]))
  const trial = {
    relation: path,
    legacy,
    through: { schema: relation.schema, name: relation.name, path: place },
    attributes,
    readOnly: after?.readOnly ?? false,
  }
  return canBeTold(trial) ? trial : undefined
}

/** Views that read one of these, directly or through other views. */
function viewsOver(access: AccessState, paths: readonly string[]): readonly string[] {
  const reached = new Set(paths)
  for (let size = -1; size !== reached.size; ) {
    size = reached.size
    for (const { path, kind, reads } of access.relations.values())
      if (kind === 'view' && reads.some((each) => reached.has(each))) reached.add(path)
  }
  return [...reached].filter((each) => !paths.includes(each))
}

function changedView(before: AccessState, after: AccessState, path: string): boolean {
  const [old, now] = [before.relations.get(path), after.relations.get(path)]
  return (
    old?.securityInvoker !== now?.securityInvoker ||
    old?.owner !== now?.owner ||
    JSON.stringify(old?.rights) !== JSON.stringify(now?.rights)
  )
}

function firstOfEach(trials: readonly Trial[]): readonly Trial[] {
  return trials.filter((each, at) => trials.findIndex((other) => other.relation === each.relation) === at)
}

/** A role without grants, for PUBLIC, where there is something to try. It is made and undone in this transaction: nobody else ever sees it. */
async function makeStranger(session: Session, trials: number): Promise<string> {
  const stranger = `godwit_stranger_${process.pid}_${Math.floor(performance.now() * 1000)}`
  if (trials > 0) await session.script(`CREATE ROLE ${quoteIdentifier(stranger)} NOLOGIN`)
  return stranger
}

/** Try as every role that the catalog names, and as one that nobody gave anything. */
async function asRoles(
  { session, stranger, roles: named }: { readonly session: Session; readonly stranger: string; readonly roles: readonly string[] },
  access: AccessState,
  trials: readonly Trial[],
  { state, identities }: LegacyPeople,
): Promise<{ readonly list: readonly Reached[]; readonly leftOut: readonly string[] }> {
  if (trials.length === 0) return { list: [], leftOut: [] }
  const roles = named.filter((role) =>
    trials.some(({ through }) => {
      const relation = access.relations.get(through.path)
      return relation !== undefined && relation.owner !== role && relation.rights[role] !== undefined
    }),
  )
  const list = await tryRows(session, access, state, trials, [...roles.slice(0, mostTriedRoles), everybody], identities, stranger)
  return {
    list,
    leftOut: roles.length > mostTriedRoles ? [`rows were tried as ${mostTriedRoles} of ${roles.length} roles`] : [],
  }
}
