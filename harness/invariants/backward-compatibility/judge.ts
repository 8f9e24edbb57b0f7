import { isDiscarded, type Knowledge, keyAttributes } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import { type Finding, type FindingResult, findingKey, type Severity, type Shown, severityRank, type Verdict } from '../../result/index.ts'
import { followsFromLoss } from '../causes.ts'
import { type ClientsSeen, clients } from '../clients.ts'
import type { Invariant } from '../invariant.ts'
import { type Divergence, divergenceOf } from './diverge.ts'
import { interfaceChanges } from './interface-changes.ts'
import type { InterfaceChange, Replayed, StatementOutcome, WorkloadObservation } from './model.ts'
import { rules } from './rules.ts'

/**
 * The legacy workload gives the same rows, counts and SQLSTATEs on the migrated database.
 *
 * Kinds: `fails` (a statement that worked fails, or the reverse), `count`, `rows`, `type` (columns or their types). What a derived workload
 * runs into is a warning, since nobody knows whether a client sends it; a statement that the author gave is an error. What the author
 * declared as discarded, and cells that the migration is known to alter (which is `zero-loss`'s to judge), are information.
 */
export const backwardCompatibility: Invariant<ClientsSeen> = {
  id: 'backward-compatibility',
  holds: 'statements of existing clients, given or derived from the schema, get the same answers ([clients](docs/clients.md))',
  violation: 'existing clients break',
  rules,
  looks: clients,
  cause(finding, others) {
    const emptied = others.find((each) => isRefusedBy(finding, each))
    if (emptied !== undefined) return { ...finding, cause: emptied.id }
    // A rule that legal rows do not pass refuses the rows of old clients too.
    const refused = others.filter((each) => each.invariant === 'applies' && each.severity !== 'info')
    // Without its trigger or its ON DELETE action, a write has other effects.
    const definitions = others.filter(
      (each) => each.invariant === 'definitions-kept' && each.severity !== 'info' && explains(each, finding),
    )
    return followsFromLoss(finding, others, [...definitions, ...(finding.kind === 'fails' ? refused : [])])
  },
  judge({ workload }: ClientsSeen, knowledge: Knowledge): Verdict {
    const observation = { ...workload, knowledge }
    const { statements, run } = observation
    const changes = interfaceChanges(run, observation.routines)
    const diverging = statements.flatMap((replayed) => {
      const divergence = divergenceOf(replayed)
      return divergence === undefined ? [] : [{ replayed, divergence }]
    })
    const explained = new Map<InterfaceChange, { readonly replayed: Replayed; readonly divergence: Divergence }>()
    const open: Finding[] = []
    for (const each of diverging) {
      const causes = causesOf(changes, each.replayed, each.divergence)
      for (const cause of causes) if (!explained.has(cause)) explained.set(cause, each)
      if (causes.length > 0 && !each.replayed.given) continue
      open.push(divergenceFinding(each.replayed, each.divergence, observation))
    }
    const known = changes.map((change) => changeFinding(change, explained.get(change), observation))
    const findings = firstOfEach([...open, ...known])
    const saw = {
      relations: run.legacy.catalog.relations.size,
      rows: statements.reduce((sum, { before }) => sum + (before.outcome === 'answered' ? before.count : 0), 0),
      cells: 0,
      runs: statements.length,
    }
    const [worst, ...rest] = findings.filter((each) => each.severity !== 'info')
    const notes = findings.filter((each) => each.severity === 'info')
    return worst === undefined ? { outcome: 'holds', saw, notes } : { outcome: 'violated', findings: [worst, ...rest, ...notes], saw }
  },
}

/** Whether a statement runs into the key through which a loss came: it refers to rows that are lost. */
function isRefusedBy(finding: FindingResult, loss: FindingResult): boolean {
  return loss.relation === finding.relation && loss.through !== undefined && loss.through.key === finding.refusedBy
}

/** Whether a lost definition explains that a statement has other effects. */
function explains({ kind }: FindingResult, finding: FindingResult): boolean {
  if (kind === 'trigger' || kind === 'generated') return finding.kind === 'rows' || finding.kind === 'count'
  return kind === 'foreign-key' && finding.kind !== 'type'
}

