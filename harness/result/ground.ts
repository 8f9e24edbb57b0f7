import type { FindingResult, GroundResult, InvariantResult, MigrationResult } from './result.ts'

type Judged = Pick<MigrationResult, 'invariants' | 'findings'>
/** What is said of one ground. */
export type Ruling = Pick<GroundResult, 'state' | 'because' | 'finding' | 'counterexample' | 'accepted'>

/** The invariants that judge what a contract names. */
const judgedBy = { measure: 'quantity-parity', metric: 'metrics-kept' } as const

/** What an invariant says of the claim that rests on it. */
export function judgeInvariantGround(id: string, { invariants, findings }: Judged): Ruling {
  const judged = invariants.find((each) => each.id === id)
  if (judged === undefined) return notChecked(`The invariant "${id}" was not judged.`)
  return rule(
    judged,
    findings.filter((each) => each.invariant === id),
  )
}

/** What a measure or a metric says of the claim that rests on it. Others of the contract may differ. */
export function judgeNamedGround(kind: 'measure' | 'metric', name: string, { invariants, findings }: Judged): Ruling {
  const id = judgedBy[kind]
  const subject = `The ${kind} "${name}"`
  const judged = invariants.find((each) => each.id === id)
  if (judged === undefined) return notChecked(`${subject} was not read.`)
  const own = findings.filter((each) => each.invariant === id && each.object === name)
  if (judged.verdict !== 'violated' || own.length > 0) return rule(judged, own, subject)
  // Another one is refuted: this one is judged as it would be alone.
  const { otherwise = '' } = judged
  return otherwise === '' ? rule({ ...judged, verdict: 'holds' }, [], subject) : notChecked(sentence(otherwise))
}

function rule(judged: InvariantResult, findings: readonly FindingResult[], subject = `The invariant ${judged.id}`): Ruling {
  const { verdict, because, waived, saw } = judged
  if (verdict === 'violated') return refutedBy(gravestOpen(findings), because)
  const accepted = findings.find((each) => each.waived !== null && each.severity !== 'info')
  if (accepted?.waived != null) return { ...refutedBy(accepted, because), accepted: acceptedText(accepted.waived) }
  if (verdict === 'not-applicable') return notChecked(`${judged.id} does not apply: ${sentence(because)}`)
  if (verdict === 'unknown') {
    const reason = `${judged.id} is not tested: ${sentence(because)}`
    return notChecked(waived == null ? reason : `${reason} That is accepted ${acceptedText(waived)}`)
  }
  const open = findings.filter(({ severity }) => severity === 'warning').length
  const warnings = open === 0 ? '' : ` ${open === 1 ? '1 warning is' : `${open} warnings are`} open.`
  const tested =
    saw.rows === 0 ? '' : `, tested on ${saw.rows} ${saw.rows === 1 ? 'row' : 'rows'} in ${saw.runs} ${saw.runs === 1 ? 'run' : 'runs'}`
  return { state: 'held', because: `${subject} holds${tested}.${warnings}` }
}

function refutedBy(finding: FindingResult | undefined, because: string): Ruling {
  if (finding === undefined) return { state: 'refuted', because: sentence(because) }
  const { id, message, counterexample } = finding
  return { state: 'refuted', because: sentence(message), finding: id, ...(counterexample === null ? {} : { counterexample }) }
}

const gravity = { error: 0, warning: 1, info: 2 } as const

/** Accepted findings are left aside. */
function gravestOpen(findings: readonly FindingResult[]): FindingResult | undefined {
  const open = findings.filter(({ waived }) => waived === null)
  return open.toSorted((a, b) => gravity[a.severity] - gravity[b.severity] || Number(a.cause !== null) - Number(b.cause !== null))[0]
}

function acceptedText({ owner, reason, expires }: NonNullable<FindingResult['waived']>): string {
  return `by ${owner}${expires === null ? '' : ` until ${expires}`}: ${sentence(reason)}`
}

function notChecked(because: string): Ruling {
  return { state: 'not-checked', because }
}

function sentence(text: string): string {
  return text === '' || /[.!?]$/.test(text) ? text : `${text}.`
}
