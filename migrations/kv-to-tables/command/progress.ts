import cliProgress from 'cli-progress'
import type { Progress } from '../run/run-options.ts'

/** Shows how far a run is. */
export interface ProgressView {
  update(progress: Progress): void
  stop(): void
}

interface Output extends NodeJS.WritableStream {
  readonly isTTY?: boolean
}

/** A bar with rate and remaining time on a terminal; elsewhere a line when a kind begins or is through, and one every five seconds. */
export function showProgress(output: Output, now: () => number = () => performance.now()): ProgressView {
  const started = now()
  let first: number | undefined
  const speed = ({ doneInAll, totalInAll }: Progress) => {
    // What an earlier run did is no speed of this one.
    first ??= doneInAll
    const seconds = (now() - started) / 1000
    const rate = seconds > 0 ? (doneInAll - first) / seconds : 0
    return { rate: Math.round(rate), left: rate > 0 ? remaining((totalInAll - doneInAll) / rate) : '?' }
  }
  return output.isTTY === true ? bar(output, speed) : lines(output, speed, now)
}

type Speed = (progress: Progress) => { readonly rate: number; readonly left: string }

function bar(output: Output, speed: Speed): ProgressView {
  const view = new cliProgress.SingleBar({
    stream: output,
    format: '{kind} [{bar}] {percentage} % of {total}, {rate}/s, {left} left',
    barsize: 30,
    hideCursor: true,
    clearOnComplete: false,
  })
  let running = false
  return {
    update(progress) {
      const payload = { kind: progress.kind.padEnd(9), ...speed(progress) }
      if (running) view.update(progress.doneInAll, payload)
      else view.start(progress.totalInAll, progress.doneInAll, payload)
      running = true
    },
    stop() {
      if (running) view.stop()
    },
  }
}

const everyMs = 5000

function lines(output: Output, speed: Speed, now: () => number): ProgressView {
  let last = now()
  let kind = ''
  return {
    update(progress) {
      const { rate, left } = speed(progress)
      const through = progress.done >= progress.total
      if (progress.kind === kind && !through && now() - last < everyMs) return
      kind = progress.kind
      last = now()
      const percent = progress.totalInAll === 0 ? 100 : Math.floor((100 * progress.doneInAll) / progress.totalInAll)
      output.write(`${progress.kind}: ${progress.done} of ${progress.total}; ${percent} % of all, ${rate}/s, ${left} left\n`)
    },
    stop: () => undefined,
  }
}

function remaining(seconds: number): string {
  const whole = Math.ceil(seconds)
  if (whole < 60) return `${whole} s`
  return whole < 3600
    ? `${Math.floor(whole / 60)} min ${whole % 60} s`
    : `${Math.floor(whole / 3600)} h ${Math.floor((whole % 3600) / 60)} min`
}
