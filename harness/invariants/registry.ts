import { createHash } from 'node:crypto'
import { InputError } from '../errors.ts'
import type { OwnInvariant, Rule, Severity } from '../result/index.ts'
import type { Phase } from '../run/index.ts'
import { accessParity } from './access-parity/judge.ts'
import { applies } from './applies/judge.ts'
import { atomicity } from './atomicity/judge.ts'
import { backwardCompatibility } from './backward-compatibility/judge.ts'
import type { Probe } from './bench.ts'
import { checkInvariant } from './define-invariant.ts'
import { definitionsKept } from './definitions-kept/judge.ts'
import { determinism } from './determinism/judge.ts'
import { idempotence } from './idempotence/judge.ts'
import type { AnyInvariant, Invariant } from './invariant.ts'
import { isolation } from './isolation/judge.ts'
import { metricsKept } from './metrics-kept/judge.ts'
import { noDegradation } from './no-degradation/judge.ts'
import { noOrphans } from './no-orphans/judge.ts'
import { onlineSafety } from './online-safety/judge.ts'
import { quantityParity } from './quantity-parity/judge.ts'
import { rollbackRestoresState } from './rollback-restores-state/judge.ts'
import { roundTrip } from './round-trip/judge.ts'
import { viewEquivalence } from './view-equivalence/judge.ts'
import { zeroLoss } from './zero-loss/judge.ts'

/** Every invariant, in the order of reports. Ids, rules, the README's table and the digest of the rules are derived from this list. */
export const invariants: readonly AnyInvariant[] = [
  applies,
  zeroLoss,
  quantityParity,
  metricsKept,
  noOrphans,
  rollbackRestoresState,
  roundTrip,
  idempotence,
  determinism,
  atomicity,
  definitionsKept,
  backwardCompatibility,
  viewEquivalence,
  onlineSafety,
  noDegradation,
  isolation,
  accessParity,
]

/** Changes where the same observations may get another verdict though no rule has changed. */
const revision = 3

/**
 * Our invariants and a user's.
 *
 * @throws {InputError} Where one of the user's is not what `defineInvariant` takes, or has the id of another.
 */
export function withOwn(own: readonly AnyInvariant[] = []): readonly AnyInvariant[] {
  for (const [at, invariant] of own.entries()) {
    checkInvariant(invariant)
    const { id } = invariant
    if (invariantIds.includes(id))
      throw new InputError(`the invariant "${id}" has the id of a built-in invariant`, { hint: 'Give it an id of its own.' })
    if (own.findIndex((each) => each.id === id) !== at) throw new InputError(`there are two invariants with the id "${id}"`)
  }
  return [...invariants, ...own]
}

/** Whether it is one of ours. */
export function isOurs(invariant: AnyInvariant): boolean {
  return invariants.includes(invariant)
}

/** Of some invariants those that see runs. */
export function runInvariantsOf(
  all: readonly AnyInvariant[],
): readonly (Invariant & { readonly looks: { readonly everyRun: readonly Phase[] } })[] {
  return all.flatMap((each) =>
    'everyRun' in each.looks ? [each as Invariant & { readonly looks: { readonly everyRun: readonly Phase[] } }] : [],
  )
}

/** Of some invariants the probes, each once. */
export function probesOf(all: readonly AnyInvariant[]): readonly Probe<unknown>[] {
  return [...new Set(all.flatMap((each) => ('everyRun' in each.looks ? [] : [each.looks])))]
}

/** Our invariants that see runs. */
export const runInvariants = runInvariantsOf(invariants)

/** Ids of our invariants, in the order of reports. */
export const invariantIds: readonly string[] = invariants.map(({ id }) => id)

/** What is wrong where an invariant is violated, in half a sentence; of a user's own, that its check failed. */
export function violationOf(id: string): string {
  return invariants.find((each) => each.id === id)?.violation ?? `the check "${id}" failed`
}

/**
 * What a verdict depends on besides the observations: other invariants, or other rules, may judge otherwise.
 *
 * @param own  The user's, by the text of their functions.
 */
export function rulesDigest(own: readonly AnyInvariant[] = []): string {
  const texts = invariants.map(({ id, holds, rules }) => [id, holds, rules])
  return shortDigest([revision, texts, ...own.map(ownDigest)])
}

/** Everything that an invariant of the user's says and does, as far as it contains it. */
export function ownDigest(invariant: AnyInvariant): string {
  const { looks, judge, notApplicable, cause, revision: other } = invariant
  const looking = 'everyRun' in looks ? looks.everyRun : [looks.name, String(looks.observe)]
  return shortDigest([ownTexts([invariant]), looking, ...[judge, notApplicable, cause, other].map(String)])
}

function shortDigest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex').slice(0, 12)
}

/** The texts of the user's invariants, for a result. */
export function ownTexts(own: readonly AnyInvariant[] = []): readonly OwnInvariant[] {
  return own.map(({ id, holds, rules }) => ({
    id,
    holds,
    rules: Object.fromEntries(
      Object.entries(rules).map(([kind, { severity, title, meaning, remedy }]) => [kind, { severity, title, meaning, remedy }]),
    ),
  }))
}

export interface NamedRule extends Rule {
  /** `invariant/kind`; an interface, it never changes its meaning. */
  readonly id: string
}

/** The rule of every kind that an invariant documents: of ours, and of those of the user's that a result has. */
export function rulesOf(own: readonly OwnInvariant[] = []): readonly NamedRule[] {
  return [...invariants, ...own].flatMap(({ id, rules }) => Object.entries(rules).map(([kind, rule]) => ({ id: `${id}/${kind}`, ...rule })))
}

const documented: ReadonlySet<string> = new Set(rulesOf().map(({ id }) => id))

/**
 * Where `docs/findings.md` has an example of a rule: the page with the anchor that GitHub gives its heading.
 *
 * @returns Undefined for a rule that the page does not have: a user's own, or a rare SQLSTATE.
 */
export function exampleOf(rule: string): string | undefined {
  return documented.has(rule) ? `docs/findings.md#${rule.toLowerCase().replaceAll(/[^\w-]/g, '')}` : undefined
}

/** The rule of a finding; a kind that is not in the table (a rare SQLSTATE, an invariant of a newer version) gets one made from its words. */
export function ruleOf(
  {
    invariant,
    kind,
    severity,
  }: {
    readonly invariant: string
    readonly kind: string
    readonly severity: Severity
  },
  own: readonly OwnInvariant[] = [],
): NamedRule {
  const id = `${invariant}/${kind}`
  const known = [...invariants, ...own].find((each) => each.id === invariant)?.rules
  const rule = known !== undefined && Object.hasOwn(known, kind) ? known[kind] : undefined
  if (rule !== undefined) return { id, ...rule }
  return {
    id,
    severity,
    title: invariant === 'applies' ? `up fails with ${kind}` : `${words(invariant)}: ${words(kind)}`,
    meaning:
      invariant === 'applies'
        ? `The migration ends with SQLSTATE ${kind} on a state that the old schema allows.`
        : `The migration violates the invariant "${invariant}"; the finding says how.`,
    remedy: 'The message, its hint and the counterexample show what to mend.',
  }
}

function words(id: string): string {
  return id.replaceAll('-', ' ')
}
