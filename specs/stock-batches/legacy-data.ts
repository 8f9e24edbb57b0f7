import fc from 'fast-check'
import type { Session } from 'godwit'

/** A legacy row, every cell in PostgreSQL's input syntax. */
export type LegacyRow = Readonly<Record<string, string | null>>

/** Rows for the legacy schema, by table, parents first. Every foreign key resolves. */
export type LegacyData = Readonly<Record<LegacyTable, readonly LegacyRow[]>>

export type LegacyTable = 'companies' | 'users' | 'locations' | 'items' | 'expenses'

export const legacyAttributes: Readonly<Record<LegacyTable, readonly string[]>> = {
  companies: ['id', 'name', 'createdAt', 'updatedAt'],
  users: ['id', 'email', 'name', 'createdAt', 'updatedAt', 'companyId'],
  locations: ['id', 'name', 'createdAt', 'updatedAt', 'companyId'],
  items: [
    'id',
    'name',
    'status',
    'quantityInStock',
    'costPerUnitUSD',
    'freightCostUSD',
    'orderDate',
    'expectedArrival',
    'orderNumber',
    'notes',
    'createdAt',
    'updatedAt',
    'locationId',
    'assignedUserId',
    'companyId',
  ],
  expenses: ['id', 'description', 'amountUSD', 'date', 'createdAt', 'updatedAt', 'itemId', 'userId', 'companyId'],
}

export const legacyTables = ['companies', 'users', 'locations', 'items', 'expenses'] as const satisfies readonly LegacyTable[]

export const statuses = ['ToOrder', 'Ordered', 'InTransit', 'Arrived'] as const

/**
 * Any legal state of the legacy database, small: NULLs, borders of the types, empty and odd texts, parents that are not there.
 *
 * @param known  Attributes of items that are never NULL. The plan as written fails on most rows where these are.
 */
export function legacyData(known: readonly (keyof typeof nullableItemCells)[] = []): fc.Arbitrary<LegacyData> {
  const cells = Object.entries<fc.Arbitrary<string>>(nullableItemCells).map(([name, cell]) => [
    name,
    known.some((each) => each === name) ? cell : fc.option(cell),
  ])
  // Parents by number, taken modulo those there are: rows shrink away without touching the others.
  const parent = fc.option(fc.nat({ max: 5 }))
  return fc
    .record({
      companies: rows(2, { name: text, ...stamps }),
      users: rows(2, { name: fc.option(text), ...stamps, companyId: parent }),
      locations: rows(3, { name: text, ...stamps, companyId: parent }),
      items: rows(5, {
        name: text,
        ...Object.fromEntries(cells),
        ...stamps,
        locationId: parent,
        assignedUserId: parent,
        companyId: parent,
        only: fc.option(fc.constantFrom(...Object.keys(nullableItemCells), 'locationId', 'assignedUserId'), { freq: 2 }),
      }).map((items) => items.map((item) => sparse(item, known))),
      expenses: rows(2, {
        description: text,
        amountUSD: double,
        date: timestamp,
        ...stamps,
        itemId: parent,
        userId: parent,
        companyId: parent,
      }),
    })
    .map((made) => {
      const link = (draft: Draft, parents: Readonly<Record<string, readonly Draft[]>>): LegacyRow =>
        ({
          ...draft,
          ...Object.fromEntries(Object.entries(parents).map(([name, rows]) => [name, keyAt(rows, draft[name])])),
        }) as LegacyRow
      const { companies, users, locations, items } = made
      return {
        companies: companies.map((draft) => link(draft, {})),
        users: users.map((draft, index) => ({ ...link(draft, { companyId: companies }), email: `${index}@example.org` })),
        locations: locations.map((draft) => link(draft, { companyId: companies })),
        items: items.map((draft) => link(draft, { companyId: companies, locationId: locations, assignedUserId: users })),
        expenses: made.expenses.map((draft) => link(draft, { companyId: companies, itemId: items, userId: users })),
      }
    })
}

/** Insert the rows in one round trip per table, into the attributes that the legacy schema has. */
export async function seedLegacyData(session: Session, data: LegacyData): Promise<void> {
  for (const table of legacyTables) {
    if (data[table].length === 0) continue
    const list = legacyAttributes[table].map((name) => `"${name}"`).join(', ')
    await session.query(`INSERT INTO "${table}" (${list}) SELECT ${list} FROM jsonb_populate_recordset(NULL::"${table}", $1::jsonb)`, [
      JSON.stringify(data[table]),
    ])
  }
}

// PostgreSQL's text has no U+0000.
const text = fc.oneof(
  fc.constantFrom('', ' ', 'NULL', "it's", 'a"b\\c', ' outer blanks '),
  fc.string({ unit: 'binary', maxLength: 8 }).map((made) => made.replaceAll('\0', '')),
)

const integer = fc.oneof(
  { arbitrary: fc.integer({ min: -20, max: 20 }), weight: 3 },
  { arbitrary: fc.integer({ min: -2147483648, max: 2147483647 }), weight: 1 },
)

const double = fc.oneof(
  fc.double().map(doubleText),
  fc.integer({ min: -9999, max: 9999 }).map((cents) => doubleText(cents / 100)),
)

const timestamp = fc.oneof(
  { arbitrary: fc.date({ min: new Date('1990-01-01'), max: new Date('2040-01-01'), noInvalidDate: true }).map(timestampText), weight: 9 },
  { arbitrary: fc.constantFrom('infinity', '-infinity', '0001-01-01 00:00:00', '9999-12-31 23:59:59.999'), weight: 1 },
)

const stamps = { createdAt: timestamp, updatedAt: timestamp }

const nullableItemCells = {
  status: fc.constantFrom<string>(...statuses),
  quantityInStock: integer.map(String),
  costPerUnitUSD: double,
  freightCostUSD: double,
  orderDate: timestamp,
  expectedArrival: timestamp,
  orderNumber: text,
  notes: text,
}

type Draft = Readonly<Record<string, string | number | null>> & { readonly id: string }

function rows(maxLength: number, cells: Readonly<Record<string, fc.Arbitrary<string | number | null>>>): fc.Arbitrary<readonly Draft[]> {
  return fc.uniqueArray(fc.record({ ...cells, id: text }) as fc.Arbitrary<Draft>, { maxLength, selector: ({ id }) => id })
}

/** An item of which only one thing is known, where `only` names it: left to chance, no item would have just notes. */
function sparse({ only, ...item }: Draft, known: readonly string[]): Draft {
  const names = [...Object.keys(nullableItemCells), 'locationId', 'assignedUserId']
  const unknown = only === null ? [] : names.filter((name) => name !== only && !known.includes(name))
  return { ...item, ...Object.fromEntries(unknown.map((name) => [name, null])), id: item.id }
}

function keyAt(parents: readonly Draft[], at: string | number | null | undefined): string | null {
  return typeof at === 'number' ? (parents[at % parents.length]?.id ?? null) : null
}

function doubleText(value: number): string {
  return Object.is(value, -0) ? '-0' : String(value)
}

function timestampText(date: Date): string {
  return date.toISOString().slice(0, -1)
}
