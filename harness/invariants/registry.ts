import { createHash } from 'node:crypto'
import { InputError } from '../errors.ts'
import type { Rule, Severity } from '../result/index.ts'
import type { Phase } from '../run/index.ts'
import { accessParity } from './access-parity/judge.ts'
import { applies } from './applies/judge.ts'
import { atomicity } from './atomicity/judge.ts'
import { backwardCompatibility } from './backward-compatibility/judge.ts'
import type { Probe } from './bench.ts'
import { determinism } from './determinism/judge.ts'
import { idempotence } from './idempotence/judge.ts'
import type { AnyInvariant, Invariant } from './invariant.ts'
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
  noOrphans,
  rollbackRestoresState,
  roundTrip,
  idempotence,
  determinism,
  atomicity,
  backwardCompatibility,
  viewEquivalence,
  onlineSafety,
  accessParity,
]

/** Changes where the same observations may get another verdict though no rule has changed. */
const revision = 3

/**
 * Our invariants and a user's.
 *
 * @throws {InputError} Where one of the user's has no kinds, an id that is no lower case name, or the id of another.
 */
export function withOwn(own: readonly AnyInvariant[] = []): readonly AnyInvariant[] {
  const all = [...invariants, ...own]
  for (const [at, { id, rules }] of all.entries()) {
    if (!/^[a-z][a-z0-9-]*$/.test(id)) throw new InputError(`the invariant "${id}" needs an id in lower case with hyphens`)
    if (Object.keys(rules).length === 0)
      throw new InputError(`the invariant "${id}" declares no kind of finding`, { hint: 'Give it rules.' })
    if (all.findIndex((each) => each.id === id) !== at) throw new InputError(`there are two invariants with the id "${id}"`)
  }
  return all
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

/** What a verdict depends on besides the observations: other invariants, or other rules, may judge otherwise. */
export function rulesDigest(all: readonly AnyInvariant[] = invariants): string {
  const texts = all.map(({ id, holds, rules, judge }) => [id, holds, rules, invariantIds.includes(id) ? '' : String(judge)])
  return createHash('sha256')
    .update(JSON.stringify([revision, texts]))
    .digest('hex')
    .slice(0, 12)
}

export interface NamedRule extends Rule {
  /** `invariant/kind`; an interface, it never changes its meaning. */
  readonly id: string
}

/** The rule of every kind that an invariant documents. */
export const rules: readonly NamedRule[] = invariants.flatMap(({ id, rules: own }) =>
  Object.entries(own).map(([kind, rule]) => ({ id: `${id}/${kind}`, ...rule })),
)

const byId = new Map(rules.map((rule) => [rule.id, rule]))

/** The rule of a finding; a kind that is not in the table (a rare SQLSTATE, an invariant of a newer version) gets one made from its words. */
export function ruleOf({
  invariant,
  kind,
  severity,
}: {
  readonly invariant: string
  readonly kind: string
  readonly severity: Severity
}): NamedRule {
  const id = `${invariant}/${kind}`
  const known = byId.get(id)
  if (known !== undefined) return known
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
