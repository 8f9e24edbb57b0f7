import { type DrawStatementsOptions, type StatementForm, statementForms } from '../../data/index.ts'
import { limitOf, limitProbes } from './limits.ts'
import type { Lockstep } from './lockstep.ts'
import type { ViewLimit } from './model.ts'

/** What the sequences are made of, once it is known what this view does not do. */
export type Drawing = Required<Pick<DrawStatementsOptions, 'withoutDefault' | 'meetsTwice' | 'forms'>>

/** Try what only tables do. What this view does not do is left out of the sequences, or it would be all that they find. */
export async function findLimits(pair: Lockstep): Promise<{ readonly limits: readonly ViewLimit[]; readonly drawing: Drawing }> {
  const { legacy, view } = pair.replaced
  const forms = new Set<StatementForm>(statementForms)
  const withoutDefault = new Set<string>()
  let meetsTwice = true
  const limits: ViewLimit[] = []
  for (const probe of limitProbes(legacy, pair.major, view.triggers.length > 0)) {
    const [table, other] = await Promise.all([pair.table.run([probe.statement]), pair.view.run([probe.statement])])
    const [answer, through] = [table.answers[0], other.answers[0]]
    const sqlstate = through?.error?.sqlstate
    if (probe.counts === true) {
      const [own, counted] = [answer?.results[0]?.rowCount, through?.results[0]?.rowCount]
      if (own === counted || own === undefined || counted === undefined) continue
      meetsTwice = false
    } else if (sqlstate === undefined || !probe.sqlstates.includes(sqlstate)) continue
    for (const form of probe.forms) forms.delete(form)
    if (probe.withoutDefault !== undefined) withoutDefault.add(probe.withoutDefault)
    if (answer?.error === undefined) limits.push(limitOf(probe, sqlstate ?? ''))
  }
  return { limits, drawing: { forms, withoutDefault, meetsTwice } }
}
