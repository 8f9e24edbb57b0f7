import { resolve } from 'node:path'
import { createVitest, type TestModule, type Vitest } from 'vitest/node'
import { specsOf } from './claim-specs.ts'
import type { Edit } from './edit.ts'
import { openScratch, type Scratch } from './scratch.ts'

/** What the specs of a claim say of one edit. Only `red` and `green` are answers; the others are an edit, or a list, that is wrong. */
export interface Answer {
  readonly outcome: 'red' | 'green' | 'not run' | 'not loaded' | 'timed out' | 'broken'
  /** Titles and first lines of errors. */
  readonly because: readonly string[]
  readonly seconds: number
}

/** What is tried: a claim with an edit, or without one, which must be green. */
export type Trial = Edit | { readonly claim: string; readonly test?: string }

/**
 * Try edits one after another on one copy of the repository, with one Vitest and one PostgreSQL for all. Of each only the tests run that bear the
 * claim's id, up to the first that fails.
 *
 * @param told  Called with each answer as it comes.
 * @param signal  Ends it early, with everything put away.
 */
export async function tryEdits(
  trials: readonly Trial[],
  told: (trial: Trial, answer: Answer) => void,
  signal?: AbortSignal,
): Promise<void> {
  using scratch = openScratch()
  const before = process.cwd()
  process.chdir(scratch.root)
  const options = { root: scratch.root, watch: false, bail: 1, maxWorkers: 1, testTimeout: 180_000, hookTimeout: 180_000 }
  // Vitest tells each run; who reads the answers does not want it.
  const vitest = await createVitest('test', { ...options, reporters: [{}] })
  signal?.addEventListener('abort', () => void vitest.cancelCurrentRun('keyboard-input'))
  try {
    await vitest.standalone()
    for (const trial of trials) {
      const answer = await tryOne(vitest, scratch, trial)
      if (signal?.aborted === true) break
      told(trial, answer)
    }
  } finally {
    await vitest.close()
    process.chdir(before)
  }
}

async function tryOne(vitest: Vitest, scratch: Scratch, trial: Trial): Promise<Answer> {
  const began = performance.now()
  const { files, pattern } = specsOf(scratch.root, trial.claim, trial.test)
  const takeBack = 'file' in trial ? scratch.edit(trial) : () => undefined
  try {
    if ('file' in trial) vitest.invalidateFile(resolve(scratch.root, trial.file))
    vitest.setGlobalTestNamePattern(new RegExp(pattern))
    const specifications = files.flatMap((file) => vitest.getModuleSpecifications(resolve(scratch.root, file)))
    const { testModules } = await vitest.runTestSpecifications(specifications)
    // Vitest remembers the modules of earlier runs too.
    const ran = testModules.filter(({ moduleId }) => specifications.some((each) => each.moduleId === moduleId))
    return { ...answerOf(ran), seconds: (performance.now() - began) / 1000 }
  } finally {
    takeBack()
    if ('file' in trial) vitest.invalidateFile(resolve(scratch.root, trial.file))
  }
}

function answerOf(modules: readonly TestModule[]): Omit<Answer, 'seconds'> {
  const tests = modules.flatMap((module) => [...module.children.allTests()])
  const failures = tests.flatMap((test) => {
    const result = test.result()
    return result.state === 'failed' ? [{ title: test.fullName, message: result.errors.map(wholeMessage).join('\n') }] : []
  })
  const because = failures.map(({ title, message }) => `${title}: ${message.slice(-300)}`)
  const any = (pattern: RegExp) => failures.some(({ message }) => pattern.test(message))
  if (any(/timed out in \d+ms/)) return { outcome: 'timed out', because }
  // Nothing was refuted: the edit is no migration any more, or a property ran out of time.
  if (any(/too little was drawn|syntax error|up fails with|42601|Transform failed|is not defined$/m)) return { outcome: 'broken', because }
  if (failures.length > 0) return { outcome: 'red', because }
  const errors = modules.flatMap((module) => [
    ...module.errors(),
    ...[...module.children.allSuites()].flatMap((suite) => [...suite.errors()]),
  ])
  if (errors.length > 0 || modules.some((module) => module.state() === 'failed'))
    return { outcome: 'not loaded', because: errors.map(({ message }) => message) }
  return { outcome: tests.some((test) => test.result().state === 'passed') ? 'green' : 'not run', because: [] }
}

interface Failure {
  readonly message: string
  readonly cause?: unknown
}

/** A failed property tells its counterexample first, and what it failed with as the cause. */
function wholeMessage({ message, cause }: Failure): string {
  const inner = typeof cause === 'object' && cause !== null && 'message' in cause ? wholeMessage(cause as Failure) : ''
  return inner === '' ? message : `${message}\n${inner}`
}
