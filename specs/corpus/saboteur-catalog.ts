import type { Catalog } from '../../harness/catalog/index.ts'
import { quoteIdentifier, quoteName } from '../../harness/postgres/index.ts'

export const catalogKinds = ['drop a grant', 'drop an index', 'drop a constraint', 'change a comment', 'move a sequence back'] as const
export type CatalogKind = (typeof catalogKinds)[number]

/** SQL that spoils a reverted database, for one kind: any of it must be told after `down`. */
export function catalogSabotages(kind: CatalogKind, legacy: Catalog, owner: string): readonly string[] {
  const tables = [...legacy.relations.values()].filter((each) => each.kind === 'table' || each.kind === 'partitioned-table')
  switch (kind) {
    case 'drop a grant':
      return tables.flatMap((each) =>
        ['SELECT', 'UPDATE', 'DELETE', 'REFERENCES'].map((right) => `REVOKE ${right} ON ${quoteName(each)} FROM ${quoteIdentifier(owner)}`),
      )
    case 'drop an index':
      return tables.flatMap((each) =>
        each.indexes
          .filter((index) => !each.constraints.some(({ name }) => name === index.name))
          .map((index) => `DROP INDEX ${quoteName({ schema: each.schema, name: index.name })}`),
      )
    case 'drop a constraint':
      return tables.flatMap((each) =>
        each.constraints
          .filter((constraint) => !constraint.inherited)
          .map((constraint) => `ALTER TABLE ${quoteName(each)} DROP CONSTRAINT ${quoteIdentifier(constraint.name)}`),
      )
    case 'change a comment':
      return tables.flatMap((each) => [
        `COMMENT ON TABLE ${quoteName(each)} IS 'spoilt'`,
        ...each.attributes.map(({ name }) => `COMMENT ON COLUMN ${quoteName(each)}.${quoteIdentifier(name)} IS 'spoilt'`),
        ...each.indexes.map((index) => `COMMENT ON INDEX ${quoteName({ schema: each.schema, name: index.name })} IS 'spoilt'`),
      ])
    case 'move a sequence back':
      // Divides by zero where the sequence was never called: it cannot go back.
      return legacy.sequences.map(
        (each) =>
          `SELECT pg_catalog.setval('${quoteName(each).replaceAll("'", "''")}', last_value / is_called::pg_catalog.int4, false) FROM ${quoteName(each)}`,
      )
  }
}
