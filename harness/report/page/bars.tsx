import { formatDuration } from '../visible-text.ts'
import { Scroll } from './scroll.tsx'

/** Durations as bars in a table: what is drawn is also written. */
export function DurationBars(props: {
  readonly label: string
  readonly of: string
  readonly bars: readonly { readonly name: string; readonly ms: number; readonly note?: string | undefined }[]
}) {
  const { label, of, bars } = props
  const longest = Math.max(1, ...bars.map(({ ms }) => ms))
  return (
    <Scroll label={label}>
      <table class="bars">
        <thead>
          <tr>
            <th scope="col">{of}</th>
            <th scope="col">time</th>
            <td aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {bars.map(({ name, ms, note }, index) => (
            <tr key={index}>
              <th scope="row">{name}</th>
              <td>
                {formatDuration(ms)}
                {note === undefined ? '' : ` ${note}`}
              </td>
              <td aria-hidden="true">
                <Bar width={Math.round((ms * 1_000) / longest) / 10} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

/** Stretches of time under each other on one scale: what is drawn is also written. */
export function TimeBars(props: {
  readonly label: string
  readonly columns: readonly [string, string]
  readonly bars: readonly { readonly name: string; readonly note: string; readonly fromMs: number; readonly toMs: number }[]
}) {
  const { label, columns, bars } = props
  const last = Math.max(1, ...bars.map(({ toMs }) => toMs))
  const place = (ms: number) => Math.round((ms * 1_000) / last) / 10
  return (
    <Scroll label={label}>
      <table class="bars">
        <thead>
          <tr>
            <th scope="col">{columns[0]}</th>
            <th scope="col">{columns[1]}</th>
            <th scope="col">from</th>
            <th scope="col">to</th>
            <td aria-hidden="true" />
          </tr>
        </thead>
        <tbody>
          {bars.map(({ name, note, fromMs, toMs }, index) => (
            <tr key={index}>
              <th scope="row">{name}</th>
              <td>{note}</td>
              <td>{formatDuration(fromMs)}</td>
              <td>{formatDuration(toMs)}</td>
              <td aria-hidden="true">
                <Bar from={place(fromMs)} width={Math.round((place(toMs) - place(fromMs)) * 10) / 10} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}

/** One bar of a row, in hundredths of its width; the shortest can still be seen. */
function Bar({ from, width }: { readonly from?: number; readonly width: number }) {
  return (
    <svg viewBox="0 0 100 8" preserveAspectRatio="none" width="100%" height="10" aria-hidden="true">
      <rect class="bar" {...(from === undefined ? {} : { x: from })} width={Math.max(0.5, width)} height="8" />
    </svg>
  )
}
