import { counted, visibleText } from '../../report/index.ts'
import { maskLiterals } from '../watch/mask-literals.ts'
import type { ComparedNames } from './compare-names.ts'

const MOST_SHOWN = 12

/** What was compared, for a terminal. @param values  Show values of rows. */
export function comparedText(
  { place, table, other, lacking, cells, statements, answers, notCompared, same }: ComparedNames,
  values: boolean,
): string {
  const mark = (good: boolean) => (good ? '✓' : '✗')
  const [one, two] = cells.rows
  const cell = (value: string | null) => (value === null ? 'NULL' : values ? value : '…')
  const masked = (text: string) => (values ? text : maskLiterals(text))
  const lines = [
    `compared  ${table} and ${other} in ${place}`,
    ...lacking.map((column) => `✗ ${other} lacks the column ${column}`),
    `${mark(one === two)} rows: ${one} in ${table}, ${two} in ${other}`,
    `${mark(cells.different === 0)} cells: ${cells.different === 0 ? `all are equal (digest ${cells.digests[0]})` : `${cells.different} differ`}`,
    ...cells.examples
      .slice(0, MOST_SHOWN)
      .map((each) => `    ${masked(each.key)}: ${each.column} is ${cell(each.table)} in ${table}, ${cell(each.other)} in ${other}`),
    ...(cells.different > MOST_SHOWN ? ['    …'] : []),
    `${mark(answers.length === 0)} statements: ${answers.length === 0 ? `${counted(statements, 'statement')}, the same answers` : `${answers.length} of ${statements} have other answers`}`,
    ...answers
      .slice(0, MOST_SHOWN)
      .flatMap((each) => [
        `    ${each.kind}, ${each.form}: ${masked(each.statements.at(-1) ?? '')}`,
        `      ${table}: ${values ? each.table : withoutValues(each.kind, each.table)}`,
        `      ${other}: ${values ? each.other : withoutValues(each.kind, each.other)}`,
      ]),
    ...(answers.length > MOST_SHOWN ? ['    …'] : []),
    ...notCompared.map((each) => `  not compared: ${each}`),
    same ? `same      ${other} does what ${table} does, as far as it was compared` : `different ${other} does not do what ${table} does`,
  ]
  return lines.map((line) => `${visibleText(line)}\n`).join('')
}

/** A message of an error may quote a value, and so may rows. */
function withoutValues(kind: string, answer: string): string {
  if (kind === 'sqlstate') return answer.replace(/ \([\s\S]*$/, '')
  return /^(rows|contents)/.test(kind) ? 'other values (--values shows them)' : answer
}
