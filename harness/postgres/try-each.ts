import { quoteLiteral } from './name.ts'
import type { Session } from './session.ts'

/** How one of several statements went. */
export type Tried =
  | { readonly outcome: 'accepted' }
  /** `constraint` is what refused it; of NOT NULL the attribute; empty where it was neither. */
  | { readonly outcome: 'refused'; readonly sqlstate: string; readonly constraint: string; readonly message: string }

/** The caller's own condition, by which a statement that went well is undone. */
const undo = 'GDW00'

/**
 * Send statements in one round trip, each in a subtransaction of its own. In an open transaction, on a database that has PL/pgSQL.
 *
 * @param options.keep  Keep what those do that are accepted. Otherwise each is undone at once, and what waits for COMMIT is checked before.
 * @returns How each went, in their order.
 * @throws {StatementError} `42704` where there is no PL/pgSQL; where the session is broken or its transaction aborted.
 */
export async function tryEach(
  session: Session,
  statements: readonly string[],
  { keep = false }: { readonly keep?: boolean } = {},
): Promise<readonly Tried[]> {
  if (statements.length === 0) return []
  const accept = `godwit_tried := godwit_tried || '[{"outcome": "accepted"}]'::pg_catalog.jsonb;`
  const [behind, undone] = keep
    ? [accept, '']
    : [`SET CONSTRAINTS ALL IMMEDIATE; RAISE SQLSTATE '${undo}';`, `WHEN SQLSTATE '${undo}' THEN ${accept}`]
  const body = `
DECLARE
  godwit_tried pg_catalog.jsonb := '[]';
  godwit_one pg_catalog.text;
  godwit_constraint pg_catalog.text;
  godwit_column pg_catalog.text;
BEGIN
  FOREACH godwit_one IN ARRAY ARRAY[${statements.map((each) => quoteLiteral(each)).join(',\n')}]::pg_catalog.text[] LOOP
    BEGIN
      EXECUTE godwit_one;
      ${behind}
    EXCEPTION
      ${undone}
      WHEN OTHERS OR ASSERT_FAILURE THEN
        GET STACKED DIAGNOSTICS godwit_constraint = CONSTRAINT_NAME, godwit_column = COLUMN_NAME;
        godwit_tried := godwit_tried || pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
          'outcome', 'refused', 'sqlstate', SQLSTATE, 'message', SQLERRM,
          'constraint', CASE SQLSTATE WHEN '23502' THEN godwit_column ELSE godwit_constraint END));
    END;
  END LOOP;
  PERFORM pg_catalog.set_config('godwit.tried', godwit_tried::pg_catalog.text, true);
END`
  const results = await session.script(`DO ${quoteLiteral(body)};\nSELECT pg_catalog.current_setting('godwit.tried')`)
  return JSON.parse(results.at(-1)?.rows[0]?.[0] ?? '[]') as readonly Tried[]
}
