import { shownName } from '../../postgres/index.ts'
import type { Finding, FindingResult } from '../../result/index.ts'
import { followsFromLoss } from '../causes.ts'
import { type AccessObservation, everybody } from './model.ts'

/** Functions that a role ran before and cannot run any more; one finding for each function. */
export function lostCalls({ calls }: AccessObservation): readonly Finding[] {
  const before = new Map(calls.before.map((each) => [`${each.role} ${each.path}`, each]))
  const lost = calls.after.filter(({ role, path, error }) => {
    const old = before.get(`${role} ${path}`)
    return error !== undefined && old !== undefined && old.error === undefined
  })
  return [...new Set(lost.map((each) => each.path))].flatMap((path): readonly Finding[] => {
    const own = lost.filter((each) => each.path === path)
    const [first] = own
    if (first?.error === undefined) return []
    const roles = own.some((each) => each.role === everybody) ? ['PUBLIC'] : own.map((each) => each.role)
    const shown = { sql: first.sql, as: { role: first.role === everybody ? undefined : first.role, settings: {} } }
    return [
      {
        invariant: 'access-parity',
        kind: 'lost',
        severity: 'error',
        known: 'observed',
        byStatements: true,
        object: path,
        message: `Calls of ${shownName(path)} fail for ${roles.includes('PUBLIC') ? 'every role (PUBLIC)' : roles.join(', ')}: ${first.error.message} (${first.error.sqlstate})`,
        evidence: { roles, statement: first.sql, sqlstate: first.error.sqlstate },
        hint: `Give ${shownName(path)} the attributes that it had (SECURITY DEFINER, SET search_path), or grant the roles what it uses.`,
        shown: { clients: { before: [shown], after: [shown], rows: true } },
      },
    ]
  })
}

/** What a function lost explains that it fails for those who call it. */
export function followsFromFunction(finding: FindingResult, others: readonly FindingResult[]): FindingResult {
  const cause = others.find(
    (each) =>
      each.invariant === 'definitions-kept' && each.kind === 'function' && finding.object !== null && each.object === finding.object,
  )
  return cause === undefined || finding.kind !== 'lost' ? followsFromLoss(finding, others) : { ...finding, cause: cause.id }
}
