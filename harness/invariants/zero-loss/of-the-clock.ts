import type { RunObservation } from '../../run/index.ts'

/** Clocks of two processes on one machine differ by less; the server's transaction may have begun before. */
const slackMs = 60_000

/**
 * Whether a text is a time at which `up` ran: of an instant to the minute, of a time without a zone in any zone.
 *
 * @param type  As `format_type` writes it.
 */
export function ofTheClock(text: string | null | undefined, type: string, clock: RunObservation['clock']): boolean {
  if (typeof text !== 'string' || clock === undefined || !type.startsWith('timestamp')) return false
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d(?:\.\d+)?)([+-]\d\d(?::?\d\d)?)?$/.exec(text)
  if (match === null) return false
  const [, day, time, zone] = match
  const offset = zone === undefined ? 'Z' : zone.length === 3 ? `${zone}:00` : zone
  const at = Date.parse(`${day}T${time}${offset}`)
  // The clocks of the world stand whole quarters of an hour apart, at most fourteen hours from Greenwich.
  const quarter = 15 * 60_000
  const away = zone === undefined && Math.abs(at - clock.from) <= 14.5 * 4 * quarter ? Math.round((at - clock.from) / quarter) * quarter : 0
  return at - away >= clock.from - slackMs && at - away <= clock.to + slackMs
}
