import { randomBytes } from 'node:crypto'

/** Eight hexadecimal digits that no other run has, for the names of its databases. */
export function newRun(): string {
  return randomBytes(4).toString('hex')
}

/** What the sessions of a run are called, cluster-wide and for everybody to see. */
export function applicationName(run: string | undefined): string {
  return run === undefined ? 'godwit' : `godwit ${run}`
}