/** The changes of the catalog that a diverging statement ran into: what the error names, else what its operation can meet. */
function causesOf(
  changes: readonly InterfaceChange[],
  { relation, operation }: Replayed,
  divergence: Divergence,
): readonly InterfaceChange[] {
  const { kind, columns, constraint, afterwards } = divergence
  const here = changes.filter((each) => each.relation !== undefined && each.relation === relation)
  const whole = here.filter((each) => each.what === 'relation-gone')
  if (whole.length > 0) return whole
  const able = here.filter(
    (each) =>
      each.operations.includes(operation) &&
      (each.kind === kind || (kind === 'fails' && each.what === 'type') || (kind === 'rows' && each.what === 'label-gone')),
  )
  const named = able.filter(
    (each) =>
      (each.attribute !== undefined && columns.includes(each.attribute)) || (constraint !== undefined && each.object === constraint),
  )
  if (named.length > 0) return named
  if (kind !== 'fails' || afterwards) return []
  // The server names the first column that is not there; the statement names them all.
  const gone = able.filter((each) => each.what === 'attribute-gone')
  if (gone.length > 0) return gone
  return constraint === undefined && columns.length === 0 ? able : []
}

function changeFinding(
  change: InterfaceChange,
  seen: { readonly replayed: Replayed; readonly divergence: Divergence } | undefined,
  { knowledge, given }: WorkloadObservation,
): Finding {
  const { relation, attribute, object } = change
  const discarded = relation !== undefined && isDiscarded(knowledge, relation, attribute)
  // Where it is known what clients send, the statements speak for themselves, and what none of them meets is in nobody's way.
  const severity: Severity = discarded || given ? 'info' : change.severity
  const place = relation === undefined ? undefined : knowledge.locate(relation, attribute)
  return {
    invariant: 'backward-compatibility',
    kind: change.kind,
    severity,
    known: seen === undefined ? 'static' : 'observed',
    relation,
    attribute,
    object,
    ...place,
    message: discarded ? `${change.message}; it is declared as discarded` : change.message,
    evidence: { change: change.what, ...(seen === undefined ? {} : evidenceOf(seen.replayed, seen.divergence)) },
    hint: change.hint,
    shown: seen === undefined ? { clients: { before: [], after: [], rows: false } } : shownTo(seen.replayed),
  }
}

function divergenceFinding(replayed: Replayed, divergence: Divergence, observation: WorkloadObservation): Finding {
  const { knowledge } = observation
  const { relation, given, name } = replayed
  const [column, ...others] = divergence.columns
  // What a write is compared by elsewhere has columns too: each is a table's path.
  const own = observation.run.legacy.catalog.relations.get(relation ?? '')?.attributes.some((each) => each.name === column)
  const attribute = own === true && others.length === 0 ? column : undefined
  const altered = !given && (isAltered(observation, replayed, divergence) || isGrown(observation, replayed, divergence))
  const place = relation === undefined ? undefined : (knowledge.locate(relation, attribute) ?? knowledge.locate(relation))
  return {
    invariant: 'backward-compatibility',
    kind: divergence.kind,
    severity: given ? 'error' : altered ? 'info' : 'warning',
    known: 'observed',
    byStatements: true,
    relation,
    attribute: given ? undefined : attribute,
    ...(given ? { object: name } : {}),
    refusedBy: divergence.constraint,
    ...place,
    message: messageOf(given ? `the statement "${name}"` : `${anOf(replayed)} ${shownName(relation ?? '')}`, divergence),
    evidence: { ...(altered ? { judgedBy: 'zero-loss' } : {}), ...evidenceOf(replayed, divergence) },
    hint: altered ? undefined : hintOf(replayed, divergence),
    shown: shownTo(replayed),
  }
}

/** A column of what a write to another table is compared by has the path of that table as its name. */
function messageOf(statement: string, { afterwards, text, clause }: Divergence): string {
  if (afterwards) return `After ${statement}, ${text.replace(/^afterwards /, '')}`
  return `${statement.charAt(0).toUpperCase()}${statement.slice(1)} ${clause}`
}

function hintOf({ given, elsewhere, relation }: Replayed, { kind, afterwards, constraint }: Divergence): string | undefined {
  if (kind === 'fails' && constraint !== undefined)
    return `Clients have to meet "${constraint}" before the migration runs; or add it NOT VALID in a later release.`
  if (given) return 'Change the client first, or keep the old answer until no client sends the statement.'
  if (elsewhere === true || afterwards)
    return `Look at the triggers, rules and foreign keys of ${shownName(relation ?? '')}: they do something else at this write than before.`
  return kind === 'count'
    ? `Look at the triggers, views and policies of ${shownName(relation ?? '')}: the statement reaches other rows than before.`
    : undefined
}

