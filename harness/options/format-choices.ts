import type { FormatName } from '../formats/index.ts'

/** As `formatNames` has them; said again so that the help does not wait for a parser of SQL to load. */
export const formatChoices: readonly ('auto' | FormatName)[] = [
  'auto',
  'pair',
  'sql',
  'prisma',
  'supabase',
  'drizzle',
  'golang-migrate',
  'dbmate',
  'goose',
  'flyway',
  'diesel',
  'node-pg-migrate',
  'sqitch',
  'graphile-migrate',
  'command',
]
