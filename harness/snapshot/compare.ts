import { type CatalogDifference, type DiffContext, diffObjects } from '../catalog/index.ts'
import type { RelationDigest, SequencePosition, Snapshot } from './model.ts'

/** One difference of two snapshots. */
export interface SnapshotDifference extends Omit<CatalogDifference, 'kind'> {
  /** `missing`: an object is gone; `schema`: one is there that was not, or is another. */
  readonly kind: 'missing' | 'schema' | 'data' | 'sequence' | 'privilege' | 'comment'
  /** The object's own kind: `table`, `constraint`, `policy`, … */
  readonly object: string
  /** Of `data`: what was compared. */
  readonly digests?: { readonly before: RelationDigest; readonly after: RelationDigest }
}

export interface CompareOptions extends DiffContext {
  /** The differences of the objects, where they are known already (for one, after `canonicalExpressions`). */
  readonly objects?: readonly CatalogDifference[]
}

/** Everything that a rollback did not restore: objects, rows, positions of sequences; the gravest first. */
export function compareSnapshots(before: Snapshot, after: Snapshot, options: CompareOptions = {}): readonly SnapshotDifference[] {
  const objects = options.objects ?? diffObjects(before.objects, after.objects, options)
  const differences = [
    ...objects.map((difference) => ({ ...difference, kind: kindOf(difference), object: difference.kind })),
    ...dataDifferences(before, after, objects),
    ...sequenceDifferences(before, after),
  ]
  const gravity = { error: 0, warning: 1, info: 2 }
  return differences.sort((a, b) => gravity[a.severity] - gravity[b.severity])
}

function kindOf(difference: CatalogDifference): SnapshotDifference['kind'] {
  if (difference.property === 'comment') return 'comment'
  if (difference.property === 'privileges' || difference.property === 'owner' || difference.kind === 'default-privileges')
    return 'privilege'
  return difference.change === 'missing' ? 'missing' : 'schema'
}

function dataDifferences(before: Snapshot, after: Snapshot, objects: readonly CatalogDifference[]): SnapshotDifference[] {
  const reshaped = new Set(
    objects
      .filter(({ kind, change, property }) => kind === 'attribute' && (change !== 'changed' || property === 'type'))
      .map(({ relation }) => relation),
  )
  return [...before.digests].flatMap(([path, old]) => {
    const now = after.digests.get(path)
    // A relation that is gone is a difference of the objects.
    if (!now || (now.rows === old.rows && now.digest === old.digest)) return []
    const other = reshaped.has(path) && now.rows === old.rows
    return [
      {
        kind: 'data' as const,
        change: 'changed' as const,
        object: 'table',
        path,
        relation: path,
        attribute: undefined,
        property: undefined,
        before: `${old.rows} rows, digest ${old.digest}`,
        after: `${now.rows} rows, digest ${now.digest}`,
        severity: other ? ('info' as const) : ('error' as const),
        because: other ? 'its attributes differ, so that the digests of as many rows cannot be compared' : undefined,
        digests: { before: old, after: now },
      },
    ]
  })
}

function sequenceDifferences(before: Snapshot, after: Snapshot): SnapshotDifference[] {
  return [...before.sequences].flatMap(([path, old]) => {
    const now = after.sequences.get(path)
    if (!now || upcoming(now) === upcoming(old)) return []
    const owner = now.ownedBy ?? old.ownedBy
    return [
      {
        kind: 'sequence' as const,
        change: 'changed' as const,
        object: 'sequence',
        path,
        relation: owner?.relation,
        attribute: owner?.attribute,
        property: 'position',
        before: upcoming(old),
        after: upcoming(now),
        ...gravityOf(old, now),
      },
    ]
  })
}

/** What the sequence gave last, or `at` what it will give first. */
const upcoming = (position: SequencePosition): string => position.last ?? `at ${position.next ?? ''}`

function gravityOf(old: SequencePosition, now: SequencePosition): Pick<SnapshotDifference, 'severity' | 'because'> {
  const [from, to] = [reached(old), reached(now)]
  if (now.maximum !== undefined && to < BigInt(integer(now.maximum))) {
    return { severity: 'error', because: `the attribute that it fills holds ${now.maximum}: the next values are taken` }
  }
  if (to > from) return { severity: 'info', because: 'it is ahead: values are skipped, none is given twice' }
  return { severity: 'warning', because: 'it went back: values that it gave before come again' }
}

/** The last value that is spent. */
function reached(position: SequencePosition): bigint {
  return position.last !== undefined ? BigInt(position.last) : BigInt(position.next ?? '1') - 1n
}

const integer = (text: string): string => /^-?\d+/.exec(text)?.[0] ?? '0'
