import { stripVTControlCharacters } from 'node:util'
import type { TestCase, TestModule, TestSuite } from 'vitest/node'
import type { SpecOutcome } from '../result/index.ts'
import { claimIdsOf } from './claim-titles.ts'

/** How a test ended, and what `claim` said of it. */
export interface GatheredOutcome extends SpecOutcome {
  /** Set where `claim` made the test: what an undeclared claim is called. */
  readonly claimText?: string | undefined
}

/** How all tests of a file ended, benchmarks left aside. */
export function outcomesOf(module: TestModule): readonly GatheredOutcome[] {
  return [...module.children.allTests()].filter((each) => each.meta().benchmark !== true).map(outcomeOf)
}

function outcomeOf(test: TestCase): GatheredOutcome {
  const { state, errors = [] } = test.result()
  const { godwitClaim } = test.meta()
  const plain = {
    ids: idsOf(test),
    title: test.fullName,
    ...(godwitClaim === undefined ? {} : { claimText: godwitClaim.text }),
  }
  if (state === 'failed') return { ...plain, state, ...toldBy(errors[0] ?? {}) }
  if (state === 'passed' && godwitClaim?.refutation !== undefined)
    return { ...plain, state: 'failed', expected: true, ...toldBy({ message: godwitClaim.refutation }) }
  return { ...plain, state: state === 'passed' ? 'passed' : 'skipped' }
}

/** Those of its own title; without any those of the nearest suite that has some. */
function idsOf(test: TestCase): readonly string[] {
  let task: TestCase | TestSuite | TestModule = test
  while (task.type !== 'module') {
    const ids = claimIdsOf(task.name)
    if (ids.length > 0) return ids
    task = task.parent
  }
  return []
}

interface Thrown {
  readonly message?: string | undefined
  readonly cause?: unknown
}

/** The first line of what an error says; of a property that fails, the values and the seed, and the error that it caused. */
export function toldBy({ message = '', cause }: Thrown): Pick<SpecOutcome, 'message' | 'counterexample'> {
  const text = stripVTControlCharacters(message)
  const values = /^Counterexample: (.*)$/m.exec(text)?.[1]
  if (values === undefined) return { message: firstLine(text) }
  const seed = /^\{ seed: (-?\d+), path: "([^"]*)"/m.exec(text)
  const replay = seed === null ? '' : ` (seed ${seed[1]}, path "${seed[2]}")`
  return { message: firstLine(causeText(cause) ?? text), counterexample: `${values}${replay}` }
}

function causeText(cause: unknown): string | undefined {
  if (typeof cause !== 'object' || cause === null || !('message' in cause) || typeof cause.message !== 'string') return undefined
  return stripVTControlCharacters(cause.message)
}

function firstLine(text: string): string {
  return (
    text
      .split('\n')
      .find((each) => each.trim() !== '')
      ?.trim() ?? ''
  )
}