function shownTo({ sql, readBackSql }: Replayed): Shown {
  const statements = [{ sql, readBack: readBackSql }]
  return { clients: { before: statements, after: statements, rows: true } }
}

function anOf({ operation }: Replayed): string {
  return { read: 'a SELECT from', insert: 'an INSERT into', update: 'an UPDATE of', delete: 'a DELETE from', statement: 'a statement on' }[
    operation
  ]
}

/**
 * Whether a statement shows no more than what the migration is known to do to the rows themselves: other cells, fewer rows, or keys that a
 * client compiled yesterday cannot know today.
 */
function isAltered(
  { knowledge, run }: WorkloadObservation,
  { operation, relation }: Replayed,
  { kind, columns, constraint }: Divergence,
): boolean {
  const learned = relation === undefined ? undefined : knowledge.lineage?.relations.get(relation)
  const legacy = relation === undefined ? undefined : run.legacy.catalog.relations.get(relation)
  if (learned === undefined || legacy === undefined) return false
  const alters = (attribute: string) =>
    learned.attributes.get(attribute)?.destinations.some((each) => each.transform.kind === 'identical' && each.assumed !== true) !== true
  if (keyAttributes(legacy)?.some(alters) === true && kind !== 'type') return true
  const ruled = legacy.constraints.find((each) => each.name === constraint)?.attributes ?? []
  if (kind === 'fails' && ruled.some(alters)) return true
  if (operation !== 'read') return false
  if (kind === 'count') return learned.places.length === 0 || learned.places.every((each) => !each.complete)
  return kind === 'rows' && columns.length > 0 && columns.every(alters)
}

/**
 * Whether a statement shows no more than the rows that `up` puts into a table which stays one, whatever rows are there. What it makes of
 * legacy rows may be these a second time, under other keys.
 */
function isGrown(
  observation: WorkloadObservation,
  { relation, before, after, readBack }: Replayed,
  { kind, afterwards }: Divergence,
): boolean {
  const grown = grownTables(observation)
  if (kind === 'count') {
    const more = grown.get(relation ?? '')
    return more !== undefined && before.outcome === 'answered' && after.outcome === 'answered' && after.count - before.count === more
  }
  if (!afterwards || readBack?.before.outcome !== 'answered' || readBack.after.outcome !== 'answered') return false
  const [[was = []], [now = []], { columns }] = [readBack.before.rows, readBack.after.rows, readBack.before]
  return columns.every(({ name }, at) => was[at] === now[at] || Number(now[at]) - Number(was[at]) === grown.get(name))
}

/** How many rows more a SELECT gives of each table that stays one, by its path, where they are those that an empty database gets too. */
function grownTables({ statements, run, seeded }: WorkloadObservation): ReadonlyMap<string, number> {
  return new Map(
    statements.flatMap(({ whole, relation, before, after }) => {
      const kind = run.migrated?.catalog.relations.get(relation ?? '')?.kind ?? ''
      if (whole !== true || relation === undefined || !/table$/.test(kind)) return []
      if (before.outcome === 'failed' || after.outcome === 'failed' || after.count <= before.count) return []
      const more = after.count - before.count
      return seeded.get(relation) === more ? [[relation, more] as const] : []
    }),
  )
}

function evidenceOf({ sql, before, after, operation }: Replayed, { text }: Divergence): Record<string, unknown> {
  return {
    operation,
    statement: sql.length > 600 ? `${sql.slice(0, 600)}…` : sql,
    difference: text,
    before: brief(before),
    after: brief(after),
  }
}

function brief(outcome: StatementOutcome): Record<string, unknown> {
  if (outcome.outcome === 'failed') return { sqlstate: outcome.sqlstate, message: outcome.message }
  return { rows: outcome.count }
}

/** Of several statements and changes that meet the same thing, the gravest stands for all; of equals the first. */
function firstOfEach(findings: readonly Finding[]): readonly Finding[] {
  const gravest = new Map<string, Finding>()
  for (const finding of findings) {
    const key = findingKey(finding)
    const known = gravest.get(key)
    if (known === undefined || severityRank(finding.severity) > severityRank(known.severity)) gravest.set(key, finding)
  }
  return [...gravest.values()]
}
