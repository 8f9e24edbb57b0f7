import type { Dataset } from 'godwit'
import type { Restaurant } from './restaurant.ts'
import type { Scripts } from './scripts.ts'
import { type Sent, sendWorkload } from './send-workload.ts'

/** TI-1: what is wrong after `up`. Every row must be as it was, with no items in any table. */
export function rowsKept(pos: Restaurant, scripts: Scripts, evening: Dataset): Promise<readonly string[]> {
  return pos.rolledBack(async () => {
    await pos.seed(evening)
    const before = await pos.legacyRows()
    await pos.session.script(scripts.up)
    const filled = await pos.session.query<{ name: string }>(`SELECT "name" FROM "tables" WHERE "items" IS NOT NULL`)
    return [
      ...differingRelations(before, await pos.legacyRows()),
      ...filled.map(({ name }) => `the table "${name}" has items that nobody entered`),
    ]
  })
}

/** TI-2: which statements of the legacy application are answered in another way after `up`, and how. */
export function answersKept(pos: Restaurant, scripts: Scripts, evening: Dataset): Promise<readonly string[]> {
  return pos.rolledBack(async () => {
    await pos.seed(evening)
    await pos.session.script('SAVEPOINT legacy')
    const before = await sendWorkload(pos.session)
    await pos.session.script('ROLLBACK TO SAVEPOINT legacy')
    await pos.session.script(scripts.up)
    const after = await sendWorkload(pos.session)
    return before.flatMap((sent, at) => {
      const now = after[at]
      return JSON.stringify(sent) === JSON.stringify(now) ? [] : [`${sent.name}: ${brief(sent)}, then ${brief(now)}`]
    })
  })
}

/** TI-4: what is wrong after `up`, entries and `down`. The legacy state must be back, and each entry exported with the name of its table. */
export function entriesExported(
  pos: Restaurant,
  scripts: Scripts,
  evening: Dataset,
  entries: readonly (string | null)[],
): Promise<readonly string[]> {
  return pos.rolledBack(async () => {
    await pos.seed(evening)
    const [before, schema] = [await pos.legacyRows(), await pos.columns()]
    await pos.session.script(scripts.up)
    const tables = await pos.session.query<{ id: string; name: string }>(`SELECT "id", "name" FROM "tables" ORDER BY "id"`)
    const wanted: string[] = []
    for (const [at, { id, name }] of tables.entries()) {
      const items = entries[at % entries.length]
      if (items === null || items === undefined) continue
      const update = `UPDATE "tables" SET "items" = $1::jsonb WHERE "id" = $2 RETURNING "items"::text AS items`
      const stored = await pos.session.one<{ items: string }>(update, [items, id])
      wanted.push(JSON.stringify([name, stored.items]))
    }
    await pos.session.script(scripts.down)
    const left = await pos.columns()
    const exported = left.some((path) => path.startsWith('table_items_export.'))
      ? await pos.session.query<{ name: string; items: string }>(
          `SELECT "tableName" AS name, "items"::text AS items FROM "table_items_export"`,
        )
      : undefined
    const kept = (exported ?? []).map(({ name, items }) => JSON.stringify([name, items]))
    const schemaNow = left.filter((path) => !path.startsWith('table_items_export.'))
    return [
      ...differingRelations(before, await pos.legacyRows()),
      ...(schemaNow.join() === schema.join() ? [] : ['down leaves another schema']),
      ...(wanted.length === 0 && exported !== undefined ? ['an export was made of nothing'] : []),
      ...missing(wanted, kept).map((each) => `not exported: ${each}`),
      ...missing(kept, wanted).map((each) => `exported, and never entered: ${each}`),
    ]
  })
}

function differingRelations(before: Readonly<Record<string, readonly string[]>>, after: Readonly<Record<string, readonly string[]>>) {
  return Object.keys(before).flatMap((path) => (before[path]?.join() === after[path]?.join() ? [] : [`rows of ${path} differ`]))
}

/** Of two multisets what is in the first and not in the second. */
function missing(from: readonly string[], others: readonly string[]): readonly string[] {
  const rest = [...others]
  return from.filter((each) => {
    const at = rest.indexOf(each)
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}

function brief(sent: Sent | undefined): string {
  if (sent === undefined) return 'nothing'
  return 'sqlstate' in sent.answer ? sent.answer.sqlstate : `${sent.answer.length} rows`
}
