import { quoteLiteral, type Session } from '../../../postgres/index.ts'

/** The caller's own condition, by which an insert that went well is undone. */
const undo = 'GDW00'

/**
 * Which statements the database takes, in one round trip; nothing of them stays. In an open transaction.
 *
 * @returns For each whether it went well.
 */
export async function tryCandidates(session: Session, statements: readonly string[]): Promise<readonly boolean[]> {
  if (statements.length === 0) return []
  const list = statements.map((each) => quoteLiteral(each)).join(',\n')
  const body = `
DECLARE
  godwit_tried pg_catalog.text := '';
  godwit_one pg_catalog.text;
BEGIN
  FOREACH godwit_one IN ARRAY ARRAY[${list}]::pg_catalog.text[] LOOP
    BEGIN
      EXECUTE godwit_one;
      SET CONSTRAINTS ALL IMMEDIATE;
      RAISE SQLSTATE '${undo}';
    EXCEPTION
      WHEN SQLSTATE '${undo}' THEN godwit_tried := godwit_tried || '1';
      WHEN OTHERS THEN godwit_tried := godwit_tried || '0';
    END;
  END LOOP;
  PERFORM pg_catalog.set_config('godwit.tried', godwit_tried, true);
END`
  const results = await session.script(`DO ${quoteLiteral(body)};\nSELECT pg_catalog.current_setting('godwit.tried')`)
  const tried = results.at(-1)?.rows[0]?.[0] ?? ''
  return statements.map((_, at) => tried[at] === '1')
}
