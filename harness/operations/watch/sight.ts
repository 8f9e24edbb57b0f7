import { counted, formatDuration } from '../../report/index.ts'
import type { Activity, Wait } from './activity.ts'

/** What a check found, without values: only the keys of the first rows. */
export interface WatchedCheck {
  readonly id: string
  /** Rows that are wrong; null where it could not be asked. */
  readonly wrong: number | null
  readonly keys: readonly string[]
  /** Why it could not be asked. */
  readonly because: string | null
}

/** The database at one moment: one line of `--json`. */
export interface Sight extends Activity {
  /** `host:port/database`. */
  readonly place: string
  readonly state: 'good' | 'bad'
  /** Why it is bad. */
  readonly reasons: readonly string[]
  readonly checks: readonly WatchedCheck[]
  /** Of all waits since the watch began. */
  readonly longestWait: Wait | null
}

export interface SeenAt {
  readonly place: string
  readonly activity: Activity
  readonly checks: readonly WatchedCheck[]
  readonly longestBefore: Wait | null
  /** A wait that is as long is bad. */
  readonly badWaitMs: number
}

/** Put together what was seen, and say whether it is good: every check clean, and nobody waiting for long. */
export function sightOf({ place, activity, checks, longestBefore, badWaitMs }: SeenAt): Sight {
  const reasons = [
    ...checks.flatMap(({ id, wrong, keys, because }) => {
      if (because !== null) return [`${id} cannot be asked: ${because}`]
      return wrong === 0 ? [] : [`${id}: ${counted(wrong ?? 0, 'row')} wrong: ${keysText(keys, wrong ?? 0)}`]
    }),
    ...activity.waits.filter(({ ms }) => ms >= badWaitMs).map((wait) => waitText(wait)),
  ]
  const [longestNow = null] = activity.waits
  const longestWait = longestBefore === null || (longestNow !== null && longestNow.ms > longestBefore.ms) ? longestNow : longestBefore
  return { ...activity, place, state: reasons.length === 0 ? 'good' : 'bad', reasons, checks, longestWait }
}

export function waitText({ pid, ms, mode, table, blockedBy }: Wait): string {
  const behind = blockedBy.length === 0 ? '' : `, behind pid ${blockedBy.join(', ')}`
  return `pid ${pid} waits ${formatDuration(ms)} for ${table ?? 'a transaction'} (${mode})${behind}`
}

function keysText(keys: readonly string[], wrong: number): string {
  return `${keys.join(', ')}${wrong > keys.length ? ', …' : ''}`
}
