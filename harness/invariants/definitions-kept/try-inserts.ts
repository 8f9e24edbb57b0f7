import { quoteLiteral, type Session } from '../../postgres/index.ts'

/** How an INSERT went, that was undone at once. */
export type Tried =
  | { readonly outcome: 'accepted' }
  /** `constraint` is what refused it; of NOT NULL the attribute. */
  | { readonly outcome: 'refused'; readonly sqlstate: string; readonly constraint: string }

/** The caller's own condition, by which an INSERT that went well is undone. */
const undo = 'GDW00'

/** Send INSERTs, each undone at once, in one round trip. What waits for COMMIT is checked at once. In an open transaction. */
export async function tryInserts(session: Session, statements: readonly string[]): Promise<readonly Tried[]> {
  if (statements.length === 0) return []
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
      SET CONSTRAINTS ALL IMMEDIATE;
      RAISE SQLSTATE '${undo}';
    EXCEPTION
      WHEN SQLSTATE '${undo}' THEN godwit_tried := godwit_tried || '[{"outcome": "accepted"}]'::pg_catalog.jsonb;
      WHEN OTHERS THEN
        GET STACKED DIAGNOSTICS godwit_constraint = CONSTRAINT_NAME, godwit_column = COLUMN_NAME;
        godwit_tried := godwit_tried || pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object(
          'outcome', 'refused', 'sqlstate', SQLSTATE, 'constraint', CASE SQLSTATE WHEN '23502' THEN godwit_column ELSE godwit_constraint END));
    END;
  END LOOP;
  PERFORM pg_catalog.set_config('godwit.inserted', godwit_tried::pg_catalog.text, true);
END`
  const results = await session.script(`DO ${quoteLiteral(body)};\nSELECT pg_catalog.current_setting('godwit.inserted')`)
  return JSON.parse(results.at(-1)?.rows[0]?.[0] ?? '[]') as readonly Tried[]
}
