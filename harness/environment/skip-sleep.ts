import type { Script } from '../migration/index.ts'
import type { Session } from '../postgres/index.ts'

/** Where scripts sleep: the first statement of each file that names `pg_sleep`, `pg_sleep_for` or `pg_sleep_until`, in a body or a text too. */
export function sleepsIn(scripts: readonly Script[]): readonly string[] {
  return scripts.flatMap(({ statements }) => {
    const first = statements.find(({ text }) => /\bpg_sleep(_for|_until)?\b/i.test(text))
    return first === undefined ? [] : [`${first.file}:${first.line}`]
  })
}

/** Never given out by a server: of the range that PostgreSQL's developers use between two releases, and pinned like all that initdb makes. */
const standInOid = 9_999
const sleepOid = 2_626
const sleepForAndUntil = '(3935, 3936)'

/**
 * Makes the sleeping functions of one database return at once; for the superuser, in a transaction.
 *
 * The server runs the C code of a built-in OID whatever the catalog says of it, so `pg_sleep` gets another row. It has the name, the place, the
 * rights and the kind of the real one, and an OID below those of users' objects: no dump and no reader of catalogs sees it, and every name
 * means what it meant. `void_in` is the built-in function that returns void and does nothing.
 */
export const skipSleepSql = `
  UPDATE pg_catalog.pg_proc SET pronamespace = 'pg_toast'::pg_catalog.regnamespace WHERE oid = ${sleepOid};
  INSERT INTO pg_catalog.pg_proc
    SELECT (pg_catalog.jsonb_populate_record(p, pg_catalog.jsonb_build_object('oid', ${standInOid}, 'prosrc', 'void_in', 'pronamespace', 'pg_catalog'::pg_catalog.regnamespace::pg_catalog.oid))).*
      FROM pg_catalog.pg_proc AS p WHERE p.oid = ${sleepOid};
  UPDATE pg_catalog.pg_proc AS p SET prolang = s.prolang, prosrc = s.prosrc, prosqlbody = NULL
    FROM pg_catalog.pg_proc AS s WHERE s.oid = ${standInOid} AND p.oid IN ${sleepForAndUntil}`

/** Let `pg_sleep` and its like wait again in this database, where how long a step takes is what is looked at; nothing where they do. */
export async function restoreSleep(session: Session): Promise<void> {
  const [skipped] = await session.query("SELECT FROM pg_catalog.pg_proc WHERE oid = $1 AND prosrc = 'void_in'", [standInOid])
  if (skipped === undefined) return
  // The row stays, since bodies of BEGIN ATOMIC know the function by its OID.
  await session.script(`BEGIN;
    UPDATE pg_catalog.pg_proc SET prosrc = 'pg_sleep' WHERE oid = ${standInOid};
    UPDATE pg_catalog.pg_proc SET prolang = (SELECT l.oid FROM pg_catalog.pg_language AS l WHERE l.lanname = 'sql'),
      prosrc = 'SELECT pg_catalog.pg_sleep(extract(epoch FROM ' ||
        CASE oid WHEN 3935 THEN 'pg_catalog.clock_timestamp() + $1' ELSE '$1' END || ') - extract(epoch FROM pg_catalog.clock_timestamp()))'
      WHERE oid IN ${sleepForAndUntil};
    COMMIT`)
}
