import type { Passage } from './passage.ts'
import type { Row, State } from './state.ts'

/** What contradicts a claim; nothing when it holds. */
export type Claim = (passage: Passage & { readonly outcome: 'passed' }) => readonly string[]

/** SB-1: `items` keeps every row and every value. */
export const itemsKept: Claim = ({ before, after }) => differencesOf('items', before.legacy.items, after.legacy.items)

/** SB-2: each measure of the contract is equal, per item and in total. */
export const parityKept: Claim = ({ measures }) =>
  measures.flatMap(({ name, before, after }) =>
    [...new Set([...before.keys(), ...after.keys()])]
      .filter((key) => before.get(key) !== after.get(key))
      .map((key) => `${name} of ${key}: ${before.get(key)} became ${after.get(key)}`),
  )

/** SB-3: no batch without its item, location and user; every link of the legacy tables, and the keys that guard them, are still there. */
export const linksKept: Claim = ({ before, after }) => {
  const keys = (rows: readonly Row[]) => new Set(rows.map(({ id }) => id))
  const parents = { itemId: keys(after.legacy.items), locationId: keys(after.legacy.locations), assignedUserId: keys(after.legacy.users) }
  const orphans = (after.batches ?? []).flatMap((batch) =>
    Object.entries(parents)
      .filter(([attribute, ids]) => batch[attribute] !== null && !ids.has(batch[attribute] ?? null))
      .map(([attribute]) => `${attribute} of batch ${batch.id} leads nowhere`),
  )
  const tables = (['companies', 'users', 'locations', 'expenses'] as const).flatMap((table) =>
    differencesOf(table, before.legacy[table], after.legacy[table]),
  )
  const links = (rows: readonly Row[]) =>
    rows.map((row) => Object.fromEntries(['id', 'locationId', 'assignedUserId', 'companyId'].map((name) => [name, row[name] ?? null])))
  const items = differencesOf('links of items', links(before.legacy.items), links(after.legacy.items))
  return [...orphans, ...items, ...tables, ...missingLines(before, after).map((line) => `gone: ${line}`)]
}

/** SB-4: what an item says arrives in its one batch, cell by cell, and nothing is invented. */
export const metadataCopied: Claim = ({ before, after }) =>
  before.legacy.items.flatMap((item) => {
    const batches = (after.batches ?? []).filter(({ itemId }) => itemId === item.id)
    const [batch] = batches
    if (batches.length > 1) return [`item ${item.id} has ${batches.length} batches`]
    if (batch === undefined) return carried.filter((name) => item[name] !== null).map((name) => `${name} of item ${item.id} is in no batch`)
    const invented = batch.arrivedDate === null ? [] : ['arrivedDate is invented']
    return [
      ...[...carried, 'createdAt', 'updatedAt']
        .filter((name) => item[name] !== batch[name])
        .map((name) => `${name} of item ${item.id}: ${item[name]} became ${batch[name]}`),
      ...invented,
    ]
  })

/** SB-6: rollback gives back exactly the legacy state. */
export const rollbackExact: Claim = ({ before, reverted }) => [
  ...Object.entries(before.legacy).flatMap(([table, rows]) => differencesOf(table, rows, reverted.legacy[table as keyof State['legacy']])),
  ...missingLines(before, reverted).map((line) => `gone: ${line}`),
  ...missingLines(reverted, before).map((line) => `left behind: ${line}`),
]

const carried = [
  'status',
  'costPerUnitUSD',
  'freightCostUSD',
  'orderDate',
  'expectedArrival',
  'orderNumber',
  'notes',
  'locationId',
  'assignedUserId',
] as const

function differencesOf(table: string, before: readonly Row[], after: readonly Row[]): readonly string[] {
  const lines = (rows: readonly Row[]) => new Set(rows.map((row) => JSON.stringify(row)))
  const [old, now] = [lines(before), lines(after)]
  return [
    ...[...old].filter((line) => !now.has(line)).map((line) => `gone from ${table}: ${line}`),
    ...[...now].filter((line) => !old.has(line)).map((line) => `new in ${table}: ${line}`),
  ]
}

function missingLines(wanted: State, found: State): readonly string[] {
  const there = new Set(found.catalog)
  return wanted.catalog.filter((line) => !there.has(line))
}
