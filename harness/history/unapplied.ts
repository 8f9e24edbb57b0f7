import type { HistoryStep } from '../formats/index.ts'
import type { Failure } from '../migration/index.ts'
import { mentionsName } from '../postgres/index.ts'

/** A step that was not applied, or only in part: what it does may be missing when later steps run. */
export interface Unapplied {
  readonly name: string
  /** Why, as the rest of a sentence about the step. */
  readonly because: string
  /** Its SQL; undefined where there is none to read, so that it may touch anything. */
  readonly text: string | undefined
}

/** @param failure  Why it does not apply to an empty database; undefined where it does. */
export function unappliedOf(step: HistoryStep, failure: Failure | undefined): Unapplied | undefined {
  const { name, up } = step
  if (up.kind === 'opaque') {
    const { refused } = up
    return refused === undefined
      ? { name, because: 'is no SQL and was not run', text: undefined }
      : { name, because: 'cannot be applied by its tool and was not run', text: refused.text }
  }
  if (failure === undefined) return undefined
  return { name, because: 'does not apply as a whole', text: up.kind === 'sql' ? up.script.text : undefined }
}

/** Whether a step may have made, moved or removed what has this name; a name with dots is looked for by its last part. */
export function mayTouch({ text }: Unapplied, name: string): boolean {
  const last = name.split('.').at(-1)?.replaceAll('"', '') ?? name
  return text === undefined || mentionsName(text.toLowerCase(), last.toLowerCase())
}

/**
 * The step before that a failure may follow from: of those that were not applied, the newest that names what the error names.
 *
 * @param before  In the order of the history.
 */
export function followedStep(failure: Failure, before: readonly Unapplied[]): Unapplied | undefined {
  const named = namesIn(failure)
  return before.findLast((step) => step.text === undefined || named.some((name) => mayTouch(step, name)))
}

/** What an error of the server names. */
function namesIn({ message }: Failure): readonly string[] {
  const quoted = [...message.matchAll(/"((?:[^"]|"")+)"/g)].map((match) => match[1] ?? '')
  const bare = /\b(?:column|function|procedure) ([^\s("]+)/.exec(message)?.[1]
  return bare === undefined ? quoted : [...quoted, bare]
}
