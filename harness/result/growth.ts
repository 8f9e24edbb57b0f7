import jstat from 'jstat'
import { Matrix, pseudoInverse, solve } from 'ml-matrix'
import { median } from 'simple-statistics'
import { type Estimate, fewestSizes, type Growth, growthLevel, type Pass } from './growth-model.ts'

/**
 * Fit the growth of a duration, errors taken as shares of it. The interval of a prediction has what passes over one number of rows differ by, and what
 * the numbers of rows stray from the curve, whichever is more.
 *
 * @param passes  Over at least three numbers of rows, four or more in all, each with a duration above 0.
 */
export function fitGrowth(passes: readonly Pass[]): Growth {
  const free = freeCurve(passes)
  const exponent = free.exponent()
  const curve = exponent.value < 1 ? new Curve(passes, 'line') : free
  const { fixedMs, factorMs, power } = curve
  return { fixedMs, factorMs, power, exponent, predict: (rows) => curve.predict(rows), breakAt: findBreak(passes) }
}

/**
 * The number of rows at which a duration is reached.
 *
 * @param of  Increasing.
 * @returns Undefined where no number of rows reaches it.
 */
export function rowsAt(windowMs: number, of: (rows: number) => number): number | undefined {
  let [low, high] = [1, 2]
  while (!(of(high) >= windowMs)) {
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

/** A power; with a fixed part where that explains significantly more. */
function freeCurve(passes: readonly Pass[]): Curve {
  const power = new Curve(passes, 'power')
  if (passes.length < 5) return power
  const fixed = new Curve(passes, 'fixed and power')
  const ratio = (power.squares - fixed.squares) / (fixed.squares / (passes.length - 3))
  // F of 1 and n degrees of freedom is the square of t of n.
  return ratio > quantile(passes.length - 3) ** 2 ? fixed : power
}

function findBreak(passes: readonly Pass[]): Growth['breakAt'] {
  const sizes = sizesOf(passes)
  for (const rows of sizes.slice(fewestSizes)) {
    const smaller = passes.filter((each) => each.rows < rows)
    const free = freeCurve(smaller)
    const curve = free.power < 1 ? new Curve(smaller, 'line') : free
    const durationMs = median(passes.filter((each) => each.rows === rows).map((each) => each.durationMs))
    const predicted = curve.predict(rows)
    if (durationMs > predicted.high) return { rows, durationMs, predicted }
  }
  return undefined
}

/** The different numbers of rows, smallest first. */
function sizesOf(passes: readonly Pass[]): readonly number[] {
  return [...new Set(passes.map(({ rows }) => rows))].toSorted((one, other) => one - other)
}

/** Student's t: of a two-sided interval. */
function quantile(degreesOfFreedom: number): number {
  return jstat.studentt.inv(0.5 + growthLevel / 200, degreesOfFreedom)
}

type Shape = 'power' | 'line' | 'fixed and power'

interface Spread {
  readonly variance: number
  readonly degreesOfFreedom: number
}

/** A curve through the logarithms of durations, over rows as multiples of a middle number and durations as multiples of a middle one. */
class Curve {
  readonly squares: number
  readonly #shape: Shape
  readonly #unitRows: number
  readonly #unitMs: number
  readonly #parameters: readonly number[]
  readonly #covariance: Matrix
  readonly #spreads: readonly Spread[]

  constructor(passes: readonly Pass[], shape: Shape) {
    this.#shape = shape
    this.#unitRows = Math.exp(mean(passes.map(({ rows }) => Math.log(rows))))
    this.#unitMs = Math.exp(mean(passes.map(({ durationMs }) => Math.log(durationMs))))
    const data = {
      x: passes.map(({ rows }) => rows / this.#unitRows),
      y: passes.map(({ durationMs }) => Math.log(durationMs / this.#unitMs)),
    }
    const parameterValues = fits[shape](data)
    this.#parameters = parameterValues
    const slopes = new Matrix(data.x.map((x) => slopesOf(shape, parameterValues, x)))
    this.#covariance = pseudoInverse(slopes.transpose().mmul(slopes))
    const residuals = data.x.map((x, at) => (data.y[at] ?? Number.NaN) - Math.log(heightOf(shape, parameterValues, x)))
    this.squares = residuals.reduce((sum, each) => sum + each ** 2, 0)
    this.#spreads = spreadsOf(passes, residuals, parameterValues.length)
  }

  get fixedMs(): number {
    return partsOf(this.#shape, this.#parameters).fixed * this.#unitMs
  }

  get factorMs(): number {
    return (partsOf(this.#shape, this.#parameters).factor * this.#unitMs) / this.#unitRows ** this.power
  }

  get power(): number {
    return partsOf(this.#shape, this.#parameters).power
  }

  exponent(): Estimate {
    const at = this.#parameters.length - 1
    const half = this.#halfWidth(this.#covariance.get(at, at))
    return { low: this.power - half, value: this.power, high: this.power + half }
  }

  predict(rows: number): Estimate {
    const x = rows / this.#unitRows
    const slopes = Matrix.rowVector([...slopesOf(this.#shape, this.#parameters, x)])
    const half = this.#halfWidth(1 + slopes.mmul(this.#covariance).mmul(slopes.transpose()).get(0, 0))
    const value = heightOf(this.#shape, this.#parameters, x) * this.#unitMs
    return { low: value / Math.exp(half), value, high: value * Math.exp(half) }
  }

  #halfWidth(share: number): number {
    return Math.max(
      ...this.#spreads.map(({ variance, degreesOfFreedom }) => quantile(degreesOfFreedom) * Math.sqrt(variance * Math.max(share, 0))),
    )
  }
}

/** With one degree of freedom Student's t is 12.7, which says nothing of anything. */
const leastFreedom = 2

/** By all residuals; and by how the numbers of rows stray as a whole, which more passes over the same rows do not make less. */
function spreadsOf(passes: readonly Pass[], residuals: readonly number[], parameters: number): readonly Spread[] {
  const all = { freedom: passes.length - parameters, squares: residuals.reduce((sum, each) => sum + each ** 2, 0) }
  const sizes = sizesOf(passes)
  const ofSizes = sizes.map((size) => residuals.filter((_, at) => passes[at]?.rows === size))
  const between = { freedom: sizes.length - parameters, squares: ofSizes.reduce((sum, each) => sum + each.length * mean(each) ** 2, 0) }
  return [all, between].flatMap(({ freedom, squares }) =>
    freedom >= leastFreedom ? [{ variance: squares / freedom, degreesOfFreedom: freedom }] : [],
  )
}

interface Parts {
  readonly fixed: number
  readonly factor: number
  readonly power: number
}

function partsOf(shape: Shape, [first = 0, second = 0, third = 0]: readonly number[]): Parts {
  if (shape === 'power') return { fixed: 0, factor: first, power: second }
  if (shape === 'line') return { fixed: first, factor: second, power: 1 }
  return { fixed: first, factor: second, power: third }
}

function heightOf(shape: Shape, parameters: readonly number[], x: number): number {
  const { fixed, factor, power } = partsOf(shape, parameters)
  return fixed + factor * x ** power
}

/** Of the logarithm of the value, by each parameter. */
function slopesOf(shape: Shape, parameters: readonly number[], x: number): number[] {
  const { factor, power } = partsOf(shape, parameters)
  const value = heightOf(shape, parameters, x)
  const [byFixed, byFactor, byPower] = [1 / value, x ** power / value, (factor * x ** power * Math.log(x)) / value]
  if (shape === 'power') return [byFactor, byPower]
  return shape === 'line' ? [byFixed, byFactor] : [byFixed, byFactor, byPower]
}

interface Data {
  readonly x: readonly number[]
  /** Logarithms of durations. */
  readonly y: readonly number[]
}

const fits: Readonly<Record<Shape, (data: Data) => readonly number[]>> = {
  power: (data) => powerAbove(data, 0),
  line: fitLine,
  'fixed and power': fitFixed,
}

/** A line through the durations themselves; each weighs as much as its share of the whole. */
function fitLine({ x, y }: Data): readonly number[] {
  const durations = y.map(Math.exp)
  let expected = durations
  let line = [0, 0]
  for (let turn = 0; turn < 4; turn += 1) {
    const weighed = expected.map((each, at) => [1 / each, (x[at] ?? 0) / each])
    const shares = expected.map((each, at) => (durations[at] ?? 0) / each)
    const [fixed = 0, factor = 0] = leastSquares(weighed, shares)
    // No work is negative: what is left is the other part alone.
    const alone = (part: 0 | 1) =>
      leastSquares(
        weighed.map((row) => [row[part] ?? 0]),
        shares,
      )[0] ?? 0
    line = fixed < 0 ? [0, alone(1)] : factor <= 0 ? [alone(0), smallestFactor] : [fixed, factor]
    expected = x.map((each) => heightOf('line', line, each))
  }
  return line
}

const smallestFactor = 1e-9

/** The fixed part is searched for, below the shortest duration; the power above each is a regression. */
function fitFixed(data: Data): readonly number[] {
  const shortest = Math.exp(Math.min(...data.y))
  const tried = (fixed: number) => [fixed, ...powerAbove(data, fixed)]
  const squares = (parameters: readonly number[]) =>
    data.y.reduce((sum, each, at) => sum + (each - Math.log(heightOf('fixed and power', parameters, data.x[at] ?? 0))) ** 2, 0)
  let best = tried(0)
  for (let width = shortest / 2; width > shortest * 1e-4; width /= 2) {
    const [middle = 0] = best
    const around = [middle - width, middle - width / 2, middle + width / 2, middle + width].filter((each) => each >= 0 && each < shortest)
    for (const parameters of around.map(tried)) if (squares(parameters) < squares(best)) best = parameters
  }
  return best
}

/** A straight line through the logarithms of what is above a fixed part; the smaller that is of the whole, the more noise it has. */
function powerAbove({ x, y }: Data, fixed: number): readonly number[] {
  const above = y.map((each) => Math.exp(each) - fixed)
  const weights = above.map((each, at) => each / Math.exp(y[at] ?? 0))
  const [factor = 0, power = 0] = leastSquares(
    weights.map((weight, at) => [weight, weight * Math.log(x[at] ?? 0)]),
    weights.map((weight, at) => weight * Math.log(above[at] ?? 0)),
  )
  return [Math.exp(factor), power]
}

function leastSquares(rows: readonly number[][], values: readonly number[]): readonly number[] {
  return solve(new Matrix([...rows]), Matrix.columnVector([...values])).to1DArray()
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, each) => sum + each, 0) / values.length
}
