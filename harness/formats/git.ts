import { execFile } from 'node:child_process'
import { EnvironmentError, InputError } from '../errors.ts'

interface GitOptions {
  readonly input?: string
  /** Beside that of this process. */
  readonly environment?: Readonly<Record<string, string>>
}

/** What git wrote, or undefined where it ended with an error. */
export async function tryGit(directory: string, parameters: readonly string[], options?: GitOptions): Promise<string | undefined> {
  const { code, output } = await runGit(directory, parameters, options)
  return code === 0 ? output : undefined
}

/** @throws {InputError} with git's own words when it ends with an error. */
export async function git(directory: string, parameters: readonly string[], options?: GitOptions): Promise<string> {
  const { code, output, errors } = await runGit(directory, parameters, options)
  if (code === 0) return output
  throw new InputError(`git ${parameters[0]} failed in "${directory}"`, { detail: errors.trim() })
}

interface Ended {
  readonly code: number
  readonly output: string
  readonly errors: string
}

function runGit(directory: string, parameters: readonly string[], { input = '', environment = {} }: GitOptions = {}): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const options = { cwd: directory, maxBuffer: 1 << 28, env: { ...process.env, ...environment, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' } }
    const child = execFile('git', [...parameters], options, (error, output, errors) => {
      if (error !== null && typeof error.code === 'string') {
        const missing = error.code === 'ENOENT'
        reject(
          new EnvironmentError(missing ? 'git is not installed, or not on the path' : `git cannot run: ${error.code}`, { cause: error }),
        )
      } else resolve({ code: typeof error?.code === 'number' ? error.code : error === null ? 0 : 1, output, errors })
    })
    // It may end without reading.
    child.stdin?.on('error', () => undefined)
    child.stdin?.end(input)
  })
}
