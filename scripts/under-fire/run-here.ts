import { runCommand } from '../../harness/cli/run-command.ts'

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** Run the command in this process, in a directory: it spares the second in which the command loads. */
export async function runHere(directory: string, args: readonly string[]): Promise<Ran> {
  const written = { stdout: '', stderr: '' }
  const before = process.cwd()
  const names = ['stdout', 'stderr'] as const
  const listeners = names.map((name) => process[name].listeners('error'))
  const writes = names.map((name) => process[name].write)
  for (const name of names) {
    process[name].write = ((text: string | Uint8Array) => {
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString()
      return true
    }) as typeof process.stdout.write
  }
  process.chdir(directory)
  try {
    return { code: await runCommand(args), ...written }
  } finally {
    process.chdir(before)
    for (const [index, name] of names.entries()) {
      const write = writes[index]
      if (write !== undefined) process[name].write = write
      // Each run of the command listens to errors of its streams anew.
      for (const listener of process[name].listeners('error')) {
        if (listeners[index]?.includes(listener) !== true) process[name].off('error', listener as () => void)
      }
    }
  }
}
