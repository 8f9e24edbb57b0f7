import { asText, isFields, nodeOf, tryParsePlpgsql } from '../../migration/index.ts'
import { markClass, tellBefore } from './marks.ts'

const told =
  /\)::boolean\) WHEN true THEN [^()]*\(\d+, \d+\) WHEN false THEN NOT [^()]*\(\d+, \d+\) ELSE [^()]*\(\d+, \d+\) AND NULL END\)/g

/**
 * Whether a statement of CREATE FUNCTION or DO is another one with marks in it and nothing else, as PL/pgSQL's own parser reads both.
 *
 * @param marks  How many marks it must have.
 */
export function isSameBody(original: string, instrumented: string, marks: number): boolean {
  const [before, after] = [tryParsePlpgsql(original), tryParsePlpgsql(instrumented)]
  if (before === undefined || after === undefined) return false
  const [one, other] = [stepsOf(before), stepsOf(after)]
  return other.marks === marks && one.steps.join('\n') === other.steps.join('\n')
}

/** The statements and expressions of a body in their order, marks left out and counted. */
function stepsOf(tree: unknown): { readonly steps: readonly string[]; readonly marks: number } {
  const steps: string[] = []
  let marks = 0
  const walk = (value: unknown): void => {
    if (Array.isArray(value)) {
      for (const item of value) walk(item)
      return
    }
    if (!isFields(value)) return
    const node = nodeOf(value)
    if (node !== undefined) {
      const text = JSON.stringify(node.fields.cond ?? node.fields.expr ?? '')
      const ours = text.includes(`(${markClass}, `) && !text.includes(tellBefore)
      if (node.name === 'PLpgSQL_stmt_if' && ours) {
        marks += text.split(`(${markClass}, `).length - 1
        return
      }
      if (node.name === 'PLpgSQL_stmt_assign' && /"godwit_pass_\d+ :=/.test(text)) return
      if (node.name === 'PLpgSQL_expr') {
        const query = asText(node.fields.query) ?? ''
        marks += query.split(`(${markClass}, `).length - 1
        steps.push(
          query
            .replaceAll(tellBefore, '')
            .replaceAll(told, '')
            .replaceAll(/__Case__Variable_\d+__/g, ''),
        )
        return
      }
      // A loop gets a block around it, for its counter.
      if (node.name !== 'PLpgSQL_stmt_block') steps.push(node.name)
    }
    for (const [key, child] of Object.entries(value)) if (key !== 'datums' && key !== 'var' && key !== 'target') walk(child)
  }
  walk(tree)
  return { steps, marks }
}
