const dayMs = 86_400_000

/**
 * Local times without an instant (the clock jumps over them) or with two (it goes back):
 * `2024-03-31 02:30:00`.
 */
export function oddTimesOf(turns: readonly Turn[]): readonly string[] {
  return [...new Set(turns.flatMap(({ localMs, jump }) => [format(localMs + halfHour), format(jump)]))]
}

/** The turn of a zone's clocks. */
export interface ClockChange {
  /** Local times around it, without a zone: those the clock jumps over, or shows twice, among them. */
  readonly locals: readonly string[]
  /** Instants around it, in UTC: in autumn two of them are one local time. */
  readonly instants: readonly string[]
  /** By how many milliseconds the clocks turn. */
  readonly width: number
}

/** What rows around the turns of the clocks hold, a change each. */
export function clockChangesOf(turns: readonly Turn[]): readonly ClockChange[] {
  return turns.map(({ localMs, jump, width }) => ({
    locals: [localMs, localMs + width / 2, localMs + width / 2 + 60_000, localMs + width, localMs + 1.5 * width].map(format),
    instants: [jump - width / 2, jump + width / 2, jump - width, jump, jump + width].map(format),
    width,
  }))
}

const halfHour = 30 * 60_000

/** When a zone's clocks turn. */
export interface Turn {
  /** The first local time that is left out or shown twice, as if it were UTC. */
  readonly localMs: number
  /** The instant, and by how much the clocks turn. */
  readonly jump: number
  readonly width: number
}

const hour = 3_600_000

/** Europe/Berlin and America/New_York in 2024, for schemas whose migration names no zone. */
export const usualTurns: readonly Turn[] = [
  { localMs: Date.UTC(2024, 2, 31, 2), jump: Date.UTC(2024, 2, 31, 1), width: hour },
  { localMs: Date.UTC(2024, 9, 27, 2), jump: Date.UTC(2024, 9, 27, 1), width: hour },
  { localMs: Date.UTC(2024, 2, 10, 2), jump: Date.UTC(2024, 2, 10, 7), width: hour },
  { localMs: Date.UTC(2024, 10, 3, 1), jump: Date.UTC(2024, 10, 3, 6), width: hour },
]

/** The turns in the given zones in three recent years. A zone that the runtime does not know is left out. */
export function turnsOf(zones: readonly string[]): readonly Turn[] {
  const changes: Turn[] = []
  for (const zone of zones.slice(0, 6)) {
    const offset = offsetsOf(zone)
    if (offset === undefined) continue
    for (let at = Date.UTC(2022, 0, 1); at < Date.UTC(2025, 0, 1); at += 7 * dayMs) {
      if (offset(at) === offset(at + 7 * dayMs)) continue
      let [before, after] = [at, at + 7 * dayMs]
      while (after - before > 60_000) {
        const middle = Math.floor((before + after) / 2)
        if (offset(middle) === offset(before)) before = middle
        else after = middle
      }
      // `after` is less than a minute past it.
      const jump = Math.floor(after / 60_000) * 60_000
      const localMs = jump + Math.min(offset(before), offset(after)) * 60_000
      changes.push({ localMs, jump, width: Math.abs(offset(after) - offset(before)) * 60_000 })
    }
  }
  return changes
}

function format(ms: number): string {
  return new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
}

/** Minutes east of UTC at an instant. */
function offsetsOf(zone: string): ((ms: number) => number) | undefined {
  try {
    const parts = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
    })
    return (ms) => {
      const found = Object.fromEntries(parts.formatToParts(ms).map((part) => [part.type, Number(part.value)]))
      const local = Date.UTC(found.year ?? 0, (found.month ?? 1) - 1, found.day ?? 1, found.hour ?? 0, found.minute ?? 0)
      return Math.round((local - Math.floor(ms / 60_000) * 60_000) / 60_000)
    }
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
