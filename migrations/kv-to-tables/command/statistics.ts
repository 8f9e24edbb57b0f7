import { markdownTable } from 'markdown-table'
import type { Counts } from '../run/model.ts'
import type { RunResult } from '../run/run-options.ts'
import type { RollbackResult } from '../run/run-rollback.ts'

/** The statistics of a run, as a table that is Markdown too. */
export function renderRun(result: RunResult, durationMs: number): string {
  const head = ['kind', 'source', 'inserted', 'updated', 'unchanged', 'kept', 'set aside', 'ms']
  const cells = (each: Counts) => [each.source, each.inserted, each.updated, each.unchanged, each.kept, each.setAside].map(String)
  const rows = result.kinds.map((each) => [each.kind, ...cells(each), String(each.durationMs)])
  const table = markdownTable([head, ...rows, ['total', ...cells(result.total), String(Math.round(durationMs))]], {
    align: ['l', 'r', 'r', 'r', 'r', 'r', 'r', 'r'],
  })
  const reasons = Object.entries(result.total.reasons).sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1))
  const lines = [
    result.dryRun ? 'Dry run: nothing was written.' : undefined,
    result.resumed.length > 0 ? `Went on where an earlier run had stopped: ${result.resumed.join(', ')}.` : undefined,
    '',
    table,
    '',
    reasons.length > 0 ? `Set aside because of: ${reasons.map(([code, number]) => `${code} (${number})`).join(', ')}.` : undefined,
    result.gone.length > 0
      ? `No longer in the store: ${result.gone.map(({ kind, records }) => `${kind} (${records})`).join(', ')}. Their rows and originals stay.`
      : undefined,
    ...result.untried.map(({ what, name, table, rows, why }) => `Not tried: the ${what} "${name}" of ${table}, for ${rows} rows: ${why}.`),
    result.total.setAside > 0 && !result.dryRun
      ? 'The records are in kv_set_aside with every reason. Mend them in the store, then run with --retry.'
      : undefined,
  ]
  return `${lines.filter((line) => line !== undefined).join('\n')}\n`
}

/** What a rollback did, or would do. */
export function renderRollback({ confirmed, tables, setAside }: RollbackResult): string {
  const rows = tables.map(({ table, rows, notFromStore }) => [table, String(rows), String(notFromStore)])
  const table = markdownTable([['table', 'rows', 'not from the store'], ...rows], { align: ['l', 'r', 'r'] })
  const lost = tables.reduce((sum, each) => sum + each.notFromStore, 0)
  const lines = [
    confirmed ? 'Emptied, in this order:' : 'Preview: nothing was changed. Would be emptied, in this order:',
    '',
    tables.length === 0 ? 'no table, none is there' : table,
    '',
    `Records set aside that ${confirmed ? 'were' : 'would be'} forgotten: ${setAside}.`,
    lost > 0
      ? `${lost} rows were made by the application since: they are NOT in the store${confirmed ? '' : ', and would be lost'}.`
      : undefined,
    confirmed ? 'The store is as it was.' : 'Run again with --confirm to do it.',
  ]
  return `${lines.filter((line) => line !== undefined).join('\n')}\n`
}
