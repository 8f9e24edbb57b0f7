/** Names our marks among all advisory locks: the first of two keys. */
export const markClass = 6_345_495

/** Opens what tells how a condition comes out; a comment tells it from the user's own text. */
export const tellBefore = '(CASE /*godwit*/ (('

/**
 * An expression that notes a mark and is true.
 *
 * A session-level advisory lock is what no rollback takes back, not even that of a block with EXCEPTION; it needs no right and no object,
 * works where nothing may be written, and outlives COMMIT.
 */
export function noted(mark: number): string {
  return `pg_catalog.pg_try_advisory_lock_shared(${markClass}, ${mark})`
}

/** Closes what tells how a condition comes out: by one mark for true, one for false, one for NULL. */
export function tellBehind(first: number): string {
  return `)::boolean) WHEN true THEN ${noted(first)} WHEN false THEN NOT ${noted(first + 1)} ELSE ${noted(first + 2)} AND NULL END)`
}

/** A statement that notes a mark. It sets neither FOUND nor ROW_COUNT, as PERFORM would. */
export function noting(condition: string): string {
  return ` IF ${condition} THEN END IF;`
}

/** The counter of a loop's passes. */
export function counterOf(loop: number): string {
  return `godwit_pass_${loop}`
}

/** Reads the marks that a session has noted since its locks were let go. */
export const marksSql = `SELECT l.objid FROM pg_catalog.pg_locks AS l WHERE l.locktype = 'advisory' AND l.classid = ${markClass} AND l.objsubid = 2 AND l.pid = pg_catalog.pg_backend_pid() AND l.granted`
