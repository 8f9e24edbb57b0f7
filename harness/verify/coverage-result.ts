import type { Coverage, Measured } from '../coverage/index.ts'
import type { CoverageResult } from '../result/index.ts'

/** Most places that are named among what was not checked; the report has all. */
const mostNamed = 10

/** What became of each target, as a result has it. @param wanted  The least share, in percent. */
export function coverageResult(coverage: Coverage, wanted: number | undefined): CoverageResult {
  const measured = coverage.measured()
  const count = (state: Measured['state']) => measured.filter((each) => each.state === state).length
  return {
    reached: count('reached'),
    feasible: count('reached') + count('left'),
    infeasible: count('infeasible'),
    unmeasured: count('unmeasured'),
    wanted: wanted ?? null,
    targets: measured.map(({ target, state, run, because }) => {
      const { direction, file, line, kind, text, outcome } = target
      return { direction, file, line, kind, text, outcome, state, run: run ?? null, because: because ?? null }
    }),
  }
}

/** What no generated row has reached, and what could not be measured: one text for each place. */
export function notReached(coverage: Coverage | undefined): readonly string[] {
  const places = new Map<string, string[]>()
  for (const { target, state, because } of coverage?.measured() ?? []) {
    if (state !== 'left' && state !== 'unmeasured') continue
    const place = `${target.file}:${target.line}: "${target.text}"`
    const key = state === 'left' ? `no generated row reached ${place}` : `not measured ${place}, because ${because}`
    places.set(key, [...(places.get(key) ?? []), target.outcome])
  }
  const texts = [...places].map(([text, outcomes]) => `${text}: ${outcomes.join(', ')}`)
  const more = texts.length - mostNamed
  return more > 1 ? [...texts.slice(0, mostNamed), `${more} more places that no generated row reached, or that were not measured`] : texts
}
