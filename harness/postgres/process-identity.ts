import { execFileSync } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'

/** Enough to tell whether a process still runs, even where its number was given to another one. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it started, in whatever unit the system counts; empty where the system does not tell. */
  readonly startTime: string
  /** The boot and the process namespace in which the number means something; empty where the system does not tell. */
  readonly where: string
}

/** @param pid  Of a running process. */
export function identifyProcess(pid: number): ProcessIdentity {
  return { pid, startTime: startTimeOf(pid) ?? '', where: whereabouts() }
}

/** `elsewhere`: another container's process in a directory that is shared, which cannot be judged from here. */
export function processState(identity: ProcessIdentity): 'running' | 'dead' | 'elsewhere' {
  if (identity.where !== whereabouts()) return bootOf(identity.where) === bootOf(whereabouts()) ? 'elsewhere' : 'dead'
  const startTime = startTimeOf(identity.pid)
  if (startTime === undefined) return 'dead'
  return startTime === '' || identity.startTime === '' || startTime === identity.startTime ? 'running' : 'dead'
}

/** undefined where there is no such process. */
function startTimeOf(pid: number): string | undefined {
  if (process.platform === 'linux') {
    try {
      // The name in parentheses may hold anything; field 22 is the twentieth after it. A zombie has ended.
      const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ')
      return fields[0] === 'Z' ? undefined : fields[19]
    } catch {
      return undefined
    }
  }
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return undefined
  }
  return askPs('lstart=', pid)
}

/** The program and its arguments; empty where there is no such process, or the system does not tell. */
export function commandLineOf(pid: number): string {
  if (process.platform !== 'linux') return askPs('command=', pid)
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
  } catch {
    return ''
  }
}

function askPs(what: string, pid: number): string {
  try {
    return execFileSync('ps', ['-ww', '-o', what, '-p', String(pid)], {
      encoding: 'utf8',
      timeout: 5000,
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim()
  } catch {
    return ''
  }
}

function whereabouts(): string {
  try {
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${readlinkSync('/proc/self/ns/pid')}`
  } catch {
    return ''
  }
}

function bootOf(where: string): string {
  return where.split(' ')[0] ?? ''
}
