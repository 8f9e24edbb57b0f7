import { SourceText } from '../migration/index.ts'

/**
 * A statement that fails where a condition does not hold, as the tool stops there. It stands at the condition's own place.
 *
 * @param condition  An SQL expression; NULL counts as not held.
 * @param message    What the tool would say.
 */
export function assertion(condition: SourceText, message: string): SourceText {
  const at = (text: string) => condition.inPlace(0, text)
  return SourceText.join([
    at('DO $godwit$ BEGIN IF ('),
    condition,
    // On a line of its own: the condition may end in a comment.
    at(`\n) IS NOT TRUE THEN RAISE EXCEPTION USING MESSAGE = '${message.replaceAll("'", "''")}'; END IF; END $godwit$;`),
  ])
}
