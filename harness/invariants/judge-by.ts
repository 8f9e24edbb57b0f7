import type { Knowledge } from '../lineage/index.ts'
import type { Finding, Saw, Verdict } from '../result/index.ts'
import type { AnyInvariant } from './invariant.ts'
import { isOurs } from './registry.ts'

/** The judge of an invariant did not give a verdict. */
export interface NoVerdict {
  readonly outcome: 'none'
  readonly because: string
}

const outcomes = ['holds', 'violated', 'unknown', 'not-applicable']
const severities = ['error', 'warning', 'info']
const known = ['observed', 'inferred', 'static']

/**
 * What an invariant says of one observation. A judge of the user's may throw, or give something that is no verdict; one of ours that throws
 * is a bug of ours, and is not caught.
 */
export function judgeBy(invariant: AnyInvariant, seen: unknown, knowledge: Knowledge): Verdict | NoVerdict {
  if (isOurs(invariant)) return invariant.judge(seen, knowledge)
  let given: unknown
  try {
    given = invariant.judge(seen, knowledge)
  } catch (error) {
    return { outcome: 'none', because: `its judge threw ${thrown(error)}` }
  }
  const wrong = wrongIn(invariant, given)
  return wrong === undefined ? (given as Verdict) : { outcome: 'none', because: `its judge gave no verdict: ${wrong}` }
}

/** Words for what a function of the user's threw. */
export function thrown(error: unknown): string {
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error)
}

function wrongIn(invariant: AnyInvariant, given: unknown): string | undefined {
  if (typeof given !== 'object' || given === null) return `${given === null ? 'null' : typeof given} is none`
  if (given instanceof Promise) return 'it is a promise, and judges are not asynchronous'
  const { outcome, because, saw, findings, notes } = given as { [Key in 'outcome' | 'because' | 'saw' | 'findings' | 'notes']?: unknown }
  if (!outcomes.includes(outcome as string)) return `"outcome" is none of ${outcomes.join(', ')}`
  if ((outcome === 'unknown' || outcome === 'not-applicable') && typeof because !== 'string') return '"because" is no text'
  if (outcome === 'not-applicable') return undefined
  if (!isSaw(saw)) return '"saw" does not have the numbers relations, rows, cells and runs'
  const found = outcome === 'violated' ? findings : (notes ?? [])
  if (!Array.isArray(found) || (outcome === 'violated' && found.length === 0)) return 'it has no list of findings'
  for (const finding of found) {
    const wrong = wrongInFinding(invariant, finding)
    if (wrong !== undefined) return wrong
  }
  return undefined
}

function isSaw(saw: unknown): saw is Saw {
  const { relations, rows, cells, runs } = (saw ?? {}) as Partial<Record<keyof Saw, unknown>>
  return [relations, rows, cells, runs].every((each) => typeof each === 'number' && Number.isFinite(each))
}

function wrongInFinding({ id, rules }: AnyInvariant, finding: unknown): string | undefined {
  if (typeof finding !== 'object' || finding === null) return 'a finding is no object'
  const given = finding as { readonly [Key in keyof Finding]?: unknown }
  if (given.invariant !== id) return `a finding names the invariant ${JSON.stringify(given.invariant)}`
  if (typeof given.kind !== 'string') return 'a finding has no kind'
  if (!Object.hasOwn(rules, given.kind)) return `a finding has the kind "${given.kind}", which is not in its rules`
  if (!severities.includes(given.severity as string)) return `a finding has the severity ${JSON.stringify(given.severity)}`
  if (!known.includes(given.known as string)) return `a finding has the certainty (known) ${JSON.stringify(given.known)}`
  if (typeof given.message !== 'string') return 'a finding has no message'
  for (const key of ['relation', 'attribute', 'object', 'file', 'hint'] as const)
    if (given[key] !== undefined && typeof given[key] !== 'string') return `"${key}" of a finding is no text`
  if (given.line !== undefined && typeof given.line !== 'number') return '"line" of a finding is no number'
  return isPlain(given.evidence) ? undefined : '"evidence" of a finding is not plain JSON'
}

function isPlain(evidence: unknown): boolean {
  if (typeof evidence !== 'object' || evidence === null) return false
  try {
    return JSON.stringify(evidence) !== undefined
  } catch {
    return false
  }
}
