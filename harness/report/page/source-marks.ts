import type { FindingResult, TargetResult } from '../../result/index.ts'
import type { PageFile, PageMigration } from './page-data.ts'

/** One part of a statement, with what rows made of it. */
export interface MarkedTarget {
  readonly text: string
  readonly direction: TargetResult['direction']
  readonly outcomes: readonly Pick<TargetResult, 'outcome' | 'state' | 'because'>[]
}

export interface MarkedLine {
  readonly number: number
  readonly text: string
  readonly targets: readonly MarkedTarget[]
  readonly findings: readonly FindingResult[]
}

export interface MarkedFile {
  readonly path: string
  readonly lines: readonly MarkedLine[]
  /** Lines that are not shown. */
  readonly hidden: number
}

/** A file up to so long is shown whole; of a longer one the lines around what is marked. */
const longestWhole = 150
const around = 3

/** The migration's text with each condition and each finding at its line. */
export function markFile({ path, lines }: PageFile, { migration }: PageMigration): MarkedFile {
  const targets = (migration.coverage?.targets ?? []).filter((target) => target.file === path)
  const findings = migration.findings.filter((finding) => finding.file === path && finding.line !== null)
  const marked = lines.map((text, index): MarkedLine => {
    const number = index + 1
    return {
      number,
      text,
      targets: targetsAt(targets.filter(({ line }) => line === number)),
      findings: findings.filter(({ line }) => line === number),
    }
  })
  const near = new Set(
    [...targets, ...findings].flatMap(({ line }) => Array.from({ length: 2 * around + 1 }, (_, at) => (line ?? 0) - around + at)),
  )
  const shown = lines.length <= longestWhole ? marked : marked.filter(({ number }) => near.has(number))
  return { path, lines: shown, hidden: lines.length - shown.length }
}

/** Targets in the same part of a statement are one. */
export function targetsAt(targets: readonly TargetResult[]): readonly MarkedTarget[] {
  const byText = new Map<string, MarkedTarget>()
  for (const { text, direction, outcome, state, because } of targets) {
    const key = JSON.stringify([direction, text])
    const known = byText.get(key)?.outcomes ?? []
    byText.set(key, { text, direction, outcomes: [...known, { outcome, state, because }] })
  }
  return [...byText.values()]
}
