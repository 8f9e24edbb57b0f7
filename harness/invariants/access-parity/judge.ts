import { type Knowledge, keyAttributes } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding, Verdict } from '../../result/index.ts'
import { type ClientsSeen, clients } from '../clients.ts'
import type { Invariant } from '../invariant.ts'
import { compareRights, type RightChange } from './compare-rights.ts'
import { compareRows, type RowChange } from './compare-rows.ts'
import { compareValues, type ValueChange } from './compare-values.ts'
import { followsFromFunction, lostCalls } from './lost-calls.ts'
import { type AccessObservation, everybody } from './model.ts'
import { rightRemedy, rowRemedy } from './remedies.ts'
import { rules } from './rules.ts'
import { shownBypass, shownRights, shownRows } from './shown-access.ts'
import { newRelations } from './successors.ts'

/**
 * For each role, command, table, column and row: what was allowed is allowed, and nothing more.
 *
 * Kinds: `gained` and `lost` (an error where nobody wrote it down, where a policy shows everybody what only owners saw, and where a copy has
 * values that row security kept from a role; a warning where the migration changes policies otherwise, owners or memberships; a GRANT or
 * REVOKE of the migration is information), `bypass` (a view that reads past row security, where rows could not tell), `search-path`
 * (a SECURITY DEFINER function that does not set its own).
 */
export const accessParity: Invariant<ClientsSeen> = {
  id: 'access-parity',
  holds: 'each role can do what it could before, to the same rows, and nothing more',
  violation: 'who may read or change rows is different',
  rules,
  looks: clients,
  cause: followsFromFunction,
  judge({ access }: ClientsSeen, knowledge: Knowledge): Verdict {
    if ('because' in access) return { outcome: 'not-applicable', because: access.because }
    const observation = { ...access, knowledge }
    const rights = foldRights(compareRights(observation))
    const told = new Set(rights.map(({ change }) => JSON.stringify([change.relation, change.kind])))
    const rows = foldRows(compareRows(observation)).filter(({ change }) => !told.has(JSON.stringify([change.relation, change.kind])))
    const findings = [
      ...rights.map((each) => rightFinding(observation, each)),
      ...rows.map((each) => rowFinding(observation, each)),
      ...compareValues(observation).map((each) => valueFinding(observation, each)),
      ...lostCalls(observation),
      ...bypasses(observation, new Set(rows.map(({ change }) => change.through))),
      ...definers(observation),
    ]
    const saw = {
      relations: observation.before.relations.size,
      rows: [...observation.rows.before.values()].reduce((sum, each) => sum + each.length, 0),
      cells: 0,
      runs: observation.reached.before.length + observation.reached.after.length + 2,
    }
    const [worst, ...rest] = findings.filter((each) => each.severity !== 'info')
    const notes = findings.filter((each) => each.severity === 'info')
    return worst === undefined ? { outcome: 'holds', saw, notes } : { outcome: 'violated', findings: [worst, ...rest, ...notes], saw }
  },
}

interface Folded<Change> {
  readonly change: Change
  readonly roles: readonly string[]
  readonly rights: readonly string[]
}

interface FoldedRights extends Folded<RightChange> {
  /** `anon, web lose SELECT, UPDATE (a, b)`, one for each set of rights. */
  readonly phrases: readonly string[]
  readonly changes: readonly RightChange[]
  /** The one attribute that it is about. */
  readonly attribute: string | undefined
}

/** One cause, one finding: what a relation lost or gained is told together; what PUBLIC gained or lost, each role did. */
function foldRights(changes: readonly RightChange[]): readonly FoldedRights[] {
  return group(changes, (each) => [each.kind, each.relation, each.object, each.severity, each.because]).flatMap((list) => {
    const [change] = list
    if (change === undefined) return []
    const attributes = [...new Set(list.map((each) => each.attribute))]
    const attribute = attributes.length === 1 ? attributes[0] : undefined
    const perRole = group(list, (each) => each.role).map((own) => ({ role: own[0]?.role ?? '', rights: rightsText(own, attribute) }))
    const perRights = group(perRole, (each) => each.rights).map((own) => ({
      roles: named(own.map((each) => each.role)),
      rights: own[0]?.rights,
    }))
    return [
      {
        change,
        changes: list,
        attribute,
        roles: named(perRights.flatMap((each) => each.roles)),
        rights: [...new Set(list.map((each) => each.right))],
        phrases: perRights.map((each) => `${rolesText(each.roles)} ${verbFor(change.kind, each.roles)} ${each.rights}`),
      },
    ]
  })
}

