import type { CatalogDifference, CatalogObject } from './model.ts'

type Severity = Pick<CatalogDifference, 'severity' | 'because'>

/** Properties that change neither rows, nor rights, nor what a statement does: speed, room, words. */
const soft: ReadonlySet<string> = new Set(
  'comment storage compression statistics target options toastOptions tablespace clustered replicaIdentity inheritance cost rows cache accessMethod support label'.split(
    ' ',
  ),
)

/** How grave a difference is, and why where that is not plain (postgres.md, "What a rollback must restore"). */
export function severityOf(
  change: CatalogDifference['change'],
  object: CatalogObject,
  property: string | undefined,
  before: string | undefined,
  after: string | undefined,
): Severity {
  if (property === 'name') return { severity: 'warning', because: 'the definition is the same, only the name differs' }
  if (property === 'labels' && isSubsequence(before ?? '', after ?? '')) {
    return { severity: 'info', because: 'PostgreSQL cannot remove an enum label' }
  }
  if (object.kind === 'constraint' && object.properties.type === 'not null' && property !== 'validated') {
    return { severity: 'warning', because: 'the attribute itself is NOT NULL as before' }
  }
  if (change === 'added' && object.kind === 'extension') {
    return { severity: 'warning', because: 'an extension that is there does nothing until it is used' }
  }
  // security_barrier, security_invoker and check_option decide who sees what.
  const decides = property === 'options' && (object.kind === 'view' || !isStored(object.kind))
  if (property !== undefined && soft.has(property) && !decides) return { severity: 'warning', because: undefined }
  return { severity: 'error', because: undefined }
}

function isStored(kind: string): boolean {
  return ['table', 'partitioned-table', 'materialized-view', 'attribute', 'index'].includes(kind)
}

/** Whether every item of one list of quoted labels stands in the other, in the same order. */
function isSubsequence(before: string, after: string): boolean {
  const labels = (text: string) => text.match(/E?'(?:[^']|'')*'/g) ?? []
  const rest = labels(after)[Symbol.iterator]()
  return labels(before).every((label) => {
    for (let next = rest.next(); !next.done; next = rest.next()) if (next.value === label) return true
    return false
  })
}
