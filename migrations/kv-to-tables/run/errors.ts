/** What stops the program: bad usage or input (2), or an environment in which it cannot run (3). `message` is short, without a period. */
export class CommandError extends Error {
  readonly exitCode: 2 | 3
  readonly hint: string | undefined

  constructor(exitCode: 2 | 3, message: string, more: { readonly hint?: string; readonly cause?: unknown } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'CommandError'
    this.exitCode = exitCode
    this.hint = more.hint
  }
}

/** The SQLSTATE of an error of the driver (`code`) or of the harness's session (`sqlstate`). */
export function sqlstateOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const { sqlstate, code } = error as { readonly sqlstate?: unknown; readonly code?: unknown }
  const state = sqlstate ?? code
  return typeof state === 'string' && /^[0-9A-Z]{5}$/.test(state) ? state : undefined
}

/**
 * Whether the record is at fault, and no run would ever write it: bad data (22), a constraint (23), a trigger's refusal (P0), a view's check (44),
 * a limit such as that of index rows (54). Anything else may be over in a moment.
 */
export function isPoison(error: unknown): boolean {
  return /^(22|23|44|54|P0)/.test(sqlstateOf(error) ?? '')
}
