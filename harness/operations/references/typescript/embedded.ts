import type { OnUse } from '../model.ts'
import { movesSchema, type RenamedTable } from '../table-name.ts'
import { placeOf, type View } from '../view.ts'

/**
 * Find the table among the embedded tables of a `select` of PostgREST: `id, orders(total)`. The answer keeps its key: `orders:purchases(total)`.
 */
export function findEmbedded(view: View, table: RenamedTable, kind: string, onUse: OnUse): void {
  const name = table.from.name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')
  const pattern = new RegExp(`(?<![\\w$.>"])(\\.\\.\\.)?(?:([\\w$]+)(\\s*:\\s*))?(${name})(?=\\s*(?:!\\w+\\s*)*\\()`, 'g')
  for (const match of view.text.matchAll(pattern)) {
    const [whole, spread, alias] = match
    const end = match.index + whole.length
    const start = end - table.from.name.length
    // A key of its own name was only put there for an earlier rename.
    const needless = alias === table.to.name
    const place = placeOf(view, { start: needless ? match.index + (spread ?? '').length : start, end })
    if (place === undefined) continue
    const key = spread === undefined && alias === undefined ? `${table.from.name}:` : ''
    if (movesSchema(table)) onUse({ ...place, kind, because: 'the table gets into another schema' })
    else onUse({ ...place, kind, after: view.encode(`${key}${table.to.name}`) })
  }
}
