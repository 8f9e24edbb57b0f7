import { asText, everyNode, fieldsOf, type Statement, tryParse, tryParsePlpgsql } from '../migration/index.ts'

/** The statements that the body of a DO runs, `EXECUTE '…'` with a constant text too, as far as its parser understands it; none for any other statement. */
export function bodyTrees(statement: Statement): readonly unknown[] {
  if (statement.node !== 'DoStmt') return []
  const expressions = [...everyNode(tryParsePlpgsql(statement.text) ?? [])].filter((node) => node.name === 'PLpgSQL_expr')
  return expressions.flatMap(({ fields }) => {
    const query = asText(fields.query) ?? ''
    const trees = tryParse(query) ?? tryParse(`SELECT ${query}`) ?? []
    return [...trees, ...trees.concat(tryParse(`SELECT ${query}`) ?? []).flatMap(executed)]
  })
}

/** What a constant would run, were it handed to EXECUTE. */
function executed(tree: unknown): readonly unknown[] {
  return [...everyNode(tree)].flatMap((node) => {
    const text = node.name === 'A_Const' ? asText(fieldsOf(node.fields, 'sval')?.sval) : undefined
    return text === undefined || !/^\s*(create|grant|alter|set|revoke|reassign)\b/i.test(text) ? [] : (tryParse(text) ?? [])
  })
}
