/** `3f2504e0-4f89-41d3-9a0c-0305e82c3301` in any of the forms that PostgreSQL reads. */
const uuid = /^\{?[0-9a-f]{4}(?:-?[0-9a-f]{4}){7}\}?$/i
const leastLength = 16
/** Of a word like `anthropicclaude3haiku20240307` there are three. */
const leastTurns = 4
const leastDistinct = 7

/**
 * Whether a text looks like an identifier that was drawn at random or issued by a clock and a counter (UUID, CUID, ULID, KSUID, nanoid, a
 * digest, a snowflake number): no row that was made elsewhere has the same one. Names with separators, and identifiers that somebody chose
 * (`00000000-0000-0000-0000-000000000001`), are none.
 */
export function isRandomIdentifier(text: string): boolean {
  if (/^\d+$/.test(text)) return text.length >= leastLength && distinct(text) >= leastDistinct
  if (uuid.test(text)) return distinct(text.toLowerCase()) > leastDistinct
  return text.split(/[^a-z0-9]+/i).some((part) => {
    const turns = part.match(/\d(?=[a-z])|[a-z](?=\d)/gi) ?? []
    return part.length >= leastLength && turns.length >= leastTurns && distinct(part) >= leastDistinct
  })
}

function distinct(text: string): number {
  return new Set(text).size
}
