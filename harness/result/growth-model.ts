import type { StatementTime } from '../run/index.ts'

/** How long one pass over so many rows took. */
export interface Pass {
  readonly rows: number
  readonly durationMs: number
}

/** A figure with the interval that has the true one, or the next one measured, with 95 % confidence. */
export interface Estimate {
  readonly low: number
  readonly value: number
  readonly high: number
}

/** How a duration grows with rows: `fixedMs + factorMs × rows ^ power`. */
export interface Growth {
  readonly fixedMs: number
  readonly factorMs: number
  /** At least 1: what grows slower than the rows is taken for a line, since a power below 1 would promise too much. */
  readonly power: number
  /** What the passes themselves say of the power, below 1 too. */
  readonly exponent: Estimate
  /** The duration that one pass over so many rows is expected to take, in milliseconds. */
  predict(rows: number): Estimate
  /** The first number of rows that took longer than all smaller ones predict. */
  readonly breakAt: { readonly rows: number; readonly durationMs: number; readonly predicted: Estimate } | undefined
}

/** Of every interval here, in percent. */
export const growthLevel = 95

/** Fewer numbers of rows lie on any curve. */
export const fewestSizes = 3

/** One pass of a migration over so many rows. */
export interface MigrationPass extends Pass {
  readonly statements: readonly StatementTime[]
}

/** How the duration of a migration grows, as reports show it. */
export interface GrowthMeasured {
  /** `fixedMs + factorMs × rows ^ power`, in milliseconds. */
  readonly fixedMs: number
  readonly factorMs: number
  readonly power: number
  /** What was measured of the power, below 1 too. */
  readonly exponent: Estimate
  /** Statements that take a good part of the largest pass, the longest first. */
  readonly statements: readonly {
    readonly file: string
    readonly line: number
    /** Of the largest pass, 0 to 1. */
    readonly share: number
    readonly exponent: Estimate
  }[]
  /** Statements whose data no longer fit into memory, from so many rows on. */
  readonly spills: readonly { readonly file: string; readonly line: number; readonly rows: number; readonly bytes: number }[]
  /** The first number of rows that took longer than fewer rows predict; null where none did. */
  readonly breakAt: { readonly rows: number; readonly durationMs: number; readonly predictedMs: number } | null
  /** The number of rows at which the window is expected to be missed; null without a window, and where the duration does not grow. */
  readonly windowRows: number | null
  /** The number of rows from which on the upper end of the interval misses it; null likewise. */
  readonly windowRowsAtLeast: number | null
  /** The duration at a given number of rows, in milliseconds; null where none was given. */
  readonly predicted: (Estimate & { readonly rows: number }) | null
  /** Of the intervals, in percent. */
  readonly level: number
}
