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
    title: 'the result depends on a setting of the session',
    meaning:
      'The same rows become other rows where the session that migrates has another TimeZone or DateStyle: a date or time without a zone, or a text such as 03/04/2021, is read by the setting of the session.',
    remedy:
      "Name the zone (AT TIME ZONE 'UTC') or the form (to_date(…, 'DD/MM/YYYY')), or SET LOCAL the setting at the beginning of the migration.",
  },
} as const satisfies Readonly<Record<string, Rule>>
