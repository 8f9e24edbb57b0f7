import type { Aim } from '../data/index.ts'
import type { Want } from './want.ts'

/** What a target is about. */
export type TargetKind =
  | 'condition'
  | 'join'
  | 'subquery'
  | 'group'
  | 'arm'
  | 'cast'
  | 'limit'
  | 'order'
  | 'conflict'
  | 'constraint'
  | 'loop'
  | 'handler'
  | 'body'

/** A place in a file of the migration. */
export interface Place {
  readonly direction: 'up' | 'down'
  readonly file: string
  /** From 1. */
  readonly line: number
}

/** One outcome that generated rows can bring about at one place of a migration. */
export interface Target extends Place {
  readonly kind: TargetKind
  /** The part of the statement, in one line. */
  readonly text: string
  /** E.g. `true`, `NULL`, `several rows`. */
  readonly outcome: string
  /** Why no legal row reaches it: the constraint that forbids it. */
  readonly infeasible?: string | undefined
  /** Rows that are likely to reach it. */
  readonly aims?: readonly Aim[] | undefined
  /** A column and the values that alone reach it, where it is so plain. */
  readonly only?: Want | undefined
  /** Why the server cannot be asked for it. */
  readonly unmeasured?: string | undefined
}

/** What is asked of the server before a statement runs. */
export interface Question {
  /** Those that one answer speaks of, in the order of its digits. */
  readonly targets: readonly Target[]
  /** Each gives one text with a digit for each target: 1 where the outcome is there. The first that does not fail is the answer. */
  readonly queries: readonly string[]
}

/** What there is to reach in one statement. */
export interface StatementTargets {
  /** Index into `Script.statements`. */
  readonly statement: number
  readonly questions: readonly Question[]
  /** Targets that no question is asked for: infeasible ones, and those that cannot be measured. */
  readonly silent: readonly Target[]
}

/** Longest part of a statement that is shown. */
const longestText = 80

/** A part of a statement in one line, cut where it is long. */
export function shownText(text: string): string {
  const shown = text.replaceAll(/\s+/g, ' ').trim()
  return shown.length > longestText ? `${shown.slice(0, longestText - 1)}…` : shown
}
