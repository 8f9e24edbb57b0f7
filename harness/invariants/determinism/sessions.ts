import type { SessionSetting } from './repetition.ts'

/**
 * The settings of a session somewhere else. A zone half a day ahead, with a quarter of an hour in its offset and clocks that are put forward
 * and back; days before months; and other forms in which intervals and bytes become texts.
 */
const elsewhere: Readonly<Record<SessionSetting, string>> = {
  TimeZone: 'Pacific/Chatham',
  DateStyle: 'SQL, DMY',
  IntervalStyle: 'iso_8601',
  bytea_output: 'escape',
}

/** Each setting with its other value. */
export const otherSessions = Object.entries(elsewhere) as readonly (readonly [SessionSetting, string])[]

/** All of them at once: rows that do not differ under these differ under none of them. */
export const otherSettings: Readonly<Record<string, string>> = elsewhere

/** The settings of a session in another zone. */
export const otherZone = { TimeZone: elsewhere.TimeZone } as const
