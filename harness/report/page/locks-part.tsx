import type { FindingResult } from '../../result/index.ts'
import { isArrayOf, isFlatRecord } from '../evidence-shapes.ts'
import { DurationBars, TimeBars } from './bars.tsx'
import type { PageMigration } from './page-data.ts'

/** How long locks are held and clients wait under live traffic, where it was measured (`--online`). */
export function LocksPart({ page, heading: Heading }: { readonly page: PageMigration; readonly heading: 'h3' | 'h4' }) {
  const online = page.migration.findings.filter(({ invariant }) => invariant === 'online-safety')
  const bars = online.flatMap(measured).filter(({ name }, index, all) => all.findIndex((each) => each.name === name) === index)
  const queues = online.flatMap(queueOf)
  if (bars.length === 0 && queues.length === 0) return null
  return (
    <>
      <Heading>Locks and waits under live traffic</Heading>
      {bars.length > 0 && <DurationBars label="Locks and waits" of="what" bars={bars.toSorted((left, right) => right.ms - left.ms)} />}
      {queues.map(({ label, bars: waits }, index) => (
        <TimeBars key={index} label={label} columns={[label, 'waits for']} bars={waits} />
      ))}
    </>
  )
}

/** Who waits behind whom while a transaction stays open, where that was looked at. */
function queueOf({ evidence, kind, object, relation }: FindingResult) {
  if (kind !== 'queue' || !isArrayOf(evidence.queue, isFlatRecord)) return []
  const bars = evidence.queue.map(({ who, behind, fromMs, toMs }) => ({
    ...{ name: String(who), note: behind === 'nobody' ? '' : String(behind) },
    ...{ fromMs: Number(fromMs), toMs: Number(toMs) },
  }))
  return [{ label: `${object ?? 'the migration'} behind an open transaction that has read ${relation ?? 'a table'}`, bars }]
}

function measured({ evidence, relation, object, kind }: FindingResult): readonly { readonly name: string; readonly ms: number }[] {
  const of = relation ?? object ?? ''
  const named = [
    ['durationMs', `${object ?? 'the migration'} as a whole`],
    ['heldMs', `${typeof evidence.lock === 'string' ? evidence.lock : 'lock'} held on ${of}`],
    [
      'statementMs',
      `the statement that ${kind === 'rewrite' ? `rewrites ${of}` : kind === 'scan' ? `reads ${of}` : `works under the lock on ${of}`}`,
    ],
    ['waitedMs', `longest wait of a client for ${of}`],
    ['longestStatementMs', `longest statement of a client during ${object ?? 'the migration'}`],
    ['longestStatementWithoutMs', `longest statement of a client without ${object ?? 'the migration'}`],
  ] as const
  return named.flatMap(([key, name]) => {
    const ms = evidence[key]
    return typeof ms === 'number' ? [{ name, ms }] : []
  })
}
