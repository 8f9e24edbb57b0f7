import type { Claim, Ground } from '../migration/index.ts'
import { type BenchmarkOutcome, judgeBenchmark } from './benchmark.ts'
import { judgeInvariantGround, judgeNamedGround, type Ruling } from './ground.ts'
import type { ClaimResult, ClaimState, GroundResult, MigrationResult } from './result.ts'

/** How one test ended. */
export interface SpecOutcome {
  /** Claims that its title, or that of a suite around it, begins with. */
  readonly ids: readonly string[]
  /** With the titles of the suites around it. */
  readonly title: string
  readonly state: 'passed' | 'failed' | 'skipped'
  /** Whether it is known to fail, and a spec says so. */
  readonly expected?: boolean | undefined
  /** Why it failed. */
  readonly message?: string | undefined
  /** The values for which a property failed, and its seed. */
  readonly counterexample?: string | undefined
}

/** What was seen outside of a verification. */
export interface SeenElsewhere {
  readonly specs?: readonly SpecOutcome[] | undefined
  readonly benchmarks?: readonly BenchmarkOutcome[] | undefined
}

type Judged = Pick<MigrationResult, 'invariants' | 'findings'>

/** The claims of a contract before anything was looked at. */
export function declaredClaims(claims: readonly Claim[] | undefined): readonly ClaimResult[] {
  return (claims ?? []).map(({ id, text, restsOn = [] }) => concluded({ id, text, restsOn: restsOn.map(unseen) }))
}

/**
 * Judge claims: the one place that does. Invariants, measures and metrics are read from the migration as it is judged; tests and benchmarks from
 * `seen`, and where it does not have them, a claim keeps what an earlier judgement said of them. Pure.
 *
 * A claim is refuted where something that it rests on is refuted; held where all of it is held; else not checked. Accepting a finding does not
 * make a claim true: it stays refuted, and says who accepted that.
 */
export function judgeClaims(claims: readonly ClaimResult[], judged: Judged, seen: SeenElsewhere = {}): readonly ClaimResult[] {
  return claims.map(({ id, text, restsOn }) => {
    const byId = seen.specs?.some((each) => each.ids.includes(id)) === true && !restsOn.some(({ on, name }) => on === 'spec' && name === id)
    const grounds = byId ? [...restsOn, unseen({ spec: id })] : restsOn
    return concluded({ id, text, restsOn: grounds.map((each) => judgeGround(each, judged, seen)) })
  })
}

/** A migration with its claims judged again. One without claims stays as it is. */
export function withClaims<Migration extends MigrationResult>(migration: Migration, seen: SeenElsewhere = {}): Migration {
  return migration.claims === undefined ? migration : { ...migration, claims: judgeClaims(migration.claims, migration, seen) }
}

/**
 * Claims with what an earlier run measured, for benchmarks that were not run now. It must have measured the same migration.
 *
 * @param earlier  The claims that it saved.
 */
export function keepMeasured(claims: readonly ClaimResult[], earlier: readonly ClaimResult[]): readonly ClaimResult[] {
  const suffix = ' Measured in an earlier run.'
  return claims.map((claim) => {
    const saved = earlier.find(({ id }) => id === claim.id)?.restsOn ?? []
    const restsOn = claim.restsOn.map((ground) => {
      const { on, name, budget } = ground
      const same = saved.find((each) => on === 'benchmark' && each.on === on && each.name === name && sameBudget(each, ground))
      if (same === undefined || ground.because !== notRun(name) || same.because === notRun(name)) return ground
      return { on, name, budget, state: same.state, because: `${same.because.replace(suffix, '')}${suffix}` }
    })
    return concluded({ ...claim, restsOn })
  })
}

function sameBudget(one: GroundResult, other: GroundResult): boolean {
  return JSON.stringify(one.budget) === JSON.stringify(other.budget)
}

/** Claims by how they ended. */
export function claimsBy(state: ClaimState, claims: readonly ClaimResult[] | undefined): readonly ClaimResult[] {
  return (claims ?? []).filter((each) => each.state === state)
}

