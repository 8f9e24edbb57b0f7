import { keyAttributes } from '../../lineage/index.ts'
import { pathOf, quoteIdentifier, quoteLiteral, quoteName } from '../../postgres/index.ts'
import type { State } from '../../run/index.ts'
import type { Identity } from './identities.ts'
import { type Command as AccessCommand, everybody, type Reached } from './model.ts'
import type { Trial } from './trial.ts'

/** One role tries one command on the rows of one relation. */
interface Attempt {
  readonly trial: Trial
  readonly command: AccessCommand
  readonly state: State
  readonly role: string
  readonly identity: Identity
  readonly inserts: readonly { readonly sql: string; readonly key: string }[]
}

/** An attempt as a reader with psql alone makes it: the same rights and rows as the one that was made, with the keys of the rows as answer. */
export function shownTrials({ trial, command, state, role, identity, inserts }: Attempt): Reached['shown'] {
  const as = { role: role === everybody ? undefined : role, settings: identity.settings }
  const { legacy, attributes } = trial
  const name = quoteName(trial.through)
  const key = (keyAttributes(legacy) ?? []).map((each) => quoteIdentifier(attributes.get(each) ?? each))
  if (command === 'INSERT') return inserts.map(({ sql, key: inserted }) => ({ sql, as, key: inserted }))
  if (command === 'SELECT') return [{ sql: `SELECT ${key.join(', ')} FROM ${name} ORDER BY ${key.join(', ')}`, as }]
  if (command === 'DELETE') return [{ sql: `DELETE FROM ${name} RETURNING ${key.join(', ')}`, as }]
  const keys = new Set(keyAttributes(legacy))
  const plain = legacy.attributes.find(
    (each) => !keys.has(each.name) && each.generated === undefined && each.identity === undefined && attributes.has(each.name),
  )
  const column = quoteIdentifier(attributes.get(plain?.name ?? '') ?? key[0] ?? '')
  const rows = state.rows.get(pathOf(legacy))
  // Row by row, as a check that refuses one row ends a statement on all of them.
  return (rows?.rows ?? []).slice(0, mostShown).map((row) => {
    const cell = (attribute: string) => row[rows?.attributes.indexOf(attribute) ?? -1] ?? null
    const where = [...keys].map((each) => `${quoteIdentifier(attributes.get(each) ?? each)} =${spaced(quoteLiteral(cell(each)))}`)
    return {
      sql: `UPDATE ${name} SET ${column} = ${column} WHERE ${where.join(' AND ')} RETURNING ${key.join(', ')}`,
      as,
      key: JSON.stringify([...keys].map(cell)),
    }
  })
}

const mostShown = 24

function spaced(literal: string): string {
  return literal.startsWith(' ') ? literal : ` ${literal}`
}
