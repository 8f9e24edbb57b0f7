import type { Contract } from '../../migration/index.ts'

/** How a migration is looked at under live traffic. */
export interface OnlineOptions {
  /** Rows in each table that the migration touches. Default 20 000, fewer where it touches many. */
  readonly rows?: number | undefined
  /** Longest that a client's statement may wait behind the migration. Default 1 000; a contract may say another. */
  readonly lockWaitMs?: number | undefined
}

const defaultWaitMs = 1000

/** How long a client's statement may wait behind the migration, in milliseconds. */
export function longestWaitMs(contract: Contract, options: OnlineOptions = {}): number {
  return contract.online?.lockWaitMs ?? options.lockWaitMs ?? defaultWaitMs
}
