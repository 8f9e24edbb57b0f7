import { shownName } from '../../postgres/index.ts'
import type { Finding } from '../../result/index.ts'
import type { LockTaken, WatchedStatement } from '../../run/index.ts'
import { modeText, whomItStops } from '../../run/index.ts'
import type { DirectionSeen, UnderTraffic } from './model.ts'
import { cut, round } from './text.ts'

type Kind = 'rewrite' | 'scan' | 'held'

interface Held {
  readonly lock: LockTaken
  /** Index of the first statement that took a lock on the relation. */
  readonly from: number
}

/** A statement that works while a relation is locked. */
interface UnderLock {
  readonly kind: Kind
  readonly lock: LockTaken
  readonly statement: WatchedStatement
  /** Its index in its direction. */
  readonly at: number
}

/** For each relation and kind the statement that took longest; what rewrites a relation is not told of again for less. */
export function lockFindings(seen: DirectionSeen, { budget, rows }: UnderTraffic): readonly Finding[] {
  const found = new Map<string, UnderLock>()
  let held = new Map<string, Held>()
  for (const [at, statement] of seen.statements.entries()) {
    if (seen.statements[at - 1]?.transaction !== statement.transaction) held = new Map()
    for (const lock of strongest([...[...held.values()].map((each) => each.lock), ...statement.locks]))
      held.set(lock.relation, { lock, from: held.get(lock.relation)?.from ?? at })
    for (const [relation, { lock, from }] of held) {
      const kind = whomItStops(lock.mode) === undefined ? undefined : kindOf(statement, relation, from < at, budget.manyRows)
      if (kind === undefined) continue
      const key = `${kind} ${relation}`
      const known = found.get(key)
      if (known === undefined || known.statement.durationMs < statement.durationMs) found.set(key, { kind, lock, statement, at })
    }
  }
  return [...found.values()]
    .filter(({ kind, lock }) => kind === 'rewrite' || !found.has(`rewrite ${lock.relation}`))
    .map((each) => lockFinding(each, seen, rows.get(each.lock.relation)))
}

/** What a statement does while a relation is locked. */
function kindOf({ rewritten, work }: WatchedStatement, relation: string, before: boolean, many: number): Kind | undefined {
  if (rewritten.includes(relation)) return 'rewrite'
  const own = work.find((each) => each.relation === relation)
  const writes = (own?.written ?? 0) >= many
  if ((own?.scanned ?? 0) >= many && !writes) return 'scan'
  return writes || (before && rowsOf(work) >= many) ? 'held' : undefined
}

function rowsOf(work: WatchedStatement['work']): number {
  return Math.max(0, ...work.map(({ scanned, written }) => Math.max(scanned, written)))
}

/** What to do instead, by what the statement is. */
function hintFor(kind: Kind, { text }: WatchedStatement, relation: string): string {
  if (kind === 'held') return `Commit after the statement that locks ${relation}, and change rows in a transaction of their own.`
  if (kind === 'rewrite')
    return /\bADD\s+(COLUMN\s+)?/i.test(text) && !/\bTYPE\b/i.test(text)
      ? 'Add the column without a default, fill it in batches, then set the default.'
      : 'Add a new column, fill it in batches, then rename both columns in a transaction that does nothing else.'
  if (/\bADD\s+(CONSTRAINT\s+\S+\s+)?(PRIMARY\s+KEY|UNIQUE)\b/i.test(text))
    return 'Build a unique index with CREATE UNIQUE INDEX CONCURRENTLY, then ADD CONSTRAINT … USING INDEX.'
  if (/\bINDEX\b/i.test(text)) return 'Use CREATE INDEX CONCURRENTLY, in a migration that runs without a transaction.'
  if (/\bSET\s+NOT\s+NULL\b/i.test(text))
    return 'Add CHECK (… IS NOT NULL) NOT VALID and validate it in a later transaction: then SET NOT NULL does not read the table.'
  return 'Add the constraint NOT VALID, and VALIDATE CONSTRAINT in a later transaction.'
}

function lockFinding({ kind, lock, statement, at }: UnderLock, seen: DirectionSeen, rows: number | undefined): Finding {
  const { relation, mode, heldMs } = lock
  const name = shownName(relation)
  const does = {
    rewrite: `it rewrites ${name}`,
    scan: `it reads all rows of ${name}`,
    held: `a later statement works on ${rowsOf(statement.work)} rows`,
  }[kind]
  return {
    invariant: 'online-safety',
    kind,
    severity: 'warning',
    known: 'observed',
    relation,
    object: seen.direction,
    file: statement.file,
    line: statement.line,
    message: `${seen.direction} blocks ${whomItStops(mode)} of ${name} while ${does} (${modeText(mode)} lock): ${timeText(statement, at, seen, rows)}`,
    evidence: {
      lock: modeText(mode),
      heldMs: round(heldMs),
      statement: cut(statement.text),
      statementMs: round(statement.durationMs),
      rows: rows ?? null,
      ...growthEvidence(statement, at, seen),
      ...opinionEvidence(statement),
    },
    hint: hintFor(kind, statement, name),
  }
}

/** A statement that takes several locks on one relation is judged by the strongest. */
export function strongest(locks: readonly LockTaken[]): readonly LockTaken[] {
  const order = ['ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock']
  const best = new Map<string, LockTaken>()
  for (const lock of locks) {
    const known = best.get(lock.relation)
    if (known === undefined || order.indexOf(lock.mode) > order.indexOf(known.mode)) best.set(lock.relation, lock)
  }
  return [...best.values()]
}

/** What is shorter says more of the machine than of the rows. */
const shortestMs = 5

function timeText(statement: WatchedStatement, at: number, { smaller }: DirectionSeen, rows: number | undefined): string {
  const less = smaller?.durationsMs.get(at)
  const here = `${round(statement.durationMs)} ms${rows === undefined ? '' : ` on ${rows} rows`}`
  return less === undefined || smaller === undefined ? here : `${here}, ${round(less)} ms on ${smaller.rows} rows`
}

function growthEvidence(statement: WatchedStatement, at: number, { smaller }: DirectionSeen): Record<string, unknown> {
  const less = smaller?.durationsMs.get(at)
  return less === undefined || smaller === undefined
    ? {}
    : {
        fewerRows: smaller.rows,
        fewerRowsMs: round(less),
        growth: less < shortestMs ? null : Number((statement.durationMs / less).toFixed(1)),
      }
}

/** What a linter says of a statement, where one is installed. */
export function opinionEvidence({ opinion }: WatchedStatement): Record<string, unknown> {
  return opinion === undefined ? {} : { squawk: opinion }
}
