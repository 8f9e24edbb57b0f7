/** One measured pass. */
export interface Point {
  readonly rows: number
  readonly durationMs: number
}

/** How a duration grows with rows, and what is to be expected of another number of rows. */
export interface Fit {
  /** `linear`: a + b × rows; `power`: a × rows^b. */
  readonly model: 'linear' | 'power'
  readonly a: number
  readonly b: number
  /** Milliseconds. */
  expected(rows: number): number
  /** Upper end of the prediction interval, milliseconds. */
  atMost(rows: number): number
}

/** Of the two-sided interval, in percent. */
export const level = 95

/** Student's t for a two-sided 95 %, by degrees of freedom from 1 on. */
const quantiles = [12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131]

/**
 * Fit a straight line to durations, errors taken as shares of the duration; a power where they grow faster than any line that begins at 0.
 *
 * What grows slower than the rows is taken for a line too: work that every run has looks so, and a power below 1 would promise too much.
 *
 * @param points  Of at least two numbers of rows, three or more in all, each with a duration above 0.
 */
export function fitGrowth(points: readonly Point[]): Fit {
  const line = fitLine(points)
  return line.a < 0 ? fitPower(points) : line
}

/**
 * The number of rows at which a duration is reached.
 *
 * @param of  Expected, or at most; increasing.
 * @returns Undefined where no number of rows reaches it.
 */
export function rowsAt(windowMs: number, of: (rows: number) => number): number | undefined {
  let [low, high] = [1, 2]
  while (of(high) < windowMs) {
    ;[low, high] = [high, high * 2]
    if (high > 1e15) return undefined
  }
  for (let step = 0; step < 60; step += 1) {
    const middle = (low + high) / 2
    if (of(middle) < windowMs) low = middle
    else high = middle
  }
  return Math.floor(low)
}

function fitLine(points: readonly Point[]): Fit {
  const weighed = points.map(({ rows, durationMs }) => ({ x: rows, y: durationMs, weight: durationMs ** -2 }))
  const { a, b, spread } = leastSquares(weighed)
  const expected = (rows: number) => a + b * rows
  return { model: 'linear', a, b, expected, atMost: (rows) => expected(rows) + spread(rows, Math.max(expected(rows), 0) ** 2) }
}

function fitPower(points: readonly Point[]): Fit {
  const logs = points.map(({ rows, durationMs }) => ({ x: Math.log(rows), y: Math.log(durationMs), weight: 1 }))
  const { a, b, spread } = leastSquares(logs)
  const at = (rows: number) => a + b * Math.log(rows)
  return {
    model: 'power',
    a: Math.exp(a),
    b,
    expected: (rows) => Math.exp(at(rows)),
    atMost: (rows) => Math.exp(at(rows) + spread(Math.log(rows), 1)),
  }
}

interface Weighed {
  readonly x: number
  readonly y: number
  readonly weight: number
}

/** Weighted least squares; `spread` is half the prediction interval at x for an observation of that variance, in units of the residuals. */
function leastSquares(points: readonly Weighed[]) {
  const sum = (of: (point: Weighed) => number) => points.reduce((total, point) => total + point.weight * of(point), 0)
  const weights = sum(() => 1)
  const [meanX, meanY] = [sum(({ x }) => x) / weights, sum(({ y }) => y) / weights]
  const squares = sum(({ x }) => (x - meanX) ** 2)
  const b = sum(({ x, y }) => (x - meanX) * (y - meanY)) / squares
  const a = meanY - b * meanX
  const freedom = points.length - 2
  const variance = sum(({ x, y }) => (y - a - b * x) ** 2) / freedom
  const t = quantiles[Math.min(freedom, quantiles.length) - 1] ?? Number.POSITIVE_INFINITY
  const spread = (x: number, own: number) => t * Math.sqrt(variance * (own + 1 / weights + (x - meanX) ** 2 / squares))
  return { a, b, spread }
}
