import { asText, everyNode, nodeOf, stringsOf } from '../migration/index.ts'
import type { Facts } from './facts.ts'
import { statementTree, transactionControl } from './units.ts'

/** What a statement reads and writes, by relation; `any` where that cannot be known. */
export type Footprint = 'any' | KnownFootprint

interface KnownFootprint {
  readonly reads: ReadonlySet<string>
  readonly writes: ReadonlySet<string>
  /** It fixes what its transaction sees of every relation. */
  readonly allReads: boolean
}

/** Where a statement of a transaction stands. */
export interface FootprintContext {
  readonly facts: Facts
  /** Footprint of its open transaction so far; undefined where none is open. */
  readonly open: Footprint | undefined
  /** Whether what it sees stays what its transaction sees (REPEATABLE READ and above). */
  readonly keepsSnapshot: boolean
}

export const noFootprint: Footprint = { reads: new Set(), writes: new Set(), allReads: false }

/**
 * What a statement reads and writes. Locks of rows count as writes.
 *
 * A statement that ends a transaction has the footprint of the whole transaction: it makes the writes seen, and frees the locks.
 */
export function footprintOf(sql: string, { facts, open, keepsSnapshot }: FootprintContext): Footprint {
  const node = nodeOf(statementTree(sql))
  if (node?.name === 'VariableSetStmt') return noFootprint
  if (node?.name === 'TransactionStmt') {
    if (transactionControl(sql) !== 'end' || open === undefined) return noFootprint
    return open
  }
  const own = footprints.get(facts)?.get(sql) ?? ownFootprint(node, facts)
  if (!footprints.has(facts)) footprints.set(facts, new Map())
  footprints.get(facts)?.set(sql, own)
  return own === 'any' ? own : { ...own, allReads: keepsSnapshot }
}

const footprints = new WeakMap<Facts, Map<string, Footprint>>()

function ownFootprint(node: ReturnType<typeof nodeOf>, facts: Facts): Footprint {
  if (node === undefined || !/^(Select|Insert|Update|Delete|Merge)Stmt$/.test(node.name)) return 'any'
  const nodes = [...everyNode({ [node.name]: node.fields })]
  const calls = nodes.flatMap(({ name, fields }) => (name === 'FuncCall' ? [stringsOf(fields.funcname).at(-1) ?? ''] : []))
  if (calls.some((name) => facts.opaqueFunctions.has(name))) return 'any'
  const own = new Set(nodes.flatMap(({ name, fields }) => (name === 'CommonTableExpr' ? [asText(fields.ctename) ?? ''] : [])))
  const named = nodes.flatMap(({ name, fields }) => (name === 'RangeVar' ? [asText(fields.relname) ?? ''] : []))
  const targets = nodes.flatMap(({ name, fields }) => {
    const relation = /^(Insert|Update|Delete|Merge)Stmt$/.test(name) ? fields.relation : undefined
    const target = asText((relation as { readonly relname?: unknown } | undefined)?.relname)
    return target === undefined ? [] : [target]
  })
  const writes = new Set<string>()
  const reads = new Set<string>()
  const locks = nodes.some(({ name }) => name === 'LockingClause')
  for (const name of [...named.filter((each) => !own.has(each)), ...targets]) {
    const others = facts.relations.get(name)
    if (others === undefined || others === 'any') return 'any'
    reads.add(name)
    if (locks || targets.includes(name)) for (const each of [name, ...others]) writes.add(each)
  }
  return { reads, writes, allReads: false }
}

/** Both footprints as one. */
export function unitedFootprints(one: Footprint, other: Footprint): Footprint {
  if (one === 'any' || other === 'any') return 'any'
  return {
    reads: new Set([...one.reads, ...other.reads]),
    writes: new Set([...one.writes, ...other.writes]),
    allReads: one.allReads || other.allReads,
  }
}

/** Whether the order of two statements of different sessions can matter. */
export function conflict(one: Footprint, other: Footprint): boolean {
  if (one === noFootprint || other === noFootprint) return false
  if (one === 'any' || other === 'any') return true
  return reaches(one, other) || reaches(other, one)
}

function reaches(writer: KnownFootprint, other: KnownFootprint): boolean {
  if (writer.writes.size === 0) return false
  return other.allReads || [...writer.writes].some((each) => other.reads.has(each) || other.writes.has(each))
}
