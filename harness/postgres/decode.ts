import pg from 'pg'

type Decode = (text: string) => unknown

const asText: Decode = (text) => text
const TEXT_ARRAY = 1009
// The types know the OIDs of scalars only.
const parserOf = pg.types.getTypeParser as unknown as (oid: number) => Decode
const asTextArray: Decode = (text) => parserOf(TEXT_ARRAY)(text)

/** Where `pg` would lose something: dates and intervals become objects of another precision, numeric[] becomes floats. */
const overridden = new Map<number, Decode>([
  ...[1082, 1083, 1114, 1184, 1186, 1266].map((oid): [number, Decode] => [oid, asText]),
  ...[1115, 1182, 1185, 1187, 1231].map((oid): [number, Decode] => [oid, asTextArray]),
])

/** What `Session.query` decodes: int8, numeric, dates and times stay texts, json is parsed, the rest as `pg` decodes it. */
export const decodedTypes = {
  getTypeParser: (oid: number): Decode => overridden.get(oid) ?? parserOf(oid),
}

/** Every cell as the text that the server's output function wrote. */
export const rawTypes = { getTypeParser: (): Decode => asText }
