import { type TestFunction, type TestOptions, test } from 'vitest'
import { InputError } from '../errors.ts'
import { isClaimId } from '../result/index.ts'

/**
 * A test of one claim: `claim('SB-2', 'per-item quantity parity', async () => { … })`.
 *
 * It is the test `SB-2: per-item quantity parity`. `godwit/reporter` gathers how all tests of a claim ended. A claim that no contract declares is
 * added, with the title as its text, to the migration that `describeMigration` verifies in the same file.
 *
 * @param title  What is tested, in words.
 * @param options  As Vitest's `test` takes them: `{ timeout, skip, … }`.
 * @throws {InputError} Where the id is none, such as `SB-2`.
 */
export function claim(id: string, title: string, work: TestFunction): void
export function claim(id: string, title: string, options: TestOptions, work: TestFunction): void
export function claim(id: string, title: string, given: TestOptions | TestFunction, work?: TestFunction): void {
  const [options, body] = typeof given === 'function' ? [{}, given] : [given, work]
  refuseOther(id)
  test(`${id}: ${title}`, { ...options, meta: { godwitClaim: { id, text: title } } }, body)
}

/**
 * A test of one claim that is known not to hold: it passes as long as `work` fails, and reports show the claim as refuted, with the error.
 *
 * @throws {InputError} Where the id is none, such as `SB-2`.
 */
export function refutedClaim(id: string, title: string, work: () => Promise<unknown> | unknown): void {
  refuseOther(id)
  test(`${id}: ${title}`, { meta: { godwitClaim: { id, text: title } } }, async ({ task }) => {
    const error = await refutation(work)
    if (error === undefined) throw new Error(`"${id}: ${title}" holds now. Test it with claim() instead of refutedClaim().`)
    task.meta.godwitClaim = { id, text: title, refutation: error }
  })
}

async function refutation(work: () => Promise<unknown> | unknown): Promise<string | undefined> {
  try {
    await work()
    return undefined
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

function refuseOther(id: string): void {
  if (!isClaimId(id))
    throw new InputError(`"${id}" is not the id of a claim`, { hint: 'An id is capital letters, a hyphen and a number: "SB-2".' })
}
