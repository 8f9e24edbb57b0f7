/**
 * The inventory as its users think of it, without tables: an item is a list of lots, never empty, oldest first. Old-style writes speak of the
 * item as a whole, batch-style writes of one lot. Whether a lot lies in columns or in a batch makes no difference here but for `moved`,
 * which says what can be addressed as a batch.
 */
export interface Inventory {
  readonly items: Map<string, Item>
  readonly locations: Set<string>
  /** Numbers the ids to come. */
  made: number
}

export interface Item {
  readonly id: string
  /** Day on which it was made; orders its lots. */
  readonly day: number
  lots: readonly Lot[]
  /** Its lots are batches. */
  moved: boolean
}

export interface Lot extends LotState {
  readonly id: string
  readonly day: number
}

/** What is said of stock. */
export interface LotState {
  readonly quantity: number | null
  readonly status: string | null
  readonly location: string | null
  /** In cents, so that sums in JavaScript are exact. */
  readonly costCents: number | null
}

/** What a reader shows; the same forms as `Stock`. */
export interface Shown {
  readonly total: string | null
  readonly value: string
  readonly locations: readonly string[]
  readonly statuses: readonly string[]
}

export function emptyInventory(locations: readonly string[]): Inventory {
  return { items: new Map(), locations: new Set(locations), made: 0 }
}

export function makeItem(inventory: Inventory, id: string, day: number, state: LotState): void {
  inventory.items.set(id, { id, day, lots: [{ id, day, ...state }], moved: false })
}

/** An old-style write: the first lot takes what is said and the difference in quantity; stock that is unknown is unknown in every lot. */
export function writeWhole(item: Item, write: Partial<LotState>): void {
  const { quantity, ...said } = write
  const [first, ...others] = item.lots
  if (first === undefined) throw new Error('an item always has a lot')
  const changed = { ...first, ...said }
  if (quantity === undefined || quantity === totalOf(item.lots)) item.lots = [changed, ...others]
  else if (quantity === null) item.lots = [changed, ...others].map((lot) => ({ ...lot, quantity: null }))
  else item.lots = [{ ...changed, quantity: quantity - (totalOf(others) ?? 0) }, ...others]
}

/** Nothing changes but that its lot can be addressed as a batch; an item of which nothing is said stays. */
export function move(item: Item): void {
  const said = item.lots.some((lot) => lot.quantity !== null || lot.status !== null || lot.location !== null || lot.costCents !== null)
  item.moved ||= said
}

export function addLot(item: Item, lot: Lot): void {
  item.lots = [...item.lots, lot].sort((one, other) => one.day - other.day || (one.id < other.id ? -1 : 1))
  item.moved = true
}

export function changeLot(item: Item, lotId: string, write: Partial<LotState>): void {
  item.lots = item.lots.map((lot) => (lot.id === lotId ? { ...lot, ...write } : lot))
}

/** Once its last lot is gone the item has none in stock, and is for the rest as it was last. */
export function removeLot(item: Item, lotId: string): void {
  const [last] = item.lots
  const left = item.lots.filter(({ id }) => id !== lotId)
  item.moved = left.length > 0
  item.lots = left.length > 0 || last === undefined ? left : [{ ...last, id: item.id, day: item.day, quantity: 0 }]
}

export function removeLocation(inventory: Inventory, location: string): void {
  inventory.locations.delete(location)
  for (const item of inventory.items.values()) {
    item.lots = item.lots.map((lot) => (lot.location === location ? { ...lot, location: null } : lot))
  }
}

/** What the dual-system reader must show. */
export function shown({ lots }: Item): Shown {
  const cents = lots.reduce((sum, { quantity, costCents }) => sum + (quantity ?? 0) * (costCents ?? 0), 0)
  return {
    total: textOf(totalOf(lots)),
    value: decimalOf(cents),
    locations: distinct(lots.map(({ location }) => location)),
    statuses: distinct(lots.map(({ status }) => status)),
  }
}

/** What an application that never heard of batches must find in the item's columns. */
export function columnsOf(item: Item): {
  readonly quantity: string | null
  readonly status: string | null
  readonly location: string | null
} {
  return { quantity: textOf(totalOf(item.lots)), status: item.lots[0]?.status ?? null, location: item.lots[0]?.location ?? null }
}

function totalOf(lots: readonly Lot[]): number | null {
  const known = lots.flatMap(({ quantity }) => (quantity === null ? [] : [quantity]))
  return known.length === 0 ? null : known.reduce((sum, quantity) => sum + quantity, 0)
}

function textOf(total: number | null): string | null {
  return total === null ? null : String(total)
}

function decimalOf(cents: number): string {
  const digits = String(Math.abs(cents)).padStart(3, '0')
  const text = `${digits.slice(0, -2)}.${digits.slice(-2)}`.replace(/\.?0+$/, '')
  return cents < 0 ? `-${text}` : text
}

function distinct(values: readonly (string | null)[]): readonly string[] {
  return [...new Set(values)].filter((value) => value !== null).sort()
}
