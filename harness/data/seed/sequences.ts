import { quoteLiteral, quoteName } from '../../postgres/index.ts'
import type { Dataset } from '../dataset.ts'
import type { GenerationPlan } from '../plan/model.ts'

/**
 * Move every sequence that feeds a filled attribute past the greatest value given, as it would stand in a database that grew: a step that
 * inserts must not meet our rows. `setval` is not undone by a rollback unless the sequence got a new file node in the transaction
 * (`ALTER SEQUENCE`); whoever rolls back sees to that.
 *
 * @returns Undefined when there is nothing to move.
 */
export function sequenceStatement(plan: GenerationPlan, dataset: Dataset): string | undefined {
  const calls: string[] = []
  for (const sequence of plan.catalog.sequences) {
    const greatest = BigInt(sequence.greatest)
    // Of numbers beyond its bounds the sequence gives none.
    const fed = feeds(plan, dataset, sequence).filter((value) => value <= greatest)
    const most = fed.reduce((top, value) => (value > top ? value : top), 0n)
    const top = pastItsDigits(most) <= greatest ? pastItsDigits(most) : most
    if (top <= 0n) continue
    const name = quoteName(sequence)
    calls.push(`setval(${quoteLiteral(name)}, greatest(${top}, (SELECT last_value FROM ${name})))`)
  }
  return calls.length === 0 ? undefined : `SELECT ${calls.join(',\n  ')}`
}

/**
 * The next number with other leading digits, for numbers of the size of bands: lineage recognises a number by its five leading digits, so a
 * row that the migration inserts under the next id would pass for the last row of ours.
 */
function pastItsDigits(top: bigint): bigint {
  if (top < 100_000n || top > 99_999_999n) return top
  const unit = 10n ** BigInt(top.toString().length - 5)
  return (top / unit + 1n) * unit
}

/** The whole numbers given to attributes that a sequence owns or is the default of. */
function feeds(plan: GenerationPlan, dataset: Dataset, sequence: GenerationPlan['catalog']['sequences'][number]): readonly bigint[] {
  const values: bigint[] = []
  for (const [path, table] of dataset.tables) {
    const relation = plan.relations.get(path)
    relation?.attributes.forEach((attribute, position) => {
      if (!attribute.serial) return
      const source = relation.relation.attributes.find((other) => other.name === attribute.name)
      const owned = sequence.ownedBy?.relation === path && sequence.ownedBy.attribute === attribute.name
      if (
        !owned &&
        source?.default?.includes(`nextval('${sequence.schema}.${sequence.name}'`) !== true &&
        source?.default?.includes(quoteName(sequence)) !== true
      )
        return
      for (const row of table.rows) {
        const cell = row[position]
        if (typeof cell === 'string' && /^-?\d+$/.test(cell)) values.push(BigInt(cell))
      }
    })
  }
  return values
}
