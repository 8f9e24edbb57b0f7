import type { Outcome } from '../verify/index.ts'

/** Exit codes of the command: an interface, so they never change their meaning. */
export const exitCodes = {
  holds: 0,
  violated: 1,
  usage: 2,
  couldNotRun: 3,
  unknown: 4,
} as const

export function exitCodeOf(verdict: Outcome): number {
  return exitCodes[verdict]
}
