import type { Statement } from '../../data/index.ts'
import type { StatementError } from '../../postgres/index.ts'
import type { EquivalenceObservation, ShownDivergence } from './model.ts'

/** The view lacks a column, or reading it fails: there is nothing to be compared. */
export function unreadable(path: string, error: StatementError): ShownDivergence {
  const statement: Statement = { form: 'select', parts: [`SELECT * FROM ${path}`] }
  return {
    divergence: {
      kind: 'sqlstate',
      attribute: undefined,
      other: undefined,
      legacy: 'all its columns can be read',
      view: `${error.sqlstate} (${error.message})`,
      sqlstates: [undefined, error.sqlstate],
      constraint: undefined,
    },
    statements: [statement],
    at: 0,
    times: 1,
    ignored: [],
  }
}

/** The observation of a view of which nothing was seen yet. */
export function unseen(relation: string): EquivalenceObservation {
  return {
    relation,
    sequences: 0,
    statements: 0,
    succeeded: 0,
    changes: 0,
    rows: 0,
    cells: 0,
    undetermined: 0,
    divergences: [],
    limits: [],
    because: undefined,
  }
}
