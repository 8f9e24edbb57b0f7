import type { Kind } from '../kinds/kind.ts'
import type { Decision, Prepared, Reason } from './model.ts'

/** What the tables hold against one record of a batch, or in its place; records without a fact find nothing there. */
export interface Fact {
  /** Fields whose reference leads nowhere. */
  readonly missing: readonly string[]
  /** The row of the record's id. */
  readonly present: { readonly sourceKey: string | null; readonly digest: string | null; readonly newer: boolean } | undefined
  /** Another row that has the natural identity. */
  readonly holder: { readonly id: string; readonly sourceKey: string | null } | undefined
}

/**
 * Decide what becomes of each record of a batch, in the order of the keys, as if each were a batch of its own: earlier ones of the batch count as
 * rows.
 */
export function decide(kind: Kind, records: readonly Prepared[], facts: ReadonlyMap<number, Fact>): readonly Decision[] {
  const ids = new Map<string, string>()
  const identities = new Map<string, string>()
  /** Identity that a row has now, of rows that this batch changes. */
  const moved = new Map<string, string | undefined>()

  return records.map((record): Decision => {
    const fact = facts.get(record.position)
    const reasons: Reason[] = [...record.reasons, ...(fact?.missing ?? []).map((field) => dangling(kind, record, field))]
    const aside = (): Decision => ({ record, action: 'set-aside', reasons })
    const { id, identity } = record
    if (reasons.length > 0 || record.row === undefined || id === undefined) return aside()

    const present = fact?.present
    const twin =
      ids.get(id) ??
      (present !== undefined && present.sourceKey !== record.key ? (present.sourceKey ?? 'a row of the application') : undefined)
    if (twin !== undefined) reasons.push({ path: 'id', code: 'duplicate', message: `is the id of ${JSON.stringify(twin)} too` })
    const holder = fact?.holder
    const held = holder !== undefined && (!moved.has(holder.id) || moved.get(holder.id) === identity)
    const claimed =
      (identity === undefined ? undefined : identities.get(identity)) ??
      (held ? (holder.sourceKey ?? 'a row of the application') : undefined)
    if (claimed !== undefined && twin === undefined)
      reasons.push({ path: identityPath(kind), code: 'duplicate', message: `is that of ${JSON.stringify(claimed)} too` })
    if (reasons.length > 0) return aside()

    ids.set(id, record.key)
    if (present?.digest !== undefined && present.digest === record.digest) return { record, action: 'unchanged', reasons }
    if (present?.newer === true) return { record, action: 'kept', reasons }
    if (present !== undefined) moved.set(id, identity)
    if (identity !== undefined) identities.set(identity, record.key)
    return { record, action: present === undefined ? 'inserted' : 'updated', reasons }
  })
}

function dangling(kind: Kind, record: Prepared, field: string): Reason {
  return {
    path: field,
    code: 'reference',
    message: `refers to ${record.references[field]}, which is not in ${kind.fields[field]?.reference}`,
  }
}

function identityPath(kind: Kind): string {
  return kind.identity.map(({ field }) => field).join(', ')
}
