import type { Knowledge } from '../../lineage/index.ts'
import { pathOf, shownName } from '../../postgres/index.ts'
import { type Finding, type FindingResult, severityRank, type Verdict } from '../../result/index.ts'
import type { RunObservation } from '../../run/index.ts'
import { type ClientsSeen, clients } from '../clients.ts'
import type { Invariant } from '../invariant.ts'
import { constraintChanges, keyChanges } from './compare-constraints.ts'
import { attributeChanges, Objects, policyChanges, relationChanges, speedChanges, triggerChanges } from './compare-objects.ts'
import { dependentChanges, domainChanges, routineChanges, sequenceChanges } from './compare-others.ts'
import { type Heir, heirsOf } from './heirs.ts'
import { Translation } from './meaning.ts'
import type { Change, DefinitionsSeen, Scene } from './model.ts'
import { rules } from './rules.ts'
import { weighed } from './weigh-refusals.ts'

/**
 * What the legacy schema says of a table and its columns, the schema after `up` says of what takes their place: keys, checks, triggers,
 * policies, attributes of replaced functions and everything else that has a rule in `fields.ts`. What a statement of the migration names is
 * intent; names, casts and the order of columns are no difference.
 */
export const definitionsKept: Invariant<ClientsSeen> = {
  id: 'definitions-kept',
  holds: 'keys, checks, triggers, policies and attributes of functions are kept, unless a statement of the migration drops them',
  violation: 'keys, checks, triggers or other rules of the schema go missing',
  rules,
  looks: clients,
  notApplicable: ({ up }) =>
    up.kind === 'program' ? 'the migration is a program: what it drops on purpose cannot be read from it' : undefined,
  cause: followsFromAccess,
  judge({ workload: { run }, definitions }: ClientsSeen, knowledge: Knowledge): Verdict {
    if ('because' in definitions) return { outcome: 'not-applicable', because: definitions.because }
    const scene = sceneOf(run, definitions, knowledge)
    const findings = changesOf(scene).map((change) => findingOf(change, scene, knowledge))
    const saw = { relations: scene.heirs.size, rows: 0, cells: 0, runs: 1 }
    const [worst, ...rest] = findings.filter((each) => each.severity !== 'info')
    const notes = findings.filter((each) => each.severity === 'info')
    return worst === undefined ? { outcome: 'holds', saw, notes } : { outcome: 'violated', findings: [worst, ...rest, ...notes], saw }
  },
}

function sceneOf(run: Pick<RunObservation, 'legacy' | 'migrated'>, definitions: DefinitionsSeen, knowledge: Knowledge): Scene {
  const heirs = heirsOf(run, knowledge)
  return { ...definitions, run, heirs, translation: new Translation(heirs) }
}

function changesOf(scene: Scene): readonly Change[] {
  const [before, after] = [new Objects(scene.before), new Objects(scene.after)]
  const ofRelations = [...scene.heirs.values()].flatMap((heir) => [
    ...[...keyChanges(scene, heir), ...constraintChanges(scene, heir)].map((change) => milder(change, heir)),
    ...relationChanges(scene, heir),
    ...attributeChanges(scene, heir),
    ...triggerChanges(scene, heir, before, after),
    ...policyChanges(scene, heir, before, after),
    ...speedChanges(scene, heir, before, after),
    ...sequenceChanges(scene, heir, before, after),
  ])
  return foldedChanges(weighed(scene, [...ofRelations, ...routineChanges(scene), ...domainChanges(scene), ...dependentChanges(scene)]))
}

/** Of a column that a statement drops, and whose values another table has now, the author knows that its rules end. */
function milder(change: Change, { legacy, now, path, attributes }: Heir): Change {
  const moved = change.attribute === undefined ? undefined : attributes.get(change.attribute)?.relation
  const isMoved = legacy.oid === now.oid && moved !== undefined && moved !== pathOf(now) && change.relation === path
  return isMoved && change.severity === 'error' ? { ...change, severity: 'warning' } : change
}

/** What one object lost of one kind is one finding. */
function foldedChanges(changes: readonly Change[]): readonly Change[] {
  const folded = new Map<string, Change>()
  for (const change of changes) {
    const key = JSON.stringify([change.kind, change.relation, change.attribute, change.object])
    const known = folded.get(key)
    folded.set(key, known === undefined ? change : united(known, change))
  }
  return [...folded.values()]
}

function united(first: Change, second: Change): Change {
  const joined = (left: string | undefined, right: string | undefined) => [left, right].filter((each) => each !== undefined).join('; ')
  return {
    ...first,
    severity: severityRank(second.severity) > severityRank(first.severity) ? second.severity : first.severity,
    message: `${first.message}${afterSame(first, second)}`,
    before: joined(first.before, second.before),
    after: joined(first.after, second.after),
    remedy: [first.remedy, second.remedy].filter((each) => each !== undefined).join(' ') || undefined,
  }
}

function findingOf(change: Change, { heirs }: Scene, knowledge: Knowledge): Finding {
  const { kind, severity, relation, attribute, object, message, before, after, shown } = change
  const now = heirs.get(relation ?? '')?.now
  return {
    invariant: 'definitions-kept',
    kind,
    severity,
    known: shown === undefined ? 'static' : 'observed',
    relation,
    attribute,
    object,
    ...(relation === undefined ? knowledge.locate(object ?? '') : knowledge.locate(relation, attribute)),
    message: `${message}. No statement of the migration ${change.unstated ?? 'asks for it'}.`,
    evidence: {
      before: before ?? null,
      after: after ?? null,
      place: now === undefined ? null : pathOf(now),
      ...(shown === undefined ? {} : { refusedBefore: shown.sql, sqlstate: shown.sqlstate, acceptedNow: shown.after.sql }),
    },
    hint: change.advice ?? (change.remedy === undefined ? againText(change) : `Put it back: ${change.remedy}`),
    shown: {
      clients:
        shown === undefined
          ? { before: [], after: [], rows: false }
          : { before: [{ sql: shown.sql }], after: [{ sql: shown.after.sql }], rows: true, through: shown.after.through },
    },
  }
}

/** The second sentence; without its subject where that is the first one's. */
function afterSame({ message }: Change, second: Change): string {
  const subject = shownName(second.object ?? [second.relation, second.attribute].filter((each) => each !== undefined).join('.'))
  const isSame = message.startsWith(`${subject} `) && second.message.startsWith(`${subject} `)
  return isSame ? `, ${second.message.slice(subject.length + 1)}` : `. ${second.message}`
}

function againText({ relation, attribute, object }: Change): string {
  const what = object ?? (relation === undefined ? undefined : attribute === undefined ? relation : `${relation}.${attribute}`)
  return `Define ${what === undefined ? 'it' : shownName(what)} as it was before, or name the change in a statement if it is wanted.`
}

/** Rows that a role reaches, and did not, tell more than the policy that is gone. */
function followsFromAccess(finding: FindingResult, others: readonly FindingResult[]): FindingResult {
  if (finding.kind !== 'policy') return finding
  const cause = others.find(
    (each) =>
      each.invariant === 'access-parity' && each.severity !== 'info' && each.relation === finding.relation && each.kind === 'gained',
  )
  return cause === undefined ? finding : { ...finding, cause: cause.id }
}
