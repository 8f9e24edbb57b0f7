import type { Edit } from './edit.ts'
import { kvToTables } from './kv-to-tables.ts'
import { orderLineItems } from './order-line-items.ts'
import { stockBatches } from './stock-batches.ts'
import { tableItems } from './table-items.ts'

/** Every edit that must make the specs of its claim go red; claims of compat-views are among those of order-line-items. */
export const edits: readonly Edit[] = [...stockBatches, ...orderLineItems, ...tableItems, ...kvToTables]
