/**
 * Modes that stop clients: by name, whom they stop. Weaker ones (`ShareUpdateExclusiveLock` of VALIDATE CONSTRAINT and of CREATE INDEX
 * CONCURRENTLY, `RowExclusiveLock` of DML) let reads and writes pass.
 *
 * @see https://www.postgresql.org/docs/current/explicit-locking.html#LOCKING-TABLES
 */
const stopped: ReadonlyMap<string, string> = new Map([
  ['ShareLock', 'writers'],
  ['ShareRowExclusiveLock', 'writers'],
  ['ExclusiveLock', 'writers'],
  ['AccessExclusiveLock', 'readers and writers'],
])

/** Whom a lock on a relation keeps waiting; undefined for a mode that reads and writes pass. */
export function whomItStops(mode: string): string | undefined {
  return stopped.get(mode)
}

/** As the documentation writes it: `AccessExclusiveLock` → `ACCESS EXCLUSIVE`. */
export function modeText(mode: string): string {
  return mode
    .replace(/Lock$/, '')
    .replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toUpperCase()
}
