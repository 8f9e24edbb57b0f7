import { type Catalog, type CatalogObjects, type Relation, readObjects, scriptPinned } from '../catalog/index.ts'
import { pathOf, type Session } from '../postgres/index.ts'
import { digestOf, digestStatement } from './digest.ts'
import type { Snapshot } from './model.ts'
import { positionOf, sequenceStatement } from './sequences.ts'

export interface CaptureOptions {
  /** Digest these only; default every table, leaf and materialised view. */
  readonly relations?: readonly string[]
  /** Objects already read of the same state (see `catalogFingerprint`): saves the reading. */
  readonly objects?: CatalogObjects
  /** Roles to read too. */
  readonly roles?: readonly string[]
}

/**
 * Capture everything that a rollback must restore, in two messages: the objects; the digests and the positions of sequences.
 *
 * Reads in the session's transaction, uncommitted work included. Outside one the two messages are two transactions: let no DDL run then.
 *
 * @param catalog  Of the same state: it says which relations there are, and what hashes them.
 * @throws {StatementError} `42P01` when the catalog is out of date.
 */
export async function captureSnapshot(session: Session, catalog: Catalog, options: CaptureOptions = {}): Promise<Snapshot> {
  const objects = options.objects ?? (await readObjects(session, options.roles ? { roles: options.roles } : {}))
  const paths = options.relations ?? [...catalog.relations].filter(([, relation]) => holdsRows(relation)).map(([path]) => path)
  const statements = [
    ...paths.map((path) => digestStatement(catalog, path)),
    ...catalog.sequences.map((sequence) => sequenceStatement(catalog, sequence)),
  ]
  const rows = (await scriptPinned(session, statements)).map((result) => result.rows[0])
  return {
    objects,
    digests: new Map(paths.map((path, at) => [path, digestOf(rows[at])])),
    sequences: new Map(catalog.sequences.map((sequence, at) => [pathOf(sequence), positionOf(sequence, rows[paths.length + at])] as const)),
  }
}

/** A materialised view that was never filled cannot be read. */
function holdsRows(relation: Relation): boolean {
  return relation.kind === 'table' || (relation.kind === 'materialized-view' && relation.populated !== false)
}
