import type { Question } from './target.ts'

const tag = '$godwit_question$'

/**
 * The setting in which the answers to the questions before a statement stand: one for each question, joined by commas; its digits, or `!`
 * and an SQLSTATE where every form of the question failed.
 */
export function answerSetting(statement: number): string {
  return `godwit.answer_${statement}`
}

/**
 * A statement that asks questions and changes nothing: each is asked in a subtransaction that may only read and is rolled back, so that
 * neither an error nor a lock stays behind. Undefined where nothing can be asked.
 */
export function guardedQuestions(statement: number, questions: readonly Question[]): string | undefined {
  if (questions.length === 0 || questions.some(({ queries }) => queries.some((query) => query.includes('$godwit_')))) return undefined
  const asked = questions.map(
    ({
      queries,
    }) => `${queries.map((query, at) => (at === 0 ? attempt(query) : `IF answer LIKE '!%' THEN ${attempt(query)} END IF;`)).join('\n')}
all_answers := all_answers || ',' || answer;`,
  )
  return `DO $godwit_questions$ DECLARE answer text; all_answers text := ''; BEGIN
${asked.join('\n')}
PERFORM pg_catalog.set_config('${answerSetting(statement)}', pg_catalog.substr(all_answers, 2), false);
END $godwit_questions$`
}

function attempt(query: string): string {
  return `BEGIN
PERFORM pg_catalog.set_config('transaction_read_only', 'on', true);
EXECUTE ${tag}${query}${tag} INTO answer;
RAISE EXCEPTION USING ERRCODE = 'GW000', MESSAGE = answer;
EXCEPTION WHEN OTHERS THEN answer := CASE SQLSTATE WHEN 'GW000' THEN SQLERRM ELSE '!' || SQLSTATE END;
END;`
}
