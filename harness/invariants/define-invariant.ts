import { InputError } from '../errors.ts'
import type { Rule, Severity } from '../result/index.ts'
import type { Phase, RunObservation } from '../run/index.ts'
import type { AnyInvariant, Invariant } from './invariant.ts'

/**
 * Declare an invariant of your own, for `invariants: [mine]` in `godwit.config.ts` or in the options of `describeMigration`. It is judged on
 * every run that Godwit makes (or on what its own probe sees), its findings are shrunk, confirmed on a clone and reported like ours, and they
 * count in the verdict. docs/own-invariant.md has a complete example.
 *
 * @example
 * const noEmptyNames = defineInvariant({
 *   id: 'no-empty-names',
 *   holds: 'no customer has an empty name after the migration',
 *   rules: {
 *     empty: { severity: 'error', title: 'a name is empty', meaning: 'A customer has an empty name.', remedy: 'Keep the old name.' },
 *   },
 *   looks: { everyRun: ['up'] },
 *   judge(run) {
 *     const saw = { relations: 1, rows: 0, cells: 0, runs: 1 }
 *     if (run.migrated === undefined) return { outcome: 'unknown', because: 'the migration fails on the data sets with which it could be checked', saw }
 *     const { attributes, rows } = run.migrated.rows.get('public.customer') ?? { attributes: [], rows: [] }
 *     const empty = rows.filter((row) => row[attributes.indexOf('name')] === '')
 *     const seen = { ...saw, rows: rows.length, cells: rows.length }
 *     if (empty.length === 0) return { outcome: 'holds', saw: seen }
 *     return {
 *       outcome: 'violated',
 *       saw: seen,
 *       findings: [
 *         {
 *           invariant: 'no-empty-names',
 *           kind: 'empty',
 *           severity: 'error',
 *           known: 'observed',
 *           relation: 'public.customer',
 *           attribute: 'name',
 *           message: `customer.name is empty in ${empty.length} of ${rows.length} rows.`,
 *           evidence: { rows: empty.length },
 *         },
 *       ],
 *     }
 *   },
 * })
 * @throws {InputError} Where the id is not in lower case with hyphens, a text is missing, no kind is declared, or `looks` and `judge` are not
 *   what `Invariant` says.
 */
export function defineInvariant<Seen = RunObservation>(invariant: Invariant<Seen>): Invariant<Seen> {
  checkInvariant(invariant)
  return invariant
}

const severities: readonly Severity[] = ['error', 'warning', 'info']
const phases: readonly Phase[] = ['up', 'down', 'write']

/**
 * Check what only types have promised so far.
 *
 * @throws {InputError} As `defineInvariant` does; the message names the invariant.
 */
export function checkInvariant({
  id,
  holds,
  rules,
  looks,
  judge,
}: Pick<AnyInvariant, 'id' | 'holds' | 'rules' | 'looks'> & { judge: unknown }) {
  if (!isText(id)) throw new InputError('an invariant has no id', { hint: 'Give it an id in lower case with hyphens: no-empty-names.' })
  const fail = (what: string, hint?: string): never => {
    throw new InputError(`the invariant "${id}" ${what}`, hint === undefined ? {} : { hint })
  }
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(id)) fail('needs an id in lower case with hyphens', 'Such as no-empty-names.')
  if (!isText(holds)) fail('does not say when it holds', 'Give "holds" one sentence.')
  if (typeof judge !== 'function') fail('has no function "judge"')
  const declared = Object.entries(rules ?? {})
  if (declared.length === 0) fail('declares no kind of finding', 'Give it rules: a text for each kind that its findings may have.')
  for (const [kind, rule] of declared) checkRule(kind, rule, fail)
  checkLooks(looks, fail)
}

function checkRule(kind: string, rule: Rule, fail: (what: string, hint?: string) => never): void {
  if (!/^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$/.test(kind)) fail(`has a kind "${kind}", which is not letters, digits and hyphens`)
  const { severity, title, meaning, remedy } = rule ?? {}
  if (!severities.includes(severity)) fail(`has no severity for its kind "${kind}"`, `One of ${severities.join(', ')}.`)
  for (const [name, text] of Object.entries({ title, meaning, remedy })) {
    if (!isText(text)) fail(`has no ${name} for its kind "${kind}"`)
  }
}

function checkLooks(looks: AnyInvariant['looks'], fail: (what: string, hint?: string) => never): void {
  const hint = "Write looks: { everyRun: ['up'] }, or give a probe with a name and a function observe."
  if (typeof looks !== 'object' || looks === null) fail('does not say what it looks at', hint)
  if (!('everyRun' in looks)) {
    if (!isText(looks.name) || typeof looks.observe !== 'function') fail('has a probe without a name or without a function "observe"', hint)
    return
  }
  const { everyRun } = looks
  if (!Array.isArray(everyRun) || everyRun[0] !== 'up' || everyRun.some((phase) => !phases.includes(phase)))
    fail(`cannot look at runs of these phases: ${JSON.stringify(everyRun)}`, `A run begins with up, and goes on with ${phases.join(', ')}.`)
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== ''
}
