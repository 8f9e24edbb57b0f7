import { clearLine, cursorTo } from 'node:readline'
import type { WriteStream } from 'node:tty'
import { counted, formatDuration, stageWords, visibleText } from '../report/index.ts'
import type { ProgressEvent } from '../verify/index.ts'

export interface Progress extends Disposable {
  report(event: ProgressEvent): void
  /** Make room for another line. */
  clear(): void
}

const quietMs = 1_000
const everyMs = 100
const plainEveryMs = 5_000

/**
 * Show what is going on, on standard error, once it has taken a second: on a terminal one line that changes, elsewhere a line for
 * each stage, and one every five seconds of a stage that goes on. A history has a line every five seconds, with its rate and the time
 * that remains.
 *
 * A line and no list of tasks: a library that draws one costs more start-up time than many a run takes.
 */
export function showProgress(stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number }): Progress {
  let latest: ProgressEvent | undefined
  let shownLine = ''
  let shownStage = ''
  let shownAtMs = 0
  let history: HistoryProgress | undefined
  const startedMs = performance.now()

  const show = () => {
    if (latest === undefined) return
    const nowMs = performance.now()
    if (nowMs - startedMs < quietMs) return
    const line = `${history === undefined ? '' : `${describeHistory(history, nowMs)}: `}${describe(latest)}`
    if (line === shownLine) return
    if (stream.isTTY === true) {
      rewrite(stream, line.slice(0, (stream.columns ?? 80) - 1))
    } else {
      // Six hundred steps with six stages each would flood the log of a CI job.
      const stage = history === undefined ? `${latest.migration}\n${latest.stage}` : 'history'
      if (stage === shownStage && nowMs - shownAtMs < plainEveryMs) return
      stream.write(`${line}\n`)
      shownStage = stage
    }
    shownLine = line
    shownAtMs = nowMs
  }
  // A stage that says nothing for long is shown by the clock.
  const timer = setInterval(show, everyMs)
  timer.unref()
  return {
    report: (event) => {
      latest = event
      if (event.stage === 'cluster') history = undefined
      if (event.step === undefined || event.done === undefined || event.total === undefined) return
      const { done, total } = event
      history = { sinceMs: history?.sinceMs ?? performance.now(), from: history?.from ?? done, done, total }
    },
    clear: () => {
      if (stream.isTTY === true && shownLine !== '') rewrite(stream, '')
      shownLine = ''
    },
    [Symbol.dispose]: () => {
      clearInterval(timer)
      if (stream.isTTY === true && shownLine !== '') rewrite(stream, '')
    },
  }
}

/** Do work whose progress is shown on standard error, and cleared behind it. */
export async function withProgress<Result>(work: (report: (event: ProgressEvent) => void) => Promise<Result>): Promise<Result> {
  using progress = showProgress(process.stderr)
  return await work((event) => progress.report(event))
}

interface HistoryProgress {
  readonly sinceMs: number
  /** Steps that were done when it began. */
  readonly from: number
  readonly done: number
  readonly total: number
}

/** `step 12 of 600, 3.1 a second, 3 min 10 s left`. */
function describeHistory({ sinceMs, from, done, total }: HistoryProgress, nowMs: number): string {
  const place = `step ${Math.min(done + 1, total)} of ${total}`
  const seconds = (nowMs - sinceMs) / 1_000
  const rate = (done - from) / seconds
  if (done === from || seconds < 1) return place
  const amount = rate >= 1 ? `${rate.toFixed(1)} a second` : `${(1 / rate).toFixed(1)} s a step`
  return `${place}, ${amount}, ${formatDuration(((total - done) / rate) * 1_000)} left`
}

function describe({ migration, stage, done, total, step }: ProgressEvent): string {
  if (step !== undefined) return visibleText(migration)
  const name = visibleText(migration)
  const amount = done === undefined ? '' : total === undefined ? `: ${counted(done, 'run')}` : `: ${done} of ${total}`
  return `${name === '' ? '' : `${name}: `}${visibleText(stageWords(stage))}${amount}`
}

function rewrite(stream: Pick<WriteStream, 'write'>, line: string): void {
  // Both want a WriteStream by type and use its write() alone.
  cursorTo(stream as WriteStream, 0)
  clearLine(stream as WriteStream, 0)
  stream.write(line)
}
