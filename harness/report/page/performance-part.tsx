import * as z from 'zod'
import type { PageMigration } from './page-data.ts'
import { Scroll } from './scroll.tsx'

const figures = z.object({
  statement: z.string(),
  sent: z.string(),
  as: z.string().optional(),
  ratio: z.number().positive(),
  low: z.number().positive(),
  high: z.number().positive(),
  controlLow: z.number().positive(),
  controlHigh: z.number().positive(),
  budget: z.number().positive(),
  beforeMs: z.number().positive(),
  afterMs: z.number().positive(),
  state: z.string(),
})
type Figures = z.infer<typeof figures>

const width = 240
const height = 16

/** How long statements of clients take after `up`, as a multiple of before, where it was measured (`--performance`). */
export function PerformancePart({ page, heading: Heading }: { readonly page: PageMigration; readonly heading: 'h3' | 'h4' }) {
  const measured = page.migration.findings.find(({ invariant, kind }) => invariant === 'no-degradation' && kind === 'measured')
  const { data: all = [] } = z.array(z.unknown()).safeParse(measured?.evidence.statements)
  // Too few rounds give no interval, and nothing to draw.
  const statements = all.flatMap((each) => figures.safeParse(each).data ?? [])
  if (statements.length === 0) return null
  const at = scaleOf(statements)
  return (
    <>
      <Heading>Statements of clients before and after</Heading>
      <Scroll label="Statements before and after">
        <table class="ratios">
          <thead>
            <tr>
              <th scope="col">statement</th>
              <th scope="col">before</th>
              <th scope="col">after</th>
              <th scope="col">times as long</th>
              <th scope="col">result</th>
              <td aria-hidden="true" />
            </tr>
          </thead>
          <tbody>
            {statements.map((each, index) => (
              <tr key={index}>
                <th scope="row">
                  {each.statement} ({each.sent}
                  {each.as === undefined ? '' : `, as ${each.as}`})
                </th>
                <td>{shownMs(each.beforeMs)}</td>
                <td>{shownMs(each.afterMs)}</td>
                <td>
                  {each.ratio} ({each.low} to {each.high}; at most {each.budget})
                </td>
                <td>{each.state}</td>
                <td aria-hidden="true">
                  <Interval figures={each} at={at} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Scroll>
      <p>
        Drawn are the ratio with its interval, the interval of equal work (wide and pale), and the budget (the upright line). The further to
        the right, the slower it became. The scale is logarithmic.
      </p>
    </>
  )
}

function Interval(props: { readonly figures: Figures; readonly at: Scale }) {
  const { figures, at } = props
  const { ratio, low, high, controlLow, controlHigh, budget } = figures
  const measured = figures.state === 'slower' ? 'measured slower' : 'measured'
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
      <rect class="control" x={at(controlLow)} width={span(at, controlLow, controlHigh)} y="2" height={height - 4} />
      <rect class="budget" x={at(budget) - 1} width="2" y="0" height={height} />
      <rect class={measured} x={at(low)} width={span(at, low, high)} y={height / 2 - 1} height="2" />
      <rect class={measured} x={at(ratio) - 2} width="4" y={height / 2 - 4} height="8" />
    </svg>
  )
}

function span(at: Scale, from: number, to: number): number {
  return Math.max(1, Math.round((at(to) - at(from)) * 10) / 10)
}

/** Many statements take some microseconds. */
function shownMs(ms: number): string {
  return `${Number(ms.toPrecision(2))} ms`
}

type Scale = (ratio: number) => number

/** All statements on one logarithmic scale. */
function scaleOf(statements: readonly Figures[]): Scale {
  const all = statements.flatMap(({ low, high, controlLow, controlHigh, budget }) => [low, high, controlLow, controlHigh, budget])
  const [least, most] = [Math.log(Math.min(...all)), Math.log(Math.max(...all))]
  const margin = 4
  return (ratio) => Math.round((margin + ((Math.log(ratio) - least) * (width - 2 * margin)) / Math.max(most - least, 1e-9)) * 10) / 10
}
