import type { Catalog } from '../../catalog/index.ts'
import { quoteLiteral, quoteName, StatementError } from '../../postgres/index.ts'
import type { Server } from './server.ts'

/** So many leaves are enough to find keys for. */
const mostLeaves = 24

/** All databases of one server that plans are made for came from one template. */
const encoding = "SELECT pg_encoding_to_char(encoding) = 'UTF8' FROM pg_database WHERE datname = current_database()"

/** Facts that only the server knows: the encoding, and for each partitioned root the condition that some leaf takes a row. */
export async function partitionChecks(
  server: Server,
  catalog: Catalog,
  planned: ReadonlySet<string>,
): Promise<{ readonly unicode: boolean; readonly bounds: ReadonlyMap<string, string> }> {
  const leaves = new Map<string, { readonly schema: string; readonly name: string }[]>()
  for (const relation of catalog.relations.values()) {
    if (relation.partitionOf === undefined || relation.kind !== 'table') continue
    let root = relation.partitionOf.parent
    for (let above = catalog.relations.get(root)?.partitionOf; above !== undefined; above = catalog.relations.get(root)?.partitionOf)
      root = above.parent
    if (planned.has(root)) leaves.set(root, [...(leaves.get(root) ?? []), relation])
  }
  const asked = [...leaves].flatMap(([root, names]) => names.slice(0, mostLeaves).map((name) => ({ root, name })))
  const known = server.remembered<boolean>(encoding)
  const answers = await server.ask([
    ...(known === undefined ? [encoding] : []),
    ...asked.map(({ name }) => `SELECT pg_get_partition_constraintdef(${quoteLiteral(quoteName(name))}::regclass)`),
  ])
  if (answers instanceof StatementError) throw answers
  const unicode = known ?? answers[0]?.rows[0]?.[0] === 't'
  server.remember(encoding, unicode)
  const conditions = answers.slice(known === undefined ? 1 : 0)
  const bounds = new Map<string, string>()
  asked.forEach(({ root }, at) => {
    const condition = conditions[at]?.rows[0]?.[0] ?? 'true'
    const before = bounds.get(root)
    bounds.set(root, before === undefined ? `(${condition})` : `${before} OR (${condition})`)
  })
  for (const [path, relation] of catalog.relations) {
    // A partitioned table without a partition takes no row at all.
    if (relation.kind === 'partitioned-table' && relation.partitionOf === undefined && !bounds.has(path)) bounds.set(path, 'false')
  }
  return { unicode, bounds }
}
