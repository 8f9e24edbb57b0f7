import type { Session } from 'godwit'
import { parse } from 'lossless-json'
import { fieldsOf, type KindName, kindNames } from '../../fixtures/kv/kinds.ts'
import { canonicalJson, type ModelAside, type ModelRow, type Store } from './model.ts'

/** What the database holds, in the model's form (without the values as migrated: the database keeps hashes of them). */
export interface RealState {
  readonly tables: ReadonlyMap<KindName, ReadonlyMap<string, Omit<ModelRow, 'value'>>>
  readonly aside: ReadonlyMap<string, ModelAside>
  readonly checkpoints: number
}

export async function readStore(session: Session): Promise<Store> {
  const rows = await session.query<{ key: string; value: string | null }>('SELECT key, value::text AS value FROM kv_store')
  return new Map(rows.map(({ key, value }) => [key, value]))
}

const columnOf = (field: string) => field.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)
const instants = new Set(['created_at', 'updated_at', 'ordered_at'])
const jsons = new Set(['theme', 'tags', 'shipping', 'extra'])

export async function readState(session: Session): Promise<RealState> {
  const tables = new Map<KindName, ReadonlyMap<string, Omit<ModelRow, 'value'>>>()
  for (const kind of kindNames) {
    const columns = [...Object.keys(fieldsOf(kind)).map(columnOf), 'extra']
    const shown = columns.map((column) =>
      instants.has(column) ? `to_char(${column} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS.US')` : `${column}::text`,
    )
    const [result] = await session.script(`SELECT id, source_key, ${shown.join(', ')} FROM ${kind}`)
    const rows = (result?.rows ?? []).map(([id, sourceKey, ...cells]) => {
      const named = columns.map((column, at) => [column, jsons.has(column) ? sortedJson(cells[at] ?? null) : (cells[at] ?? null)] as const)
      return [id ?? '', { sourceKey: sourceKey ?? '', columns: Object.fromEntries(named) }] as const
    })
    tables.set(kind, new Map(rows))
  }
  const aside = await session.query<{ key: string; kind: string; position: string; value: string | null; reasons: string }>(
    'SELECT key, kind, position::text AS position, value, reasons::text AS reasons FROM kv_set_aside',
  )
  const [checkpoints] = await session.query<{ rows: number }>('SELECT count(*)::int AS rows FROM kv_checkpoint')
  return {
    tables,
    aside: new Map(
      aside.map(({ key, kind, position, value, reasons }) => [
        key,
        {
          kind,
          position: Number(position),
          value,
          reasons: (JSON.parse(reasons) as { path: string; code: string }[]).map(({ path, code }) => `${path} ${code}`).sort(),
        },
      ]),
    ),
    checkpoints: checkpoints?.rows ?? 0,
  }
}

function sortedJson(text: string | null): string | null {
  return text === null ? null : canonicalJson(parse(text))
}
