import type { History } from '../formats/index.ts'
import { shownPath } from '../migration/index.ts'
import type { MigrationResult } from '../result/index.ts'
import type { Counterexample, VerifyOptions } from '../verify/index.ts'

/** The paths that a verdict shows, as the run that made it wrote them. Plain JSON. */
export interface ShownPaths {
  /** The history, as the caller named it. */
  readonly path: string
  readonly report: string
  /** The files of each step up to the one judged. */
  readonly files: readonly (readonly string[])[]
}

export interface Shown {
  readonly result: MigrationResult
  readonly counterexamples: ReadonlyMap<string, Counterexample>
}

/** The paths that verdicts on this history show. */
export function shownPaths(history: History, at: number, { reportDirectory }: VerifyOptions): ShownPaths {
  return {
    path: history.path,
    report: reportDirectory ?? 'reports',
    files: history.steps.slice(0, at + 1).map((step) => step.files.map(shownPath)),
  }
}

/**
 * A verdict with the paths of the project that reads it: a cache is keyed by contents, so that another checkout, or another working
 * directory, may have written it.
 *
 * @returns Undefined where the two projects do not have the same number of files: which file is which cannot be told then.
 */
export function rebaseVerdict<Verdict extends Shown>(verdict: Verdict, from: ShownPaths, to: ShownPaths): Verdict | undefined {
  if (from.files.length !== to.files.length || from.files.some((files, at) => files.length !== to.files[at]?.length)) return undefined
  const pairs = from.files.flatMap((files, at) => files.map((file, index) => [file, to.files[at]?.[index] ?? file] as const))
  const files = new Map(pairs.filter(([old, now]) => old !== now))
  const report = (path: string) => (path.startsWith(`${from.report}/`) ? `${to.report}${path.slice(from.report.length)}` : path)
  const path = (text: string) => (text === from.path ? to.path : text)
  const texts = replacerOf(files)
  const rebase = (value: unknown, key: string): unknown => {
    // SQL and rows are the project's own texts: a path in them is none of ours.
    if (sqlOfCounterexample.has(key)) return value
    if (Array.isArray(value)) return value.map((each) => rebase(each, key))
    if (typeof value === 'string')
      return key === 'path' || key === 'paths' ? path(value) : key === 'counterexample' ? report(value) : texts(value)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, rebase(each, name)]))
  }
  return {
    ...verdict,
    result: rebase(verdict.result, '') as MigrationResult,
    counterexamples: new Map(
      [...verdict.counterexamples].map(([file, example]) => [report(file), rebase(example, '') as Counterexample] as const),
    ),
  }
}

const sqlOfCounterexample: ReadonlySet<string> = new Set(['legacySql', 'rowsSql', 'upSql', 'downSql', 'before', 'after', 'reverted'])

/** Messages name files too. All at once, so that what was put in is not taken for another's old path. */
function replacerOf(files: ReadonlyMap<string, string>): (text: string) => string {
  if (files.size === 0) return (text) => text
  const names = [...files.keys()].toSorted((left, right) => right.length - left.length).map((each) => each.replace(/[^\w]/g, '\\$&'))
  const pattern = new RegExp(`(?<![\\w./\\\\-])(?:${names.join('|')})(?![\\w/\\\\-]|\\.\\w)`, 'g')
  return (text) => text.replace(pattern, (file) => files.get(file) ?? file)
}
