/** What is to be done before this process ends by a signal. */
const pending = new Set<() => Promise<void>>()
const EXIT_CODES = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
const PATIENCE_MS = 15_000

/**
 * Have `work` done before a SIGINT, SIGTERM or SIGHUP ends the process (with 130, 143 or 129); a second signal ends it at once.
 *
 * The one state at module level here: signals belong to the process, not to a run.
 *
 * @returns what takes it off again.
 */
export function beforeInterrupt(work: () => Promise<void>): () => void {
  if (pending.size === 0) for (const signal of signals()) process.on(signal, interrupted)
  pending.add(work)
  return () => {
    pending.delete(work)
    if (pending.size === 0) for (const signal of signals()) process.off(signal, interrupted)
  }
}

function signals(): readonly (keyof typeof EXIT_CODES)[] {
  return ['SIGINT', 'SIGTERM', 'SIGHUP']
}

let ending = false

/**
 * Between the signal and the end, what fails because its server was taken away does not fail: the program would report that as an error,
 * and end by it before all is tidied up.
 */
export async function freezeWhileEnding(): Promise<void> {
  if (ending) await new Promise<never>(() => undefined)
}

function interrupted(signal: keyof typeof EXIT_CODES): void {
  const end = (): never => process.exit(EXIT_CODES[signal])
  if (ending) end()
  ending = true
  // Whoever else ends the process meanwhile, it was the signal.
  process.once('exit', () => {
    process.exitCode = EXIT_CODES[signal]
  })
  setTimeout(end, PATIENCE_MS).unref()
  Promise.allSettled([...pending].map((work) => work())).then(end, end)
}
