import type { HintCollector } from './hint-collector.ts'
import { resolveExpression, type Scope } from './scope.ts'
import { asList, type Fields, nodeOf, stringsOf } from './tree.ts'

/** Letters that are composed, decomposed, and compatible with others only: what a normal form tells apart. */
const unnormalised = ['Zoe\u0308', 'Zo\u00eb', 'A\u030angstro\u0308m', '\ufb01le \u2460']
/** Letters that encodings of one byte lack: of Latin-1, of Latin-2, of both and of Cyrillic. */
const unencodable = ['\u0141\u00f3d\u017a', 'Zo\u00eb', '\u041c\u043e\u0441\u043a\u0432\u0430', '\u65e5\u672c']
/** Elements of every kind, one that is JSON's null, one that stands there twice, none at all. */
const lists = ['["a", null, "b"]', '["a", "b", "a"]', '[1, "1", true, [2], {"a": 1}]', '[]', '[null]']

/** Values at which functions that take only some texts or documents, or tell them apart, show it. */
export function callValues(fields: Fields, scope: Scope, hints: HintCollector): void {
  const name = stringsOf(fields.funcname).at(-1) ?? ''
  if (name === 'generate_series') for (const arg of asList(fields.args)) counted(arg, scope, hints)
  if (/^(repeat|lpad|rpad)$/.test(name)) counted(asList(fields.args)[1], scope, hints)
  const values = valuesFor(name)
  if (values.length === 0) return
  const subject = resolveExpression(asList(fields.args)[0], scope)
  // What is not known to be an attribute would be given to every one.
  if (subject !== undefined)
    hints.literals(
      subject,
      values.map((value) => ({ kind: 'text', value })),
    )
}

/** Of so many rows or characters as an attribute says: of a million of each row, nobody would see the end. */
function counted(arg: unknown, scope: Scope, hints: HintCollector): void {
  const reference = resolveExpression(arg, scope)
  const node = nodeOf(arg)
  if (reference !== undefined) hints.counted(reference)
  else if (node?.name === 'CoalesceExpr' || node?.name === 'MinMaxExpr' || node?.name === 'FuncCall')
    for (const each of asList(node.fields.args)) counted(each, scope, hints)
  else if (node?.name === 'A_Expr') for (const each of [node.fields.lexpr, node.fields.rexpr]) counted(each, scope, hints)
  else if (node?.name === 'TypeCast') counted(node.fields.arg, scope, hints)
}

function valuesFor(name: string): readonly string[] {
  if (/^(normalize|is_normalized)$/.test(name)) return unnormalised
  if (/^(convert_to|to_ascii)$/.test(name)) return unencodable
  return /^jsonb?_array_elements(_text)?$/.test(name) ? lists : []
}
