import type { Relation } from '../catalog/index.ts'
import { asText, bodyOf, type Fields, fieldsOf, isFields, plpgsqlNodes } from '../migration/index.ts'
import type { Reader } from './reader.ts'

const because = 'what a body decides is not measured'
const words: Readonly<Record<string, string>> = {
  PLpgSQL_stmt_if: 'IF',
  PLpgSQL_if_elsif: 'ELSIF',
  PLpgSQL_stmt_while: 'WHILE',
  PLpgSQL_stmt_exit: 'EXIT WHEN',
  PLpgSQL_case_when: 'WHEN',
  PLpgSQL_stmt_fors: 'FOR IN',
  PLpgSQL_stmt_fori: 'FOR',
  PLpgSQL_stmt_dynexecute: 'EXECUTE',
  PLpgSQL_stmt_execsql: '',
}

/** The body of DO or of a function that a script makes: each of its branches, loops and statements is named, and not measured. */
export function readBody(reader: Reader, fields: Fields): void {
  const body = bodyOf(reader.text.tree)
  if (body === undefined) return
  const nodes = body.language === 'plpgsql' ? (plpgsqlNodes(reader.text.text) ?? []) : []
  const before = body.text === undefined ? 0 : lines(reader.text.text.slice(0, Math.max(0, reader.text.text.indexOf(body.text))))
  const parts = nodes.flatMap(({ name, fields: part }) => {
    const text = asText(expressionOf(part)?.query)
    const word = words[name]
    return word === undefined || text === undefined ? [] : [{ text: `${word} ${text}`.trim(), line: Number(part.lineno ?? 1) - 1 }]
  })
  for (const { text, line } of parts) reader.leaveOutPart(text, before + line, because)
  if (parts.length === 0) reader.leaveOut('body', fields, `a body of ${body.language} is not measured`)
}

/** Triggers that a statement fires: what they do is named, and not measured. */
export function readTriggers(reader: Reader, relation: Relation | undefined, event: 'INSERT' | 'UPDATE' | 'DELETE'): void {
  for (const { name, definition, enabled } of relation?.triggers ?? []) {
    if (enabled === 'disabled' || !new RegExp(`\\b${event}\\b`).test(definition)) continue
    reader.leaveOutPart(`trigger ${name} of ${relation?.name}`, 0, 'what a trigger does is not measured')
  }
}

/** The expression that decides in a node of PL/pgSQL, or the statement that it runs. */
function expressionOf(node: Fields): Fields | undefined {
  for (const value of [node.cond, node.expr, node.query, node.sqlstmt, node.upper]) {
    const expression = fieldsOf(value, 'PLpgSQL_expr')
    if (isFields(expression)) return expression
  }
  return undefined
}

function lines(text: string): number {
  return text.split('\n').length - 1
}
