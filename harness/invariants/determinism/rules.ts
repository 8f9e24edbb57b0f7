import type { Rule } from '../../result/index.ts'

export const rules = {
  random: {
    severity: 'warning',
    title: 'values come from chance',
    meaning: 'Two runs on the same rows write different values, because they are drawn at random.',
    remedy: 'Derive the value from the row where two runs must agree.',
  },
  clock: {
    severity: 'warning',
    title: 'values come from the clock',
    meaning: 'Two runs on the same rows write different values, because they are instants of the run.',
    remedy: 'Derive the value from the row where two runs must agree.',
  },
  'row-order': {
    severity: 'error',
    title: 'the result depends on how the rows happen to lie',
    meaning: 'The same rows in another physical order give other migrated rows: a pick without ORDER BY.',
    remedy: 'Order by a key.',
  },
  session: {
    severity: 'error',
    title: 'the result depends on the time zone of the session',
    meaning:
      'The same rows become other rows where the session that migrates has another TimeZone: a date or time without a zone is read by the setting of the session.',
    remedy: "Name the zone: AT TIME ZONE 'UTC', or SET LOCAL TimeZone at the beginning of the migration.",
  },
} as const satisfies Readonly<Record<string, Rule>>
