import { fitGrowth, rowsAt } from './growth.ts'
import { type GrowthMeasured, growthLevel, type MigrationPass } from './growth-model.ts'

/** A statement that takes less of the largest pass decides nothing. */
const leastShare = 0.1

/**
 * What passes over different numbers of rows say together.
 *
 * @param passes  As {@link fitGrowth} wants them.
 * @param rows  To be predicted.
 */
export function measuredGrowth(passes: readonly MigrationPass[], windowMs: number | undefined, rows?: number): GrowthMeasured {
  const growth = fitGrowth(passes)
  const { fixedMs, factorMs, power, exponent, breakAt } = growth
  const grows = exponent.high > 0 && windowMs !== undefined
  return {
    fixedMs,
    factorMs,
    power,
    exponent,
    statements: statementsOf(passes),
    spills: spillsOf(passes),
    breakAt: breakAt === undefined ? null : { rows: breakAt.rows, durationMs: breakAt.durationMs, predictedMs: breakAt.predicted.value },
    windowRows: grows ? (rowsAt(windowMs, (each) => growth.predict(each).value) ?? null) : null,
    windowRowsAtLeast: grows ? (rowsAt(windowMs, (each) => growth.predict(each).high) ?? null) : null,
    predicted: rows === undefined ? null : { rows, ...growth.predict(rows) },
    level: growthLevel,
  }
}

function statementsOf(passes: readonly MigrationPass[]): GrowthMeasured['statements'] {
  const most = Math.max(...passes.map(({ rows }) => rows))
  const largest = passes.filter(({ rows }) => rows === most)
  const count = Math.min(...passes.map(({ statements }) => statements.length))
  const total = (of: (pass: MigrationPass) => number) => largest.reduce((sum, pass) => sum + of(pass), 0)
  const measured = Array.from({ length: count }, (_, at) => {
    const own = passes.flatMap(({ rows, statements }) => {
      const each = statements[at]
      return each === undefined || each.durationMs <= 0 ? [] : [{ rows, durationMs: each.durationMs }]
    })
    const share = total(({ statements }) => statements[at]?.durationMs ?? 0) / total(({ durationMs }) => durationMs)
    const place = passes[0]?.statements[at]
    return own.length < passes.length || place === undefined || share < leastShare
      ? []
      : [{ file: place.file, line: place.line, share, exponent: fitGrowth(own).exponent }]
  })
  return measured.flat().toSorted((one, other) => other.share - one.share)
}

function spillsOf(passes: readonly MigrationPass[]): GrowthMeasured['spills'] {
  const sorted = passes.toSorted((one, other) => one.rows - other.rows)
  const least = sorted[0]?.rows
  const found = new Map<string, GrowthMeasured['spills'][number]>()
  for (const { rows, statements } of sorted)
    for (const { file, line, temporaryBytes = 0 } of statements) {
      const key = `${file}:${line}`
      if (temporaryBytes > 0 && !found.has(key)) found.set(key, { file, line, rows, bytes: temporaryBytes })
    }
  // What goes to the disk at any size is no change.
  return [...found.values()].filter(({ rows }) => rows !== least)
}
