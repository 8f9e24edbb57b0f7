import { defineContract } from 'godwit'
import { workload } from '../../../../../fixtures/apps/pos/workload.ts'

export default defineContract({
  workload,
  measures: [
    {
      // SQL NULL says that nobody has entered items; JSON null and the empty list say that somebody has.
      name: 'tables with items',
      relation: 'public.tables',
      before: `SELECT "id" AS key, 0 AS value FROM "tables"`,
      after: `SELECT "id" AS key, ("items" IS NOT NULL)::int AS value FROM "tables"`,
    },
  ],
  online: { lockWaitMs: 500 },
})
