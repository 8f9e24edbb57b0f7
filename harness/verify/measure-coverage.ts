import type { Catalog } from '../catalog/index.ts'
import { Coverage, calledFunctions, enumerateTargets, madeStable } from '../coverage/index.ts'
import type { Subject } from '../lineage/index.ts'
import type { Session } from '../postgres/index.ts'
import { scriptsOf } from '../run/index.ts'

/**
 * What generated rows can reach in a migration.
 *
 * @param session  On the database just before `up`, to ask which functions are volatile.
 * @param migrated  As `up` left it on an empty database, where it did.
 */
export async function coverageOf(session: Session, subject: Subject, migrated: Catalog | undefined): Promise<Coverage> {
  const { up, down } = subject.migration
  const [ups, downs] = [scriptsOf(up), scriptsOf(down)]
  const called = calledFunctions([...ups, ...downs])
  const known =
    called.length === 0
      ? []
      : await session.query<{ name: string }>(
          `SELECT proname AS name FROM pg_catalog.pg_proc WHERE proname = ANY ($1) GROUP BY proname HAVING pg_catalog.bool_and(provolatile <> 'v')`,
          [called],
        )
  const safe = new Set([...known.map(({ name }) => name), ...[...ups, ...downs].flatMap(({ statements }) => madeStable(statements))])
  const isSafe = (name: string) => safe.has(name)
  return new Coverage(
    ups.flatMap((script) => enumerateTargets(script, 'up', { catalog: subject.legacy, isSafe })),
    migrated === undefined ? [] : downs.flatMap((script) => enumerateTargets(script, 'down', { catalog: migrated, isSafe })),
  )
}
