/** How a server is killed in the middle of a migration. */
export interface CrashOptions {
  /** How often, half of them between statements and half at any moment. Default 12. */
  readonly kills?: number | undefined
}

export const defaultKills = 12
