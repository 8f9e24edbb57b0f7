import { quoteIdentifier, quoteLiteral } from '../../postgres/index.ts'
import type { ShownStatement } from '../../result/index.ts'

/** Stands for PUBLIC: a role that nobody gave anything. It is made and undone in one transaction. */
const nobody = 'godwit_nobody'

/** A client's statement as a counterexample sends it: as its sender, with its settings, and undone at once. */
export function sentByClient({ sql, readBack, as }: ShownStatement): string {
  const settings = Object.entries(as?.settings ?? {}).map(
    ([name, value]) => `SET LOCAL ${name.split('.').map(quoteIdentifier).join('.')} = ${quoteLiteral(value).trimStart()}`,
  )
  const sender =
    as === undefined
      ? []
      : [
          ...(as.role === undefined ? [`CREATE ROLE ${quoteIdentifier(nobody)} -- stands for everybody else`] : []),
          ...settings,
          `SET LOCAL ROLE ${quoteIdentifier(as.role ?? nobody)}`,
        ]
  const lines = ['BEGIN', ...sender, sql, ...(readBack === undefined ? [] : [readBack])]
  return `${lines.map((line) => `${line}\n;`).join('\n')}\nROLLBACK`
}
