import type { Session } from 'godwit'
import { type LegacyTable, legacyAttributes, legacyTables } from './legacy-data.ts'

/** A row by attribute, cells as the server writes them. */
export type Row = Readonly<Record<string, string | null>>

/** What a database holds. */
export interface State {
  /** The legacy tables, legacy attributes only, in the order of the keys. */
  readonly legacy: Readonly<Record<LegacyTable, readonly Row[]>>
  /** `undefined` when there is no such table. */
  readonly batches: readonly Row[] | undefined
  /** One line for each attribute, constraint, index, trigger, function, relation, type and comment, with its place and its storage options. */
  readonly catalog: readonly string[]
}

export const batchAttributes = [
  'id',
  'quantity',
  'status',
  'costPerUnitUSD',
  'freightCostUSD',
  'orderDate',
  'expectedArrival',
  'orderNumber',
  'arrivedDate',
  'notes',
  'createdAt',
  'updatedAt',
  'itemId',
  'locationId',
  'assignedUserId',
] as const

/** Read everything that the claims speak of, in the session's transaction. */
export async function readState(session: Session): Promise<State> {
  const { there } = await session.one<{ there: boolean }>(`SELECT to_regclass('"stock_batches"') IS NOT NULL AS there`)
  const legacy = await Promise.all(
    legacyTables.map(async (table) => [table, await readRows(session, table, legacyAttributes[table])] as const),
  )
  return {
    legacy: Object.fromEntries(legacy) as State['legacy'],
    batches: there ? await readRows(session, 'stock_batches', batchAttributes) : undefined,
    catalog: (await session.query<{ line: string }>(catalogLines)).map(({ line }) => line),
  }
}

async function readRows(session: Session, table: string, attributes: readonly string[]): Promise<readonly Row[]> {
  const cells = attributes.map((name) => `"${name}"::text AS "${name}"`).join(', ')
  return session.query<Record<string, string | null>>(`SELECT ${cells} FROM "${table}" ORDER BY "id" COLLATE "C"`)
}

const catalogLines = `
SELECT line FROM (
  SELECT concat_ws(' ', 'attribute', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull,
    (SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef WHERE adrelid = attrelid AND adnum = attnum)) AS line
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT concat_ws(' ', 'place and storage', attrelid::regclass, attname, attnum, attstorage, attcompression, attstattarget, attacl)
  FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
  WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0 AND NOT attisdropped
  UNION ALL
  SELECT concat_ws(' ', 'constraint', conrelid::regclass, conname, pg_get_constraintdef(oid), convalidated)
  FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
  UNION ALL
  SELECT concat_ws(' ', 'index', pg_get_indexdef(indexrelid), indisvalid, indisclustered, indisreplident)
  FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT concat_ws(' ', 'trigger', pg_get_triggerdef(oid), tgenabled) FROM pg_trigger WHERE NOT tgisinternal
  UNION ALL
  SELECT concat_ws(' ', 'function', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
  UNION ALL
  SELECT concat_ws(' ', 'relation', oid::regclass, relkind, relacl, pg_get_userbyid(relowner), relpersistence, reloptions, relreplident,
    relrowsecurity, reltablespace) FROM pg_class
  WHERE relnamespace = 'public'::regnamespace
  UNION ALL
  SELECT concat_ws(' ', 'comment', pg_describe_object(classoid, objoid, objsubid), description) FROM pg_description
  WHERE objoid >= 16384
  UNION ALL
  SELECT concat_ws(' ', 'type', oid::regtype,
    (SELECT string_agg(enumlabel, ' ' ORDER BY enumsortorder) FROM pg_enum WHERE enumtypid = pg_type.oid))
  FROM pg_type WHERE typnamespace = 'public'::regnamespace
) AS lines
ORDER BY line COLLATE "C"`
