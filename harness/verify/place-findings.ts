import type { Dataset } from '../data/index.ts'
import type { Subject } from '../lineage/index.ts'
import type { Statement } from '../migration/index.ts'
import type { Finding } from '../result/index.ts'
import { type Contents, type ContentsByStatement, contentsByStatement } from '../run/index.ts'
import type { Confirmed } from './confirm.ts'
import type { Inquiry } from './inquiry.ts'

/** Whose findings are about values of legacy rows. */
const aboutValues: ReadonlySet<string> = new Set(['zero-loss', 'quantity-parity', 'no-orphans'])

/**
 * Name, for each finding about values, the statement after which the values are different for good: `up` runs once more on the smallest rows,
 * and each column is looked at after each statement. Where that tells nothing, the statement stays that the parsed SQL suggests.
 */
export async function placeFindings({ subject, runner }: Inquiry, confirmed: readonly Confirmed[]): Promise<readonly Confirmed[]> {
  const { up } = subject.migration
  if (up.kind !== 'sql' || up.script.statements.length < 2) return confirmed
  const relations = new Set([...subject.knowledge.written, ...confirmed.flatMap(({ finding }) => finding.relation ?? [])])
  const known = new Map<Dataset, ContentsByStatement | undefined>()
  const placed: Confirmed[] = []
  for (const each of confirmed) {
    const { finding, dataset } = each
    if (dataset === undefined || finding.severity === 'info' || !aboutValues.has(finding.invariant)) {
      placed.push(each)
      continue
    }
    if (!known.has(dataset))
      known.set(dataset, await runner.onStage((stage) => contentsByStatement(subject, stage, { kind: 'dataset', dataset }, relations)))
    const statement = statementOf(subject, finding, known.get(dataset), up.script.statements)
    placed.push(statement === undefined ? each : { ...each, finding: { ...finding, file: statement.file, line: statement.line } })
  }
  return placed
}

function statementOf(
  subject: Subject,
  finding: Finding,
  contents: ContentsByStatement | undefined,
  statements: readonly Statement[],
): Statement | undefined {
  const legacy = subject.legacy.relations.get(finding.relation ?? '')
  if (contents === undefined || legacy === undefined) return undefined
  const inPlace = contents.states.map((state) => state.get(legacy.oid))
  if (finding.attribute === undefined) return at(statements, firstOfLast(inPlace, hasFewerRows))
  const number = legacy.attributes.find(({ name }) => name === finding.attribute)?.number ?? 0
  const differs = (now: Contents | undefined, before: Contents | undefined) => now?.digests.get(number) !== before?.digests.get(number)
  if (inPlace.at(-1)?.digests.has(number) === true) {
    const own = at(statements, firstOfLast(inPlace, differs))
    if (own !== undefined) return own
  }
  return at(statements, lastWrite(subject, finding, contents))
}

/** Statement `k` leads from state `k` to state `k + 1`. */
function at(statements: readonly Statement[], state: number | undefined): Statement | undefined {
  return state === undefined ? undefined : statements[state - 1]
}

function hasFewerRows(now: Contents | undefined, before: Contents | undefined): boolean {
  return now !== undefined && before !== undefined && now.rows < before.rows
}

/** The first state from which on all of them differ from the first. */
function firstOfLast(
  states: readonly (Contents | undefined)[],
  differs: (now: Contents | undefined, before: Contents | undefined) => boolean,
): number | undefined {
  const lastSame = states.findLastIndex((state) => !differs(state, states[0]))
  return lastSame < 0 || lastSame === states.length - 1 ? undefined : lastSame + 1
}

/** The state after the last statement that changed the values of the new column; what made the column and left it says nothing. */
function lastWrite({ knowledge }: Subject, { relation = '', attribute = '' }: Finding, contents: ContentsByStatement): number | undefined {
  const destinations = knowledge.lineage?.relations.get(relation)?.attributes.get(attribute)?.destinations ?? []
  const elsewhere = destinations.find((each) => !each.own)
  const named = elsewhere === undefined ? undefined : contents.named.get(elsewhere.relation)
  const number = named?.attributes.get(elsewhere?.columns[0]?.attribute ?? '')
  if (named === undefined || number === undefined) return undefined
  const digests = contents.states.map((state) => state.get(named.oid)?.digests.get(number))
  const last = digests.findLastIndex((digest, state) => state > 0 && digest !== digests[state - 1])
  return last > 0 && digests[last - 1] !== undefined ? last : undefined
}
