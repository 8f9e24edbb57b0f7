import { shareReached } from '../coverage-text.ts'
import type { RunLine } from '../run-history.ts'
import { formatDuration } from '../visible-text.ts'
import { Scroll } from './scroll.tsx'
import { markOf, VerdictMark } from './verdict-mark.tsx'

const mostShown = 50
const columnWidth = 16
const plotHeight = 80

/** The last runs of the same folders: how many findings each has, and its verdict. */
export function TrendPart({ runs }: { readonly runs: readonly RunLine[] }) {
  const shown = sameFolders(runs).slice(-mostShown)
  if (shown.length < 2) return null
  const most = Math.max(1, ...shown.map(({ errors, warnings }) => errors + warnings))
  const tall = (count: number) => Math.round((count * plotHeight) / most)
  return (
    <section aria-labelledby="trend">
      <h2 id="trend">The last {shown.length} runs</h2>
      <figure>
        <Scroll label="Drawing of the last runs">
          <svg
            class="trend"
            viewBox={`0 0 ${shown.length * columnWidth} ${plotHeight + 20}`}
            width={shown.length * columnWidth}
            height={plotHeight + 20}
            role="img"
            aria-label={`Errors and warnings of the last ${shown.length} runs, the newest on the right`}
          >
            {shown.map(({ date, errors, warnings, verdict }, index) => (
              <g key={index}>
                <title>{`${date}: ${errors} errors, ${warnings} warnings`}</title>
                <rect
                  class="warnings"
                  x={index * columnWidth + 2}
                  y={plotHeight - tall(errors + warnings)}
                  width="12"
                  height={tall(warnings)}
                />
                <rect class="errors" x={index * columnWidth + 2} y={plotHeight - tall(errors)} width="12" height={tall(errors)} />
                <text class={verdict} x={index * columnWidth + 8} y={plotHeight + 15} text-anchor="middle">
                  {markOf(verdict)}
                </text>
              </g>
            ))}
          </svg>
        </Scroll>
        <figcaption>Errors below, warnings above; the sign below a bar is the verdict. The newest run is on the right.</figcaption>
      </figure>
      <details data-print="closed">
        <summary>The same as a table</summary>
        <TrendTable runs={shown} />
      </details>
    </section>
  )
}

/** Another folder's runs say nothing of this one. */
function sameFolders(runs: readonly RunLine[]): readonly RunLine[] {
  const key = ({ of }: RunLine) => JSON.stringify(of)
  const last = runs.at(-1)
  return last === undefined ? [] : runs.filter((run) => key(run) === key(last))
}

function TrendTable({ runs }: { readonly runs: readonly RunLine[] }) {
  return (
    <Scroll label="The last runs">
      <table>
        <thead>
          <tr>
            {['date', 'result', 'errors', 'warnings', 'coverage', 'took'].map((name) => (
              <th key={name} scope="col">
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {runs.toReversed().map(({ date, verdict, errors, warnings, coverage, durationMs }, index) => (
            <tr key={index}>
              <th scope="row">{date}</th>
              <td>
                <VerdictMark verdict={verdict} />
              </td>
              <td>{errors}</td>
              <td>{warnings}</td>
              <td>{coverage === null ? 'not measured' : `${shareReached({ ...coverage, infeasible: 0, unmeasured: 0 })} %`}</td>
              <td>{formatDuration(durationMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
