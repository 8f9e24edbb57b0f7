import type { LineageEntry } from '../../result/index.ts'
import { counted } from '../visible-text.ts'
import { type Fate, type LineageDrawing, layOutLineage } from './lineage-layout.ts'
import type { PageMigration } from './page-data.ts'
import { Scroll } from './scroll.tsx'

const fateWords: Readonly<Record<Fate, string>> = {
  kept: 'kept',
  moved: 'moved',
  altered: 'altered',
  lost: 'lost',
  discarded: 'discarded on purpose',
}
const fates = Object.keys(fateWords) as readonly Fate[]

/** Where columns go: a drawing, and the same as a table. */
export function LineagePart({ page, heading: Heading }: { readonly page: PageMigration; readonly heading: 'h3' | 'h4' }) {
  const { lineage } = page.migration
  if (lineage.length === 0)
    return (
      <>
        <Heading>Where columns go</Heading>
        <p>Not known: no run showed where columns go.</p>
      </>
    )
  const drawing = layOutLineage(lineage)
  return (
    <>
      <Heading>Where columns go</Heading>
      <p>{summary(lineage)}</p>
      {drawing !== undefined && <Drawing drawing={drawing} />}
      <details data-print="closed">
        <summary>The same as a table</summary>
        <LineageTable lineage={lineage} />
      </details>
    </>
  )
}

/** `15 columns: 14 kept, 1 altered.` */
function summary(lineage: readonly LineageEntry[]): string {
  const parts = fates
    .map((fate) => ({ fate, count: lineage.filter((entry) => entry.fate === fate).length }))
    .filter(({ count }) => count > 0)
    .map(({ fate, count }) => `${count} ${fateWords[fate]}`)
  return `${counted(lineage.length, 'column')} of the old schema: ${parts.join(', ')}.`
}

function Drawing({ drawing: { width, height, columns, ways, staying, left } }: { readonly drawing: LineageDrawing }) {
  const used = fates.filter((fate) => ways.some((way) => way.fate === fate))
  return (
    <figure>
      <Scroll label="Drawing of where columns go">
        <svg
          class="lineage"
          viewBox={`0 0 ${width} ${height}`}
          width={width}
          height={height}
          role="img"
          aria-label="Legacy columns on the left, new ones on the right"
        >
          {ways.map(({ fate, path, width: thickness, from, to }) => (
            <path key={`${from} ${to}`} class={`way ${fate}`} d={path} stroke-width={Math.max(2, thickness)}>
              <title>{`${from} → ${to}: ${fateWords[fate]}`}</title>
            </path>
          ))}
          {columns.map(({ side, label, shown, x, y, height: tall }) => (
            <g key={`${side} ${label}`}>
              <rect class="column" x={x} y={y} width="8" height={Math.max(2, tall)} />
              <text x={side === 'legacy' ? x - 6 : x + 14} y={y + tall / 2} dy="0.35em" text-anchor={side === 'legacy' ? 'end' : 'start'}>
                {shown}
              </text>
            </g>
          ))}
        </svg>
      </Scroll>
      <figcaption>
        {used.map((fate) => (
          <span key={fate} class="legend">
            <svg viewBox="0 0 36 8" width="36" height="8" aria-hidden="true">
              <path class={`way ${fate}`} d="M0 4H36" stroke-width="7" />
            </svg>{' '}
            {fateWords[fate]}
          </span>
        ))}{' '}
        Left: before. Right: after.
        {staying > 0 &&
          ` Not drawn: ${counted(staying, 'column')} that ${staying === 1 ? 'stays' : 'stay'} unchanged in ${staying === 1 ? 'its' : 'their'} place.`}
        {left > 0 && ` Not drawn for want of room: ${left} more, in the table.`}
      </figcaption>
    </figure>
  )
}

function LineageTable({ lineage }: { readonly lineage: readonly LineageEntry[] }) {
  return (
    <Scroll label="Where columns go">
      <table class="told">
        <thead>
          <tr>
            <th scope="col">before</th>
            <th scope="col">after</th>
            <th scope="col">fate</th>
            <th scope="col">how values change</th>
            <th scope="col">known by</th>
          </tr>
        </thead>
        <tbody>
          {lineage.map(({ from, to, fate, transform, known, because }, index) => (
            <tr key={index}>
              <th scope="row">
                <code>{from}</code>
              </th>
              <td>{to.length === 0 ? 'nowhere' : to.join(', ')}</td>
              <td class={`fate ${fate}`}>{fateWords[fate]}</td>
              <td>
                {transform}
                {because === undefined ? '' : ` (${because})`}
              </td>
              <td>{known}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
