import { quoteIdentifier, type Session } from '../../postgres/index.ts'
import type { PlanSeen } from './model.ts'
import type { TimedStatement } from './timed-statements.ts'

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Actual Rows'?: number
  readonly 'Actual Loops'?: number
  readonly 'Rows Removed by Filter'?: number
  readonly 'Shared Hit Blocks'?: number
  readonly 'Shared Read Blocks'?: number
  readonly Plans?: readonly PlanNode[]
}

/**
 * The plan of a statement, as the server executed it once, in a transaction that is rolled back.
 *
 * @returns Undefined where it has no part that the server explains.
 */
export async function explain(session: Session, { parts }: TimedStatement): Promise<PlanSeen | undefined> {
  const explained = parts.filter((each) => each.planned)
  if (explained.length === 0) return undefined
  const sql = explained.map((each) => `EXPLAIN (ANALYZE, BUFFERS, COSTS OFF, TIMING OFF, SUMMARY OFF, FORMAT JSON) ${each.sql}`)
  const results = await session.script(['BEGIN', ...sql, 'ROLLBACK'].join(';\n'))
  const roots = results.flatMap(({ command, rows }) => (command === 'EXPLAIN' ? rows.map(([text]) => rootOf(text ?? '')) : []))
  const nodes = roots.flatMap(withChildren)
  return {
    scans: nodes.flatMap((node) => scanOf(node) ?? []),
    sequential: nodes.flatMap((node) => sequentialOf(node) ?? []),
    pages: roots.reduce((sum, node) => sum + (node['Shared Hit Blocks'] ?? 0) + (node['Shared Read Blocks'] ?? 0), 0),
  }
}

function rootOf(text: string): PlanNode {
  const [{ Plan }] = JSON.parse(text) as readonly [{ readonly Plan: PlanNode }]
  return Plan
}

function withChildren(node: PlanNode): readonly PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(withChildren)]
}

function scanOf(node: PlanNode): string | undefined {
  const [type, relation, index] = [node['Node Type'], node['Relation Name'], node['Index Name']]
  if (!type.endsWith('Scan')) return undefined
  const using = index === undefined ? '' : ` using ${quoteIdentifier(index)}`
  return `${type}${using}${relation === undefined ? '' : ` on ${quoteIdentifier(relation)}`}`
}

function sequentialOf(node: PlanNode): PlanSeen['sequential'][number] | undefined {
  const relation = node['Relation Name']
  if (node['Node Type'] !== 'Seq Scan' || relation === undefined) return undefined
  // Both are averages of the loops.
  const rows = (node['Actual Rows'] ?? 0) + (node['Rows Removed by Filter'] ?? 0)
  return { relation, rows: Math.round(rows * (node['Actual Loops'] ?? 0)) }
}
