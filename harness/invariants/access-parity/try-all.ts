import { quoteLiteral, type Session } from '../../postgres/index.ts'

/** One attempt: somebody sends one statement. */
export interface Attempt {
  readonly role: string
  readonly settings: Readonly<Record<string, string>>
  readonly sql: string
  /** Whether it answers with one text, a JSON array. */
  readonly answers: boolean
}

export type Attempted = { readonly sqlstate: string; readonly message: string } | { readonly answer: unknown }

/** The caller's own condition, by which what an attempt did is undone. */
const undo = 'GDW00'

/**
 * Send statements as other roles, each undone at once, all in one round trip. In an open transaction, as a superuser.
 *
 * @returns For each what it answered, or the error that ended it.
 */
export async function tryAll(session: Session, attempts: readonly Attempt[]): Promise<readonly Attempted[]> {
  if (attempts.length === 0) return []
  const json = JSON.stringify(attempts)
  const body = `
DECLARE
  godwit_results pg_catalog.jsonb := '[]';
  godwit_one pg_catalog.jsonb;
  godwit_answer pg_catalog.text;
  godwit_setting record;
BEGIN
  FOR godwit_one IN SELECT pg_catalog.jsonb_array_elements(${quoteLiteral(json)}::pg_catalog.jsonb) LOOP
    godwit_answer := NULL;
    BEGIN
      FOR godwit_setting IN SELECT * FROM pg_catalog.jsonb_each_text(godwit_one -> 'settings') LOOP
        PERFORM pg_catalog.set_config(godwit_setting.key, godwit_setting.value, true);
      END LOOP;
      EXECUTE pg_catalog.format('SET LOCAL ROLE %I', godwit_one ->> 'role');
      IF (godwit_one ->> 'answers')::pg_catalog.bool THEN
        EXECUTE godwit_one ->> 'sql' INTO godwit_answer;
      ELSE
        EXECUTE godwit_one ->> 'sql';
      END IF;
      RAISE SQLSTATE '${undo}';
    EXCEPTION
      WHEN SQLSTATE '${undo}' THEN
        godwit_results := godwit_results || pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('answer', godwit_answer::pg_catalog.jsonb));
      WHEN OTHERS THEN
        godwit_results := godwit_results || pg_catalog.jsonb_build_array(pg_catalog.jsonb_build_object('sqlstate', SQLSTATE, 'message', SQLERRM));
    END;
  END LOOP;
  PERFORM pg_catalog.set_config('godwit.attempts', godwit_results::pg_catalog.text, true);
END`
  const results = await session.script(`DO ${quoteLiteral(body)};\nSELECT pg_catalog.current_setting('godwit.attempts')`)
  const answers = JSON.parse(results.at(-1)?.rows[0]?.[0] ?? '[]') as readonly Attempted[]
  return attempts.map((_, at) => answers[at] ?? { sqlstate: 'XX000', message: 'no answer' })
}
