import { spawn } from 'node:child_process'

export interface CommandRun {
  /** For a shell. */
  readonly command: string
  readonly directory: string
  /** Added to the environment of this process; undefined takes away what it has. */
  readonly environment: Readonly<Record<string, string | undefined>>
  readonly signal?: AbortSignal | undefined
}

export interface CommandEnd {
  /** Undefined when a signal ended it. */
  readonly code: number | undefined
  /** Both streams as they came, the last 64 KiB; URLs of `environment` are replaced by their names, passwords left out. */
  readonly output: string
  readonly aborted: boolean
}

const keptOutput = 1 << 16
const graceMs = 2_000

/** Run a command with all processes that it starts in a group of their own: on abort the group is asked to end, then killed. */
export function runCommand({ command, directory, environment, signal }: CommandRun): Promise<CommandEnd> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return resolve({ code: undefined, output: '', aborted: true })
    const child = spawn(command, {
      cwd: directory,
      env: { ...process.env, ...environment },
      shell: true,
      detached: process.platform !== 'win32',
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let output = ''
    let aborted = false
    let killing: NodeJS.Timeout | undefined
    const keep = (chunk: Buffer) => {
      output = (output + chunk.toString('utf8')).slice(-keptOutput)
    }
    child.stdout.on('data', keep)
    child.stderr.on('data', keep)
    const abort = () => {
      aborted = true
      killGroup(child.pid, 'SIGTERM')
      killing = setTimeout(() => killGroup(child.pid, 'SIGKILL'), graceMs)
    }
    signal?.addEventListener('abort', abort, { once: true })
    const release = () => {
      clearTimeout(killing)
      signal?.removeEventListener('abort', abort)
    }
    child.on('error', (error) => {
      release()
      reject(error)
    })
    child.on('close', (code) => {
      release()
      // What the command left running in its group has no one to wait for it.
      if (aborted) killGroup(child.pid, 'SIGKILL')
      resolve({ code: code ?? undefined, output: withoutSecrets(output, environment), aborted })
    })
  })
}

function killGroup(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal)
  } catch {
    // It has ended.
  }
}

/** A URL has a password in it, and output ends up in reports. */
function withoutSecrets(output: string, environment: CommandRun['environment']): string {
  // A password is a part of its URL, which is hidden as a whole first.
  const given = Object.entries(environment).flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const]))
  const urlsFirst = given.sort(([, a], [, b]) => Number(b.includes('://')) - Number(a.includes('://')))
  return urlsFirst.reduce((text, [name, value]) => {
    const password = /pass/i.test(name) ? value : /^\w+:\/\/[^/@]*:([^@]+)@/.exec(value)?.[1]
    if (password === undefined) return text
    const hidden = value === password || value === '' ? text : text.replaceAll(value, `$${name}`)
    return password.length < 4 ? hidden : hidden.replaceAll(decodeURIComponent(password), '***').replaceAll(password, '***')
  }, output)
}
