import { clearLine, cursorTo } from 'node:readline'
import type { WriteStream } from 'node:tty'
import { counted, visibleText } from '../report/index.ts'
import type { ProgressEvent } from '../verify/index.ts'

export interface Progress extends Disposable {
  report(event: ProgressEvent): void
}

const quietMs = 1_000
const everyMs = 100
const plainEveryMs = 5_000

/**
 * Show what is going on, on standard error, once it has taken a second: on a terminal one line that changes, elsewhere a line for
 * each stage, and one every five seconds of a stage that goes on.
 *
 * A line and no list of tasks: a library that draws one costs more start-up time than many a run takes.
 */
export function showProgress(stream: Pick<WriteStream, 'write'> & { readonly isTTY?: boolean; readonly columns?: number }): Progress {
  let latest: ProgressEvent | undefined
  let shownLine = ''
  let shownStage = ''
  let shownAtMs = 0
  const startedMs = performance.now()

  const show = () => {
    if (latest === undefined) return
    const nowMs = performance.now()
    if (nowMs - startedMs < quietMs) return
    const line = describe(latest)
    if (line === shownLine) return
    if (stream.isTTY === true) {
      rewrite(stream, line.slice(0, (stream.columns ?? 80) - 1))
    } else {
      const stage = `${latest.migration}\n${latest.stage}`
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
    },
    [Symbol.dispose]: () => {
      clearInterval(timer)
      if (stream.isTTY === true && shownLine !== '') rewrite(stream, '')
    },
  }
}

function describe({ migration, stage, done, total }: ProgressEvent): string {
  const name = visibleText(migration)
  const amount = done === undefined ? '' : total === undefined ? `: ${counted(done, 'run')}` : `: ${done} of ${total}`
  return `${name === '' ? '' : `${name}: `}${visibleText(stage)}${amount}`
}

function rewrite(stream: Pick<WriteStream, 'write'>, line: string): void {
  // Both want a WriteStream by type and use its write() alone.
  cursorTo(stream as WriteStream, 0)
  clearLine(stream as WriteStream, 0)
  stream.write(line)
}
