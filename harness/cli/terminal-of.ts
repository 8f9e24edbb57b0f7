/** How to write to a stream: colours on a terminal only, unless NO_COLOR or FORCE_COLOR say otherwise; nothing is wrapped in a pipe. */
export function terminalOf(stream: { readonly isTTY?: boolean; readonly columns?: number }): {
  readonly color: boolean
  readonly columns: number
} {
  const { NO_COLOR, FORCE_COLOR, TERM } = process.env
  const wanted = (FORCE_COLOR ?? '') !== '' || (stream.isTTY === true && TERM !== 'dumb')
  return { color: wanted && (NO_COLOR ?? '') === '', columns: stream.isTTY === true ? (stream.columns ?? 80) : Number.POSITIVE_INFINITY }
}
