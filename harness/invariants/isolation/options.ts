/** How a migration is interleaved with a client. */
export interface IsolationOptions {
  /** At most so many interleavings for a migration; default 60. */
  readonly schedules?: number | undefined
}

export const defaultSchedules = 60
