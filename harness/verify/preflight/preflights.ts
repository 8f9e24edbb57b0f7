import type { Dataset } from '../../data/index.ts'
import { StatementError } from '../../postgres/index.ts'
import { fillStage, type RunObservation } from '../../run/index.ts'
import type { Confirmed } from '../confirm.ts'
import type { Inquiry } from '../inquiry.ts'
import { preflightOfFailure } from './of-failure.ts'
import { preflightOfLoss } from './of-loss.ts'

/** Rows on which the migration went well. */
export interface PassedRows {
  readonly dataset: Dataset
  readonly run: RunObservation
}

/**
 * For each finding of `applies` and `zero-loss` SQL that counts the rows of a real database which it concerns, where it can be derived.
 *
 * Each is tried: on the finding's own rows it must count one at least, and for `applies` none on rows that the migration takes. What does
 * not is dropped: no figure is better than a wrong one.
 */
export async function preflightsOf(
  inquiry: Inquiry,
  confirmed: readonly Confirmed[],
  passed: readonly PassedRows[],
): Promise<ReadonlyMap<Confirmed, string>> {
  const found = new Map<Confirmed, string>()
  for (const each of confirmed) {
    const sql = each.dataset === undefined ? undefined : derive(inquiry, each)
    if (sql === undefined || each.dataset === undefined) continue
    const own = await countOn(inquiry, each.dataset, sql)
    if (own === undefined || own === 0) continue
    const [other] = each.finding.invariant === 'applies' ? passed : []
    if (other !== undefined && (await countOn(inquiry, other.dataset, sql)) !== 0) continue
    found.set(each, sql)
  }
  return found
}

function derive({ subject }: Inquiry, { finding, observation }: Confirmed): string | undefined {
  if (finding.severity === 'info') return undefined
  if (finding.invariant === 'zero-loss') return preflightOfLoss(subject, finding, observation?.migrated?.catalog)
  const failure = finding.invariant === 'applies' ? observation?.failure : undefined
  return failure === undefined ? undefined : preflightOfFailure(subject, finding, failure)
}

/** Undefined where the server refuses the SQL. */
function countOn({ subject, runner }: Inquiry, dataset: Dataset, sql: string): Promise<number | undefined> {
  return runner.onStage(async (stage) => {
    await fillStage(subject, stage, { kind: 'dataset', dataset })
    return stage.look(async (session) => {
      const [result] = await session.script(sql).catch((error: unknown) => {
        if (error instanceof StatementError) return []
        throw error
      })
      return result === undefined ? undefined : Number(result.rows[0]?.[0] ?? 0)
    })
  })
}
