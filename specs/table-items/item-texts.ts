import fc from 'fast-check'

/** A valid item, near the borders of what is valid. */
export const validItem = fc.record(
  {
    id: fc.constantFrom('a', 'b', 'c', 'x'.repeat(64)),
    productId: fc.constantFrom('p', 'q'),
    name: fc.string({ unit: 'binary', minLength: 1, maxLength: 5 }).map((text) => text.replaceAll('\0', '0')),
    quantity: fc.integer({ min: 1, max: 999 }),
    price: fc.integer({ min: 0, max: 99_999_999 }).map((cents) => (cents / 100).toFixed(2)),
    note: fc.string({ maxLength: 3 }),
  },
  { requiredKeys: ['id', 'productId', 'name', 'quantity', 'price'] },
)

const validItems = fc.uniqueArray(validItem, { maxLength: 3, selector: ({ id }) => id })

const oddKey = fc.constantFrom('id', 'productId', 'name', 'quantity', 'price', 'note', 'extra', '__proto__', 'ID')

/** JSON texts that sit on borders: of numbers, of texts, of types. */
const oddValue = fc.oneof(
  fc.constantFrom('null', 'true', '[]', '{}', '""', '0', '1', '999', '1000', '-1', '1.0', '1e0', '1e3', '9990e-1', '1e400', '1e-400'),
  fc.constantFrom('1.00000000000000000000001', '"1"', '"1.50"', '"1.5"', '"0.00"', '"00.00"', '"1000000.00"', '"1,50"', '"NaN"', '" 1.50"'),
  fc.constantFrom('"\\u0000"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83c\\udf5e"', '"\\\\u0000"', '"\\/"', '"a"', '"b"'),
  fc.nat({ max: 70 }).map((length) => JSON.stringify('é'.repeat(length))),
  fc.integer({ min: 195, max: 205 }).map((length) => JSON.stringify('🍞'.repeat(length))),
  fc.integer({ min: 498, max: 502 }).map((length) => JSON.stringify('x'.repeat(length))),
  fc.double().map((value) => JSON.stringify(value)),
  fc.json({ maxDepth: 3 }),
)

type Mutation = (texts: readonly (readonly string[])[]) => readonly (readonly string[])[]

/** An item as texts of its fields, so that keys may repeat and values may be what no JavaScript value is. */
const fieldsOf = (item: object) => Object.entries(item).map(([key, value]) => `${JSON.stringify(key)}:${JSON.stringify(value)}`)

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  fc.constant<Mutation>((items) => items),
  fc.tuple(oddKey, oddValue).map(
    ([key, value]): Mutation =>
      (items) =>
        items.map((fields, at) => (at === 0 ? [...fields, `${JSON.stringify(key)}:${value}`] : fields)),
  ),
  fc.tuple(oddKey, oddValue).map(
    ([key, value]): Mutation =>
      (items) =>
        items.map((fields) => [`${JSON.stringify(key)}:${value}`, ...fields]),
  ),
  oddKey.map(
    (key): Mutation =>
      (items) =>
        items.map((fields) => fields.filter((field) => !field.startsWith(`"${key}"`))),
  ),
  fc.constant<Mutation>((items) => [...items, ...items]),
)

const joined = (items: readonly (readonly string[])[]) => `[${items.map((fields) => `{${fields.join()}}`).join()}]`

/** Valid items with up to two mistakes, or none. Half of a surrogate pair comes only as an escape: UTF-8 has no other. */
export const mutatedText: fc.Arbitrary<string> = fc
  .tuple(validItems, fc.array(mutation, { maxLength: 2 }))
  .map(([items, mutations]) =>
    joined(mutations.reduce<readonly (readonly string[])[]>((texts, mutate) => mutate(texts), items.map(fieldsOf))),
  )

/** Any JSON, and what is nearly JSON. */
export const itemTexts: fc.Arbitrary<string> = fc.oneof(
  oddValue,
  fc.json({ maxDepth: 3 }),
  fc.array(oddValue, { maxLength: 3 }).map((values) => `[${values.join()}]`),
  fc.tuple(mutatedText, fc.nat({ max: 60 })).map(([text, at]) => text.slice(0, at)),
)
