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
                <svg viewBox="0 0 100 8" preserveAspectRatio="none" width="100%" height="10" aria-hidden="true">
                  <rect class="bar" width={Math.max(0.5, Math.round((ms * 1_000) / longest) / 10)} height="8" />
                </svg>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Scroll>
  )
}
