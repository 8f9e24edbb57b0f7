import type { Catalog } from '../catalog/index.ts'
import type { Failure, Step } from '../migration/index.ts'
import { mentionsName, quoteIdentifier, quoteName, type Session, StatementError, tryEach } from '../postgres/index.ts'

/** Rows are stored that no SELECT can read. */
export class UnreadableRows extends StatementError {
  /** As the failure of what stored them. */
  failureOf(step: Step): Failure {
    const { table = '', column = '' } = this.fields
    const fields = { ...this.fields, unreadable: true } as const
    if (step.kind === 'program') return { ...fields, statement: undefined, index: 0, file: step.file, line: 1 }
    const { file, statements } = step.script
    const index = [table, column].reduce(
      (found, name) =>
        Math.max(
          found,
          statements.findLastIndex(({ text }) => mentionsName(text, name)),
        ),
      statements.length === 0 ? -1 : 0,
    )
    const statement = statements[index]
    return { ...fields, statement, index: Math.max(index, 0), file: statement?.file ?? file, line: statement?.line ?? 1 }
  }
}

/** Whether statements of which some may fail can be sent in one message: that takes PL/pgSQL. */
export function triesEach({ extensions }: Catalog): boolean {
  return extensions.has('plpgsql')
}

/**
 * See that all rows of some relations can be read: a virtual generated attribute is computed when it is read, so that neither ADD COLUMN nor
 * an UPDATE fails where the expression does.
 *
 * @throws {UnreadableRows} For the first attribute that cannot.
 * @see https://www.postgresql.org/docs/18/ddl-generated-columns.html
 */
export async function checkReadable(session: Session, catalog: Catalog, relations: readonly string[]): Promise<void> {
  if (!triesEach(catalog)) return
  const computed = relations.flatMap((path) => {
    const relation = catalog.relations.get(path)
    return (relation?.attributes ?? []).flatMap(({ name, generated }) =>
      generated === 'virtual' && relation !== undefined ? [{ relation, attribute: name }] : [],
    )
  })
  const tried = await tryEach(
    session,
    computed.map(({ relation, attribute }) => `SELECT count(${quoteIdentifier(attribute)}) FROM ${quoteName(relation)}`),
    { keep: true },
  )
  for (const [at, answer] of tried.entries()) {
    const { relation, attribute } = computed[at] ?? {}
    if (answer.outcome !== 'refused' || relation === undefined) continue
    const { sqlstate, message } = answer
    throw new UnreadableRows({ sqlstate, message, schema: relation.schema, table: relation.name, column: attribute })
  }
}
