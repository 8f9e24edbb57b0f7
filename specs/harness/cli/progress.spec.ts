import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { showProgress } from '../../../harness/cli/progress.ts'

describe('progress', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] })
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  test('what takes less than a second says nothing', () => {
    const stream = recorder(false)
    using progress = showProgress(stream)
    progress.report({ migration: 'a', stage: 'band' })
    vi.advanceTimersByTime(900)
    expect(stream.text).toBe('')
  })

  test('elsewhere than on a terminal each stage is a line, and one that lasts another every five seconds', () => {
    const stream = recorder(false)
    using progress = showProgress(stream)
    progress.report({ migration: 'a', stage: 'band' })
    vi.advanceTimersByTime(1_200)
    for (let done = 1; done <= 100; done += 1) {
      progress.report({ migration: 'a', stage: 'edge', done, total: 100 })
      vi.advanceTimersByTime(100)
    }
    expect(stream.text).toBe(
      'a: run on rows with unique values\na: run on generated data sets: 1 of 100\na: run on generated data sets: 51 of 100\n',
    )
  })

  test('of a history of 600 steps a log gets a line every five seconds, with place, rate and the time that remains', () => {
    const stream = recorder(false)
    using progress = showProgress(stream)
    for (let done = 0; done < 100; done += 1) {
      progress.report({ migration: `step_${done}`, stage: 'step', done, total: 600, step: done + 1 })
      for (const stage of ['band', 'edge']) {
        progress.report({ migration: `step_${done}`, stage })
        vi.advanceTimersByTime(100)
      }
    }
    const lines = stream.text.trimEnd().split('\n')
    expect(lines.length).toBe(4)
    expect(lines.at(-1)).toMatch(/^step \d\d of 600, 4\.9 a second, 1 min 4\d s left: step_\d\d: run on generated data sets$/)
  })

  test('a terminal gets one line that is rewritten, no wider than it is, and cleared in the end', () => {
    const stream = recorder(true)
    const progress = showProgress(stream)
    progress.report({ migration: 'a\u001b[31m', stage: 'edge '.repeat(50), done: 1, total: 2 })
    vi.advanceTimersByTime(1_500)
    expect(stream.text).not.toContain('\n')
    expect(stream.text.match(/edge/g)?.length).toBeLessThan(16)
    expect(stream.text).not.toContain('\u001b[31m')
    progress[Symbol.dispose]()
    expect(stream.text.endsWith('\u001b[1G\u001b[2K')).toBe(true)
    const before = stream.text
    vi.advanceTimersByTime(5_000)
    expect(stream.text).toBe(before)
  })
})

function recorder(isTTY: boolean) {
  return {
    text: '',
    isTTY,
    columns: 60,
    write(chunk: string | Uint8Array): boolean {
      this.text += String(chunk)
      return true
    },
  }
}
