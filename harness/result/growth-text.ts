import type { Estimate, GrowthMeasured } from './growth-model.ts'

/** What was measured of growth beside the window, in sentences. */
export function growthSentences({ exponent, statements, spills, breakAt }: GrowthMeasured): readonly string[] {
  const steep = statements.filter((each) => each.exponent.low > exponent.high)
  return [
    exponent.high <= 0.1
      ? 'The duration does not grow with the rows.'
      : `The duration grows with the rows to the power of ${powerText(exponent)}.`,
    ...steep.map(
      (each) =>
        `${each.file}:${each.line} grows faster, to the power of ${powerText(each.exponent)}, and takes ${Math.round(each.share * 100)} % of the largest pass.`,
    ),
    ...spills.map(
      ({ file, line, rows, bytes }) =>
        `From ${rowsText(rows)} rows on ${file}:${line} does not fit into memory: it writes temporary files (${(bytes / 1e6).toPrecision(2)} MB there).`,
    ),
    ...(breakAt === null
      ? []
      : [
          `${rowsText(breakAt.rows)} rows take ${(breakAt.durationMs / breakAt.predictedMs).toFixed(1)} times as long as fewer rows predict: something changes there, and no prediction knows what comes next.`,
        ]),
  ]
}

function powerText({ low, value, high }: Estimate): string {
  return `${value.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`
}

/** Two digits are what a prediction is worth: `1,200,000`. */
export function rowsText(rows: number): string {
  return Number(rows.toPrecision(2)).toLocaleString('en-US')
}