function unseen(ground: Ground): GroundResult {
  const state = 'not-checked'
  if ('invariant' in ground) return { on: 'invariant', name: ground.invariant, state, because: 'The migration was not verified.' }
  if ('measure' in ground) return { on: 'measure', name: ground.measure, state, because: 'The migration was not verified.' }
  if ('metric' in ground) return { on: 'metric', name: ground.metric, state, because: 'The migration was not verified.' }
  if ('spec' in ground) return { on: 'spec', name: ground.spec, state, because: noTest(ground.spec) }
  return { on: 'benchmark', name: ground.benchmark, budget: ground.budget, state, because: notRun(ground.benchmark) }
}

function notRun(benchmark: string): string {
  return `The benchmark "${benchmark}" was not run.`
}

function judgeGround(ground: GroundResult, judged: Judged, seen: SeenElsewhere): GroundResult {
  const ruling = rulingOn(ground, judged, seen)
  if (ruling === undefined) return ground
  const { on, name, budget } = ground
  return { on, name, ...(budget === undefined ? {} : { budget }), ...ruling }
}

/** Undefined where nothing new was seen. */
function rulingOn({ on, name, budget }: GroundResult, judged: Judged, { specs, benchmarks }: SeenElsewhere): Ruling | undefined {
  switch (on) {
    case 'invariant':
      return judgeInvariantGround(name, judged)
    case 'measure':
    case 'metric':
      return judgeNamedGround(on, name, judged)
    case 'spec':
      return specs === undefined ? undefined : judgeSpecs(name, specs)
    case 'benchmark': {
      const outcome = benchmarks?.find((each) => each.name === name)
      return outcome === undefined || budget === undefined ? undefined : judgeBenchmark(budget, outcome)
    }
  }
}

function judgeSpecs(name: string, outcomes: readonly SpecOutcome[]): Ruling {
  const matching = outcomes.filter(({ ids, title }) => (isClaimId(name) ? ids.includes(name) : title.includes(name)))
  if (matching.length === 0) return { state: 'not-checked', because: noTest(name) }
  const failing = matching.filter(({ state }) => state === 'failed')
  const failed = failing.find(({ expected }) => expected !== true) ?? failing[0]
  if (failed !== undefined) {
    const { title, message = 'no reason is given', counterexample, expected } = failed
    return {
      state: 'refuted',
      because: `The test "${title}" fails: ${message}`,
      ...(counterexample === undefined ? {} : { counterexample }),
      ...(expected === true ? { accepted: 'by the specs: they expect it to fail.' } : {}),
    }
  }
  const skipped = matching.filter(({ state }) => state === 'skipped')
  const [first] = skipped
  if (first !== undefined)
    return { state: 'not-checked', because: `${skipped.length} of ${tests(matching.length)} did not run: "${first.title}".` }
  return { state: 'held', because: matching.length === 1 ? '1 test passed.' : `All ${tests(matching.length)} passed.` }
}

function noTest(name: string): string {
  return isClaimId(name) ? `No test whose title begins with "${name}:" was run.` : `No test with "${name}" in its title was run.`
}

function tests(count: number): string {
  return count === 1 ? '1 test' : `${count} tests`
}

/** Whether a text is the id of a claim, such as `SB-2`. */
export function isClaimId(text: string): boolean {
  return /^[A-Z][A-Z0-9]*-\d+$/.test(text)
}

/** What all grounds together say of a claim. */
function concluded({ id, text, restsOn }: Pick<ClaimResult, 'id' | 'text' | 'restsOn'>): ClaimResult {
  // A refutation that nobody accepted is what a reader must see first.
  const refuted = restsOn.find((each) => each.state === 'refuted' && each.accepted === undefined) ?? restsOn.find(isRefuted)
  if (refuted !== undefined) {
    const { finding, counterexample, accepted, because } = refuted
    return {
      id,
      text,
      state: 'refuted',
      because,
      ...(finding === undefined ? {} : { finding }),
      ...(counterexample === undefined ? {} : { counterexample }),
      ...(accepted === undefined ? {} : { accepted }),
      restsOn,
    }
  }
  const open = restsOn.filter(({ state }) => state === 'not-checked')
  if (restsOn.length === 0) return { id, text, state: 'not-checked', because: 'Nothing that Godwit runs rests on it.', restsOn }
  const told = open.length > 0 ? open : restsOn
  const because = [...new Set(told.map((each) => each.because))].join(' ')
  return { id, text, state: open.length > 0 ? 'not-checked' : 'held', because, restsOn }
}

function isRefuted({ state }: GroundResult): boolean {
  return state === 'refuted'
}
