import { type Constant, everyNode, type Script } from '../migration/index.ts'

/** Longer texts are messages and SQL. */
const longest = 40
/** More are a load of data. */
const most = 48

const comment = /\/\*[\s\S]*?\*\/|(?:^|\s)(?:\/\/|#).*$/gm
const literal = /(?<![\w$])(?:'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\\n$]|\\.)*)`|(-?\d+(?:\.\d+)?)(?![\w.]))/g

/**
 * Texts and numbers in a program that it may compare values with, as in `if (order.state === 'paid')`. Names of what its statements work on
 * are left out.
 *
 * @param sends  What it was seen to send.
 */
export function constantsOfProgram(text: string, sends: readonly Script[]): readonly Constant[] {
  const names = new Set(sends.flatMap((script) => script.statements.flatMap(({ tree }) => namesIn(tree))))
  const found = new Map<string, Constant>()
  for (const [, single, double, back, number] of text.replaceAll(comment, '').matchAll(literal)) {
    const value = (single ?? double ?? back ?? number ?? '').replaceAll(/\\(['"`\\])/g, '$1')
    if (value === '' || value.length > longest || names.has(value) || /[\n;/]/.test(value)) continue
    found.set(value, { kind: number === undefined ? 'text' : 'number', value })
  }
  return [...found.values()].slice(0, most)
}

function namesIn(tree: unknown): readonly string[] {
  return [...everyNode(tree)].flatMap(({ name, fields }) => {
    if (name === 'String') return [String(fields.sval)]
    return ['relname', 'colname', 'name', 'conname', 'idxname', 'newname'].flatMap((key) =>
      typeof fields[key] === 'string' ? [fields[key]] : [],
    )
  })
}
