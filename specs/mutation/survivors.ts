import type { Survivor } from './edit.ts'

/** Edits that were tried and are right to stay green, each with the reason. */
export const survivors: readonly Survivor[] = []
