import type { Catalog, Sequence } from '../catalog/index.ts'
import { pathOf, quoteIdentifier, quoteName } from '../postgres/index.ts'
import type { SequencePosition } from './model.ts'

const numeric: ReadonlySet<string> = new Set(['pg_catalog.int2', 'pg_catalog.int4', 'pg_catalog.int8', 'pg_catalog.numeric'])

/** The statement that reads a sequence's position and the greatest value of the attribute that it fills. */
export function sequenceStatement(catalog: Catalog, sequence: Sequence): string {
  const fills = filledBy(catalog, sequence)
  const relation = fills ? catalog.relations.get(fills.relation) : undefined
  const attribute = relation?.attributes.find((candidate) => candidate.name === fills?.attribute)
  const readable = relation && attribute && numeric.has(attribute.typePath)
  // Heirs and partitions draw from the same sequence, so no ONLY.
  const maximum = readable ? `(SELECT max(${quoteIdentifier(attribute.name)}) FROM ${quoteName(relation)})` : 'NULL'
  return `SELECT last_value, is_called, ${maximum} FROM ${quoteName(sequence)}`
}

export function positionOf(sequence: Sequence, row: readonly (string | null)[] | undefined): SequencePosition {
  const called = row?.[1] === 't'
  return {
    last: called ? (row?.[0] ?? undefined) : undefined,
    ownedBy: sequence.ownedBy,
    next: called ? undefined : (row?.[0] ?? undefined),
    maximum: row?.[2] ?? undefined,
  }
}

/** The attribute that owns the sequence, or else the first whose default draws from it. */
function filledBy(catalog: Catalog, sequence: Sequence): Sequence['ownedBy'] {
  if (sequence.ownedBy) return sequence.ownedBy
  const [schema, name] = [quoteIdentifier(sequence.schema), quoteIdentifier(sequence.name)]
  const spellings = [sequence.schema, schema].flatMap((first) => [sequence.name, name].map((second) => `${first}.${second}`))
  const defaults = new Set(spellings.map((spelling) => `nextval('${spelling.replaceAll("'", "''")}'::regclass)`))
  for (const relation of catalog.relations.values()) {
    const attribute = relation.attributes.find((candidate) => defaults.has(candidate.default ?? ''))
    if (attribute) return { relation: pathOf(relation), attribute: attribute.name }
  }
  return undefined
}
