import { type Knowledge, showCell } from '../../lineage/index.ts'
import { shownName } from '../../postgres/index.ts'
import type { Finding, Verdict } from '../../result/index.ts'
import type { Invariant } from '../invariant.ts'
import { shownIn } from '../online-safety/text.ts'
import type { IsolationObservation, RowLeft, UnexplainedWrite } from './model.ts'
import { besideWrites } from './observe-isolation.ts'
import { rules } from './rules.ts'

/**
 * A write that a client was told is committed while `up` runs is in the result, as it is when it comes before `up` or after it.
 *
 * Kinds: `lost-write` is an error; `fails-beside-write` is a warning, since what failed can be run again; `interleaved` is information.
 */
export const isolation: Invariant<IsolationObservation> = {
  id: 'isolation',
  holds:
    'no write that commits between two statements of `up` is lost; with `--isolation` ([isolation](docs/interleavings.md#a-migration-beside-a-client))',
  violation: 'writes of clients are lost while it runs',
  rules,
  looks: besideWrites,
  judge({ writes, relations, rows, schedules, open, unexplained }: IsolationObservation, { locate }: Knowledge): Verdict {
    const saw = { relations, rows, cells: 0, runs: schedules }
    if (writes === 0) return { outcome: 'unknown', because: 'clients had no write to send', saw }
    const findings = [...unexplained.filter(isLost), ...unexplained.filter(({ upFailed }) => upFailed !== undefined)]
    // Of each write the earliest place is told.
    const first = findings.filter(
      (each, at) => findings.findIndex((other) => other.write === each.write && isLost(other) === isLost(each)) === at,
    )
    const [worst, ...rest] = first.map((each): Finding => {
      const place = each.write.relation === undefined ? undefined : locate(each.write.relation)
      return { ...findingOf(each), file: place?.file, line: place?.line }
    })
    const notes = [interleaved(writes, schedules, open)]
    return worst === undefined ? { outcome: 'holds', saw, notes } : { outcome: 'violated', findings: [worst, ...rest, ...notes], saw }
  },
}

function isLost({ upFailed, missing, extra }: UnexplainedWrite): boolean {
  return upFailed === undefined && (missing.length > 0 || extra.length > 0)
}

function findingOf(seen: UnexplainedWrite): Finding {
  const { write, statements, after, committedAfter, missing, extra, upFailed, rowsSql } = seen
  const ofUp = statements.filter(({ session, sql }) => session === 'up' && sql !== 'BEGIN')
  const next = ofUp[after]?.sql
  const place = (at: number) => {
    const following = ofUp[at]?.sql
    return following === undefined ? 'at the end of up' : `before "${oneLine(shownIn(following))}"`
  }
  const commits = committedAfter === undefined ? `commits ${place(after)}` : `is sent ${place(after)} and commits ${place(committedAfter)}`
  const sent = statements.map(({ session, sql }) => `${session}: ${sql}`)
  const base = {
    invariant: 'isolation',
    known: 'observed',
    relation: write.relation,
    object: write.name,
    evidence: {
      write: write.sql,
      before: next ?? 'the end',
      ...(upFailed === undefined ? { missing: missing.map(cellsOf), extra: extra.map(cellsOf) } : { error: upFailed }),
      statements: sent,
    },
    shown: { interleaving: { write, open: committedAfter !== undefined, statements: sent, rowsSql } },
  } as const
  const name = capital(`${write.operation === 'statement' ? write.name : articles[write.operation]}${into(write)}`)
  if (upFailed !== undefined)
    return {
      ...base,
      kind: 'fails-beside-write',
      severity: 'warning',
      message: `up fails with ${upFailed.replace(/^error /, '')} when ${name.charAt(0).toLowerCase()}${name.slice(1)} ${commits}`,
      hint: lockHint(write.relation),
    }
  const [row] = missing.length > 0 ? missing : extra
  const what = missing.length > 0 ? 'is missing afterwards' : 'is there afterwards'
  return {
    ...base,
    kind: 'lost-write',
    severity: 'error',
    message: `${name} that ${commits} is lost: ${row === undefined ? 'a row' : rowText(row)} ${what}`,
    hint: lockHint(write.relation),
  }
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/g, ' ')
}

const articles = { insert: 'an INSERT', update: 'an UPDATE', delete: 'a DELETE' } as const

function into({ operation, relation }: UnexplainedWrite['write']): string {
  if (operation === 'statement' || relation === undefined) return ''
  return ` ${{ insert: 'into', update: 'of', delete: 'from' }[operation]} ${shownName(relation)}`
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}

function lockHint(relation: string | undefined): string {
  const table = relation === undefined ? 'the table' : shownName(relation)
  return `Let up begin with LOCK TABLE ${table} IN SHARE ROW EXCLUSIVE MODE, in the transaction that reads and changes it.`
}

function cellsOf({ relation, cells }: RowLeft) {
  return { relation, ...cells }
}

/** A row by its first cells. */
function rowText({ relation, cells }: RowLeft): string {
  const few = Object.entries(cells)
    .slice(0, 3)
    .map(([name, cell]) => `${name} ${showCell(cell)}`)
  return `a row of ${shownName(relation)} (${few.join(', ')})`
}

function interleaved(writes: number, schedules: number, open: number): Finding {
  return {
    invariant: 'isolation',
    kind: 'interleaved',
    severity: 'info',
    known: 'observed',
    message: `${writes} ${writes === 1 ? 'write' : 'writes'} of clients were tried between the statements of up, in ${schedules} interleavings${open === 0 ? '' : `, in ${open} of them in a transaction that stays open`}`,
    evidence: { writes, schedules, open },
  }
}