/** `SELECT, UPDATE (a, b)`. */
function rightsText(changes: readonly RightChange[], attribute: string | undefined): string {
  return group(changes, (each) => each.right)
    .map((own) => {
      const columns = own.flatMap((each) => each.attribute ?? [])
      return `${own[0]?.right}${attribute !== undefined || columns.length === 0 ? '' : ` (${columns.join(', ')})`}`
    })
    .join(', ')
}

/** `roles anon, web`; of PUBLIC that it is every role. */
function rolesText(roles: readonly string[]): string {
  if (roles.includes('PUBLIC')) return 'every role (PUBLIC)'
  return `${roles.length === 1 ? 'role' : 'roles'} ${roles.join(', ')}`
}

function verbFor(kind: 'gained' | 'lost', roles: readonly string[]): string {
  const verb = kind === 'gained' ? 'gain' : 'lose'
  return roles.length === 1 ? `${verb}s` : verb
}

/** Where PUBLIC is among them, each role is. */
function named(roles: readonly string[]): readonly string[] {
  return roles.includes(everybody) || roles.includes('PUBLIC') ? ['PUBLIC'] : [...new Set(roles)]
}

function foldRows(changes: readonly RowChange[]): readonly Folded<RowChange>[] {
  return group(changes, (each) => [each.kind, each.relation, each.through, each.severity]).flatMap((list) => {
    const [change] = list.toSorted((left, right) => right.keys.length - left.keys.length)
    const roles = [...new Set(list.map((each) => each.role))]
    return change === undefined ? [] : [{ change, roles, rights: [...new Set(list.map((each) => each.command))] }]
  })
}

function rightFinding(observation: AccessObservation, { change, changes, attribute, roles, rights, phrases }: FoldedRights): Finding {
  const { knowledge } = observation
  const { relation, object, kind } = change
  const what = relation === undefined ? (object ?? '') : attribute === undefined ? relation : `${relation}.${attribute}`
  const where = change.through === undefined ? '' : ` (now ${shownName(change.through)})`
  return {
    invariant: 'access-parity',
    kind,
    severity: change.severity,
    known: 'observed',
    relation,
    attribute,
    object: object ?? roles.join(', '),
    ...(relation === undefined ? undefined : knowledge.locate(relation)),
    message: capitalised(`${phrases.join(' and ')} on ${shownName(what)}${where}: ${change.because}`),
    evidence: { roles, rights, through: change.through ?? null, because: change.because },
    hint: rightRemedy(observation, change, changes),
    shown: { clients: { ...shownRights(observation, changes), through: change.through } },
  }
}

function rowFinding(observation: AccessObservation, { change, roles, rights }: Folded<RowChange>): Finding {
  const { knowledge, run } = observation
  const { relation, through, keys, identity, kind } = change
  const legacy = run.legacy.catalog.relations.get(relation)
  const names = legacy === undefined ? [] : (keyAttributes(legacy) ?? [])
  const example = describeKey(names, keys[0])
  const by = through === relation ? '' : ` through ${shownName(through)}`
  const as = identity === '' ? '' : ` (with ${identity})`
  const rows = `${keys.length === 1 ? '1 row' : `${keys.length} rows`} of ${shownName(relation)}${by}`
  const can = `${change.role === everybody ? 'Every role (PUBLIC)' : `Role ${change.role}`}${as} can ${kind === 'gained' ? '' : 'no longer '}${verbs[change.command]}`
  return {
    invariant: 'access-parity',
    kind,
    severity: change.severity,
    known: 'observed',
    byStatements: true,
    relation,
    object: through === relation ? roles.join(', ') : through,
    ...knowledge.locate(relation),
    message: `${can} ${rows}${kind === 'gained' ? ' that it could not before' : ''} (for example ${example}): ${change.because}`,
    evidence: { roles, commands: rights, command: change.command, identity, through, rows: keys.slice(0, 5), because: change.because },
    hint: rowRemedy(observation, change),
    shown: { clients: { ...shownRows(observation, change), through } },
  }
}

const verbs = { SELECT: 'read', INSERT: 'insert', UPDATE: 'update', DELETE: 'delete' } as const

