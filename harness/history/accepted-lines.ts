import { InputError } from '../errors.ts'
import type { Source } from '../formats/index.ts'
import type { Remark, Script, Statement } from '../migration/index.ts'
import type { FindingWaiver } from '../result/index.ts'

const form = '-- godwit: accept zero-loss because … until 2027-01-31 by …'
const declaration =
  /^godwit:\s*accept\s+(?<invariant>[\w-]+)(?:\/(?<kind>[\w-]+))?\s+because\s+(?<reason>\S.*)\s+until\s+(?<expires>\S+)\s+by\s+(?<owner>\S.*)$/i

/**
 * The waivers that migrations declare in comments of their SQL: `-- godwit: accept zero-loss because … until 2027-01-31 by …` accepts what
 * is found in the statement that it stands in, beside, or above. Over several lines, up to the one that completes it.
 *
 * @throws {InputError} For a comment that begins so and lacks a part, with file and line.
 */
export function acceptedLines(sources: readonly Source[]): readonly FindingWaiver[] {
  return sources.flatMap(scriptsOf).flatMap((script) => (script.remarks ?? []).flatMap((remark) => waiverOf(remark, script)))
}

function scriptsOf(source: Source): readonly Script[] {
  if (source.kind === 'command') return []
  const steps = source.kind === 'pairs' ? source.migrations.map(({ migration }) => migration) : source.history.steps
  return steps.flatMap(({ up, down }) => [up, down].flatMap((step) => (step?.kind === 'sql' ? [step.script] : [])))
}

function waiverOf({ origin, lines }: Remark, script: Script): readonly FindingWaiver[] {
  const [first = ''] = lines
  if (!/^godwit:\s*accept\b/i.test(first)) return []
  const refuse = (what: string): never => {
    const caret = `${' '.repeat(origin.column - 1)}^`
    throw new InputError(`${origin.file}:${origin.line}: ${what}`, { detail: `${origin.lineText}\n${caret}`, hint: `Write: ${form}` })
  }
  const texts = lines.map((_, at) =>
    lines
      .slice(0, at + 1)
      .join(' ')
      .replace(/\s+/g, ' '),
  )
  const groups = texts.map((text) => declaration.exec(text)?.groups).find((each) => each !== undefined)
  if (groups === undefined) return refuse(`"godwit: accept" ${missingIn(texts.at(-1) ?? '')}`)
  const { invariant, kind, reason = '', expires = '', owner = '' } = groups
  if (!isDate(expires)) return refuse(`"until ${expires}" is not an ISO date such as "2027-01-31"`)
  const statement = statementAt(origin, script) ?? refuse('"godwit: accept" stands after the last statement, and accepts nothing there')
  const at = { file: statement.file, from: statement.line, to: lastLineOf(statement) }
  return [{ invariant, kind, at, owner, reason, expires }]
}

/** Which part is not there, in words. */
function missingIn(text: string): string {
  if (!/^godwit:\s*accept\s+[\w-]+(\/[\w-]+)?(\s|$)/i.test(text)) return 'does not name an invariant'
  if (!/\sbecause\s+\S/i.test(text)) return 'gives no reason ("because …")'
  if (!/\suntil\s+\S/i.test(text)) return 'gives no last day ("until 2027-01-31")'
  return /\sby\s+\S/i.test(text) ? 'has its parts in another order' : 'does not say who accepts it ("by …")'
}

/** The statement that a comment stands in or beside; else the next one below it. */
function statementAt({ file, line, column }: Remark['origin'], { statements }: Script): Statement | undefined {
  const own = statements.filter((statement) => statement.file === file)
  const begun = own.filter((each) => each.line < line || (each.line === line && each.column <= column))
  const beside = begun.findLast((each) => lastLineOf(each) >= line)
  return beside ?? own.find((each) => !begun.includes(each))
}

function lastLineOf({ line, text }: Statement): number {
  return line + text.split('\n').length - 1
}

function isDate(text: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(text) && !Number.isNaN(Date.parse(text)) && new Date(text).toISOString().startsWith(text)
}
