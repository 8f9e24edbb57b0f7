import { decide } from './decide.ts'
import { mirrorTables, refuseWrites } from './mirror.ts'
import type { Decision } from './model.ts'
import { prepare } from './prepare.ts'
import { readStore } from './read-store.ts'
import { recordBatch } from './record-batch.ts'
import { findDifferences } from './tally.ts'
import { poisoned, upsertSql, writeBatch } from './write-batch.ts'

/** The steps of a run that specs put sabotaged ones in the place of. */
export interface Parts {
  readonly readStore: typeof readStore
  readonly prepare: typeof prepare
  readonly decide: typeof decide
  readonly upsertSql: typeof upsertSql
  readonly poisoned: typeof poisoned
  readonly writeBatch: typeof writeBatch
  readonly recordBatch: typeof recordBatch
  readonly findDifferences: typeof findDifferences
  readonly mirrorTables: typeof mirrorTables
  readonly refuseWrites: typeof refuseWrites
  /** Schema that a dry run writes to. */
  readonly drySchema: (live: string) => string
  /** In which kinds a run looks, besides the known ones. */
  readonly withUnknown: boolean
  readonly keepAside: (decisions: readonly Decision[]) => readonly Decision[]
}

export const ownParts: Parts = {
  readStore,
  prepare,
  decide,
  upsertSql,
  poisoned,
  writeBatch,
  recordBatch,
  findDifferences,
  mirrorTables,
  refuseWrites,
  drySchema: () => 'pg_temp',
  withUnknown: true,
  keepAside: (decisions) => decisions,
}
