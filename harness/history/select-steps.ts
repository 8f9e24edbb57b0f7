import { InputError } from '../errors.ts'
import { type History, stepsSince } from '../formats/index.ts'
import type { VerifyOptions } from '../verify/index.ts'

/**
 * The steps to verify, by index: those named, or those that a branch adds; all without either,
 * but those that packages bring.
 *
 * @throws {InputError} When a name is none of the history's, or a file that was merged has changed.
 */
export async function selectSteps(history: History, options: VerifyOptions): Promise<ReadonlySet<number>> {
  const { only, since } = options
  const all = history.steps.map((_, at) => at)
  const own = all.filter((at) => history.steps[at]?.foreign !== true)
  if (only !== undefined && only.length > 0) {
    const missing = only.filter((name) => !history.steps.some((step) => step.name === name || step.version === name))
    if (missing.length > 0)
      throw new InputError(`no step is named "${missing.join('", "')}"`, { detail: `"${history.path}" has ${named(history)}.` })
    return new Set(
      all.filter((at) => [history.steps[at]?.name, history.steps[at]?.version].some((each) => each !== undefined && only.includes(each))),
    )
  }
  if (since === undefined) return new Set(own)
  const { added } = await stepsSince(history, since, { allowChanged: options.allowChanged ?? false })
  return new Set(own.filter((at) => added.has(history.steps[at]?.name ?? '')))
}

function named(history: History): string {
  const names = history.steps.map((step) => step.name)
  return names.length <= 12 ? names.join(', ') : `${names.length} steps, from ${names[0]} to ${names.at(-1)}`
}
