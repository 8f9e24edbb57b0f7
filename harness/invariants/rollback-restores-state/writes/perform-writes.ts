import type { Session } from '../../../postgres/index.ts'
import type { Write } from './model.ts'

/**
 * Make writes one after the other in one message; what the server refuses is undone, and the write's next statement tried. Deferred constraints
 * are checked with each, as the commit of an application would.
 *
 * @param session  Of a database that has PL/pgSQL.
 * @returns Those that wrote a row: their positions, and the statement that did.
 */
export async function performWrites(session: Session, writes: readonly Write[]): Promise<readonly Performed[]> {
  if (writes.length === 0) return []
  const body = writes.map(({ statements }, at) => attempt(statements, at)).join('\n')
  const results = await session.script(
    `DO $godwit$ DECLARE written text := ''; touched bigint; BEGIN
${body}
PERFORM pg_catalog.set_config('godwit.written', written, false);
END $godwit$;
SELECT pg_catalog.current_setting('godwit.written')`,
  )
  const text = results.at(-1)?.rows[0]?.[0] ?? ''
  return text
    .split(' ')
    .filter((each) => each !== '')
    .map((each): Performed => {
      const [at = 0, choice = 0] = each.split(':').map(Number)
      return { at, statement: writes[at]?.statements[choice] ?? '' }
    })
}

/** A write that wrote a row. */
export interface Performed {
  readonly at: number
  /** The one of its statements that was not refused. */
  readonly statement: string
}

/** The first statement that writes a row and is not refused. */
function attempt([first, ...others]: readonly string[], at: number, choice = 0): string {
  if (first === undefined) return ''
  const next = others.length === 0 ? '' : `ELSE ${attempt(others, at, choice + 1)}`
  return `BEGIN ${first}; GET DIAGNOSTICS touched = ROW_COUNT; SET CONSTRAINTS ALL IMMEDIATE; EXCEPTION WHEN OTHERS THEN touched := 0; END;
IF touched > 0 THEN written := written || ' ${at}:${choice}'; ${next} END IF;`
}
