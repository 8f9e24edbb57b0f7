import type { Interval, RecordedSnapshot, Snapshot, Usage, Use } from './model.ts'

/** How a statement of a role comes to the relation; undefined where it does not. */
export type Resolve = (text: string, role: string) => { readonly through: readonly string[]; readonly unsure: string | null } | undefined

export interface JudgedWith {
  readonly resolve: Resolve
  /** Why uses could stand unseen at any time, in sentences. */
  readonly blind: readonly string[]
}

type Judged = Pick<Usage, 'answer' | 'since' | 'observedSince' | 'because' | 'uses' | 'intervals'>

/**
 * Judge snapshots, the last of which was taken now: who used the relation, when last, and since when no use could have stood unseen.
 *
 * A statement was sent between two snapshots where its count has grown, or it is new.
 */
export function judgeUsage(snapshots: readonly [RecordedSnapshot, ...RecordedSnapshot[]], { resolve, blind }: JudgedWith): Judged {
  const texts = new Map(snapshots.flatMap((each) => Object.entries(each.texts)))
  const uses = new Map<string, Use>()
  const intervals: Interval[] = []
  let before: Snapshot | undefined
  for (const snapshot of snapshots) {
    let sent = 0
    const known = new Map(before?.statements.map((each) => [keyOf(each), each.calls]))
    for (const statement of snapshot.statements) {
      const text = texts.get(statement.text)
      const found = text === undefined ? { through: [], unsure: 'its text is not known' } : resolve(text, statement.role)
      if (found === undefined) continue
      const key = keyOf(statement)
      const earlier = uses.get(key)
      const counted = snapshot.reset === before?.reset ? (known.get(key) ?? 0) : 0
      const grown = statement.calls > counted ? statement.calls - counted : statement.calls < counted ? statement.calls : 0
      sent += grown
      uses.set(key, {
        role: statement.role,
        statement: text ?? '',
        ...found,
        calls: statement.calls,
        first: earlier?.first ?? statement.since ?? snapshot.at,
        last: earlier === undefined || grown > 0 ? snapshot.at : earlier.last,
      })
    }
    intervals.push({ from: before?.at ?? snapshot.reset, to: snapshot.at, calls: sent, broken: brokenBetween(before, snapshot, texts) })
    before = snapshot
  }
  return answerOf([...uses.values()], intervals, snapshots[0].reset, [...blind, ...blindOf(snapshots)])
}

function answerOf(all: readonly Use[], intervals: readonly Interval[], begin: string, blind: readonly string[]): Judged {
  const uses = all.toSorted((one, other) => (one.last < other.last ? 1 : one.last > other.last ? -1 : other.calls - one.calls))
  const observedSince = intervals.reduce((since, { to, broken }) => (broken.length > 0 ? to : since), begin)
  const lastUse = uses.find(({ unsure }) => unsure === null)?.last
  const unsure = uses.filter((each) => each.unsure !== null && each.last > observedSince)
  const because = [
    ...blind,
    ...(unsure.length === 0
      ? []
      : [`${unsure.length === 1 ? 'A statement' : `${unsure.length} statements`} may name the relation, and cannot be told for certain.`]),
  ]
  const base = { observedSince, uses, intervals, because }
  if (lastUse !== undefined && lastUse >= (intervals.at(-1)?.to ?? '')) return { ...base, answer: 'used', since: lastUse }
  const since = lastUse !== undefined && lastUse > observedSince ? lastUse : observedSince
  return { ...base, answer: because.length > 0 ? 'unknown' : 'unused', since }
}

/** Why a use between two snapshots could stand unseen. Nothing is lost by the first one where no entry was ever thrown out. */
function brokenBetween(before: Snapshot | undefined, after: Snapshot, texts: ReadonlyMap<string, string>): readonly string[] {
  if (after.track === 'none') return ['statements are not counted (pg_stat_statements.track = none)']
  if (before === undefined)
    return after.evicted > 0 ? [`${after.evicted} times entries were thrown out to make room (pg_stat_statements.max)`] : []
  if (before.reset !== after.reset) return [`counting began anew at ${after.reset}`]
  if (after.evicted > before.evicted)
    return [`${after.evicted - before.evicted} times entries were thrown out to make room (pg_stat_statements.max)`]
  const now = new Map(after.statements.map((each) => [keyOf(each), each.calls]))
  const lost = before.statements.filter((each) => (now.get(keyOf(each)) ?? -1) < each.calls)
  // What was both counted and removed since then has left no entry, but its removal has.
  const earlier = new Map(before.statements.map((each) => [keyOf(each), each.calls]))
  const removals = after.statements.some(
    (each) => each.calls > (earlier.get(keyOf(each)) ?? 0) && /pg_stat_statements_reset\s*\(\s*[^)\s]/i.test(texts.get(each.text) ?? ''),
  )
  return lost.length === 0 && !removals ? [] : ['entries were removed one by one (pg_stat_statements_reset with arguments)']
}

/** What the settings keep from being counted. */
function blindOf(snapshots: readonly Snapshot[]): readonly string[] {
  const found: string[] = []
  if (snapshots.some(({ utility }) => !utility))
    found.push('COPY, cursors and other utility statements are not counted (pg_stat_statements.track_utility = off).')
  const replicas = Math.max(...snapshots.map((each) => each.replicas))
  if (replicas > 0)
    found.push(
      `${replicas === 1 ? 'A replica streams' : `${replicas} replicas stream`} from this server: what is read there is counted there. Ask it too.`,
    )
  return found
}

function keyOf({ text, role }: { readonly text: string; readonly role: string }): string {
  return `${role} ${text}`
}