/** What a role reads in a copy; the statement is the one that makes it. */
function valueFinding({ knowledge }: AccessObservation, change: ValueChange): Finding {
  const { severity, relation, through, attributes, roles, identity, values, because, before, after } = change
  const [first] = attributes
  const as = identity === '' ? '' : ` (with ${identity})`
  return {
    invariant: 'access-parity',
    kind: 'gained',
    severity,
    known: 'observed',
    byStatements: true,
    relation,
    attribute: attributes.length === 1 ? first : undefined,
    object: through,
    ...knowledge.locate(relation, first, ['copy']),
    message: capitalised(
      `${rolesText(roles)}${as} can read in ${shownName(through)} what it could not read in ${shownName(relation)}: ${attributes.join(', ')} (for example '${values[0]?.slice(0, 40)}'). ${capitalised(because)}`,
    ),
    evidence: { roles, identity, attributes, through, values: values.slice(0, 5), count: values.length, because },
    hint: `Give ${shownName(through)} the row security and policies of ${shownName(relation)}, or revoke the right to read it. If it is wanted, accept it with a waiver in the contract.`,
    shown: { clients: { before: before === undefined ? [] : [before.shown], after: [after.shown], rows: true, through } },
  }
}

function capitalised(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

function describeKey(names: readonly string[], key: string | undefined): string {
  const cells: unknown = key === undefined ? [] : JSON.parse(key)
  if (!Array.isArray(cells)) return String(key)
  return cells.map((cell, at) => (names[at] === undefined ? `'${cell}'` : `${names[at]} = '${cell}'`)).join(', ')
}

/** New views that read past row security without a key by which rows could be followed. */
function bypasses(observation: AccessObservation, shown: ReadonlySet<string>): readonly Finding[] {
  const { after, run, knowledge, reached } = observation
  const tried = new Set(reached.after.map((each) => each.through))
  return [...newRelations(run, knowledge)].flatMap((path): readonly Finding[] => {
    const view = after.relations.get(path)
    if (view?.kind !== 'view' || view.securityInvoker || shown.has(path) || tried.has(path)) return []
    const base = view.reads
      .flatMap((each) => after.relations.get(each) ?? [])
      .find((each) => each.rowSecurity && (view.ownerBypasses || (view.owner === each.owner && !each.forced)))
    const readers = Object.entries(view.rights).flatMap(([role, rights]) =>
      rights.SELECT !== undefined && role !== view.owner ? [role] : [],
    )
    if (base === undefined || readers.length === 0) return []
    return [
      {
        invariant: 'access-parity',
        kind: 'bypass',
        severity: 'warning',
        known: 'static',
        relation: base.path,
        object: path,
        ...knowledge.locate(base.path),
        message: `The view ${shownName(path)} shows ${rolesText(named(readers))} rows of ${shownName(base.path)} that row security hides: the view reads with the rights of its owner ${view.owner}`,
        evidence: { view: path, readers, owner: view.owner },
        hint: `ALTER VIEW ${shownName(path)} SET (security_invoker = true); unless the view is meant to show all rows.`,
        shown: { clients: { ...shownBypass(observation, base.path, path, readers[0] ?? everybody), through: path } },
      },
    ]
  })
}

function definers({ before, after }: AccessObservation): readonly Finding[] {
  return [...after.routines.values()]
    .filter((each) => each.definer && !each.setsSearchPath && !(before.routines.get(each.path)?.definer === true))
    .map((each): Finding => {
      const others = each.callers.filter((role) => role !== each.owner)
      return {
        invariant: 'access-parity',
        kind: 'search-path',
        severity: each.trigger || others.length === 0 ? 'info' : 'warning',
        known: 'static',
        object: each.path,
        message: `${shownName(each.path)} runs with the rights of its owner (SECURITY DEFINER) and does not set search_path: a caller decides which tables and functions its names mean`,
        evidence: { owner: each.owner, callers: others.map((role) => (role === everybody ? 'PUBLIC' : role)) },
        hint: `ALTER FUNCTION ${shownName(each.path)} SET search_path = ''; and write names in it with their schema.`,
        shown: { clients: { before: [], after: [], rows: false } },
      }
    })
}

function group<Item>(items: readonly Item[], key: (item: Item) => unknown): readonly (readonly Item[])[] {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const name = JSON.stringify(key(item))
    groups.set(name, [...(groups.get(name) ?? []), item])
  }
  return [...groups.values()]
}
