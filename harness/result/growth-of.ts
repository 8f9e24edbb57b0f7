import type { GrowthMeasured, MigrationPass } from './growth-model.ts'

/**
 * What passes over different numbers of rows say together. Statistics are loaded when they are first asked for: few commands measure growth.
 *
 * @param passes  Over at least three numbers of rows, four or more in all, each with a duration above 0.
 * @param windowMs  How long the migration may take.
 * @param rows  To be predicted.
 */
export async function growthOf(passes: readonly MigrationPass[], windowMs: number | undefined, rows?: number): Promise<GrowthMeasured> {
  const { measuredGrowth } = await import('./growth-measured.ts')
  return measuredGrowth(passes, windowMs, rows)
}
