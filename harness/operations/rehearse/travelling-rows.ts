import type { Session } from '../../postgres/index.ts'

interface PlanNode {
  readonly 'Node Type': string
  readonly 'Relation Name'?: string
  /** Of what the other server joins or aggregates: `Aggregate on (public.orders_1)`. */
  readonly Relations?: string
  readonly Plans?: readonly PlanNode[]
}

/**
 * The foreign tables whose rows would be sent to the server of the session for a statement: those that the planner scans without having the
 * other server aggregate them.
 *
 * @throws {StatementError} What the planner refuses.
 */
export async function travellingTables(session: Session, sql: string): Promise<readonly string[]> {
  const [result] = await session.script(`EXPLAIN (FORMAT JSON, COSTS OFF) ${sql}`)
  const plans = JSON.parse((result?.rows ?? []).map(([line]) => line).join('\n')) as readonly { readonly Plan?: PlanNode }[]
  return [...new Set(plans.flatMap(({ Plan }) => (Plan === undefined ? [] : scanned(Plan))))]
}

function scanned(node: PlanNode): readonly string[] {
  const { Plans = [], Relations: relations = '' } = node
  const own = node['Node Type'] === 'Foreign Scan' && !relations.startsWith('Aggregate on') ? [node['Relation Name'] ?? relations] : []
  return [...own, ...Plans.flatMap(scanned)]
}
