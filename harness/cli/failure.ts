import { GodwitError } from '../errors.ts'
import { maskSecrets, visibleLines, visibleText } from '../report/index.ts'
import { exitCodes } from './exit-codes.ts'

export interface FailureText {
  readonly text: string
  readonly exitCode: number
}

/**
 * Say what stopped the command: message, detail and hint of our own errors; anything else is a fault of Godwit, and its stack is
 * shown only to who asks for it. Passwords in URLs are masked, and no character of a name moves the terminal's cursor or begins a line.
 */
export function describeFailure(error: unknown, options: { readonly debug: boolean }): FailureText {
  const stack = options.debug && error instanceof Error ? `${error.stack ?? ''}\n${causes(error)}` : ''
  if (error instanceof GodwitError) {
    const more = [error.detail, error.hint === undefined ? undefined : `Hint: ${error.hint}`].filter((line) => line !== undefined)
    // A line of somebody's SQL in the detail must not look like another message.
    const below = more.map((line) => visibleLines(line).replaceAll(/^godwit: /gm, ' $&'))
    const text = `${[`godwit: ${visibleText(error.message)}`, ...below].join('\n')}\n${visibleLines(stack)}`
    return { text: maskSecrets(text), exitCode: error.exitCode }
  }
  const message = error instanceof Error ? error.message : String(error)
  const lines = [
    `godwit: internal error: ${visibleText(message)}`,
    'This is a fault of Godwit, not of the migration, and says nothing about it. Please report it with the command and the version',
    options.debug ? 'that you ran, and what stands below.' : 'that you ran, and what GODWIT_DEBUG=1 in the environment shows beside this.',
  ]
  return { text: maskSecrets(visibleLines(`${lines.join('\n')}\n${stack}`)), exitCode: exitCodes.couldNotRun }
}

function causes(error: Error): string {
  return error.cause instanceof Error ? `caused by ${error.cause.stack ?? error.cause.message}\n${causes(error.cause)}` : ''
}
