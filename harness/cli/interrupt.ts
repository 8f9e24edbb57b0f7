const exitCodes = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const
const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const

export interface Interrupt extends Disposable {
  /** Aborted by the first Ctrl-C (or SIGTERM, or SIGHUP); the second one ends the process at once. */
  readonly signal: AbortSignal
  /** What the command ends with once it was interrupted: 130, 143 or 129, as a shell counts. */
  readonly exitCode: () => number
}

/** Turn signals into an abort, so that servers and databases are cleared away before the command ends. */
export function onInterrupt(): Interrupt {
  const controller = new AbortController()
  let exitCode: number = exitCodes.SIGINT
  const interrupt = (signal: (typeof signals)[number]) => {
    // The next start sweeps what this leaves.
    if (controller.signal.aborted) process.exit(exitCodes[signal])
    exitCode = exitCodes[signal]
    process.stderr.write('\ngodwit: interrupted, clearing up (once more to end at once)\n')
    controller.abort(new Error('interrupted'))
  }
  for (const signal of signals) process.on(signal, interrupt)
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.off(signal, interrupt)
    },
  }
}
