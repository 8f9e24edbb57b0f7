import type pg from 'pg'

type Decode = (text: string) => unknown

const asText: Decode = (text) => text
const TEXT_ARRAY = 1009
/** `pg` would lose something of these: dates and intervals become objects of another precision, numeric[] becomes floats. */
const asTexts = new Set([1082, 1083, 1114, 1184, 1186, 1266])
const asTextArrays = new Set([1115, 1182, 1185, 1187, 1231])

/**
 * What `Session.query` decodes: int8, numeric, dates and times stay texts, json is parsed, the rest as `pg` decodes it.
 *
 * @param types  Those of `pg`.
 */
export function decodedBy(types: typeof pg.types): { getTypeParser(oid: number): Decode } {
  // The types know the OIDs of scalars only.
  const parserOf = types.getTypeParser as unknown as (oid: number) => Decode
  return { getTypeParser: (oid) => (asTexts.has(oid) ? asText : parserOf(asTextArrays.has(oid) ? TEXT_ARRAY : oid)) }
}

/** Every cell as the text that the server's output function wrote. */
export const rawTypes = { getTypeParser: (): Decode => asText }
