import { GodwitError } from '../errors.ts'
import { maskSecrets } from '../report/index.ts'
import { exitCodes } from './exit-codes.ts'

export interface FailureText {
  readonly text: string
  readonly exitCode: number
}

/**
 * Say what stopped the command: message, detail and hint of our own errors; anything else is a fault of Godwit, and its stack is
 * shown only to who asks for it. Passwords in URLs are masked.
 */
export function describeFailure(error: unknown, options: { readonly debug: boolean }): FailureText {
  const stack = options.debug && error instanceof Error ? `${error.stack ?? ''}\n${causes(error)}` : ''
  if (error instanceof GodwitError) {
    const lines = [`godwit: ${error.message}`, error.detail, error.hint === undefined ? undefined : `Hint: ${error.hint}`]
    return { text: maskSecrets(`${lines.filter((line) => line !== undefined).join('\n')}\n${stack}`), exitCode: error.exitCode }
  }
  const message = error instanceof Error ? error.message : String(error)
  const lines = [
    `godwit: internal error: ${message}`,
    'This is a fault of Godwit, not of the migration, and says nothing about it. Please report it with the command and the version',
    options.debug ? 'that you ran, and what stands below.' : 'that you ran, and what GODWIT_DEBUG=1 in the environment shows beside this.',
  ]
  return { text: maskSecrets(`${lines.join('\n')}\n${stack}`), exitCode: exitCodes.couldNotRun }
}

function causes(error: Error): string {
  return error.cause instanceof Error ? `caused by ${error.cause.stack ?? error.cause.message}\n${causes(error.cause)}` : ''
}
