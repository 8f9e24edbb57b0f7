import type { Outcome } from '../result/index.ts'

/** Exit codes of the command: an interface, so they never change their meaning. */
export const exitCodes = {
  holds: 0,
  violated: 1,
  usage: 2,
  couldNotRun: 3,
  unknown: 4,
} as const

/** From the gravest on: where a project could not be verified nothing is known of it, and what its author has to mend comes first. */
const byGravity: readonly number[] = [exitCodes.usage, exitCodes.couldNotRun, exitCodes.violated, exitCodes.unknown]

export function exitCodeOf(verdict: Outcome): number {
  return exitCodes[verdict]
}

/** The gravest of the codes of several projects; 0 of none. */
export function gravestCode(codes: readonly number[]): number {
  return byGravity.find((code) => codes.includes(code)) ?? exitCodes.holds
}
