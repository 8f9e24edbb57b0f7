import { execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'
import { createInterface } from 'node:readline'
import { addressOf } from './url.ts'

const DEBIAN = '/usr/lib/postgresql'
const LONGEST_ERROR = 64 * 1024

/** A `pg_dump` and the `pg_restore` beside it. */
export interface ClientPrograms {
  readonly dump: string
  readonly restore: string
  /** e.g. `15.18`. */
  readonly version: string
  readonly major: number
}

/** What a program of PostgreSQL did. */
export interface ProgramEnd {
  /** Undefined where a signal ended it. */
  readonly code: number | undefined
  /** The end of what it wrote to standard error. */
  readonly errors: string
}

/**
 * Every `pg_dump` with a `pg_restore` beside it, oldest version first: in Debian's folders of each version, and on PATH.
 *
 * @param path  As `PATH` has it.
 * @param perVersion  The folder that holds `15/bin`, `16/bin` and so on.
 */
export function findClientPrograms(path = process.env.PATH ?? '', perVersion = DEBIAN): readonly ClientPrograms[] {
  // Debian's wrapper on PATH chooses a version by rules of its own: the programs themselves come first.
  const folders = [...versionFolders(perVersion), ...path.split(delimiter).filter((folder) => folder !== '')]
  const found = [...new Set(folders)].flatMap((folder): readonly ClientPrograms[] => {
    const [dump, restore] = [join(folder, 'pg_dump'), join(folder, 'pg_restore')]
    const version = existsSync(dump) && existsSync(restore) ? versionOf(dump) : undefined
    return version === undefined ? [] : [{ dump, restore, version, major: Number.parseInt(version, 10) }]
  })
  return found.toSorted((one, other) => one.major - other.major)
}

function versionFolders(parent: string): readonly string[] {
  try {
    return readdirSync(parent).map((version) => join(parent, version, 'bin'))
  } catch {
    return []
  }
}

function versionOf(program: string): string | undefined {
  try {
    const text = execFileSync(program, ['--version'], { encoding: 'utf8', timeout: 10_000, stdio: ['ignore', 'pipe', 'ignore'] })
    return /\(PostgreSQL\) (\d+[\w.]*)/.exec(text)?.[1]
  } catch {
    return undefined
  }
}

/** What libpq reads behind the `?` of a URL; it refuses anything else, such as the `schema` of Prisma. */
const understood = ['sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'sslcrl', 'channel_binding', 'connect_timeout', 'target_session_attrs']

/**
 * Run `pg_dump` or `pg_restore` on a database and wait until it ends.
 *
 * The password is handed over by the environment, so that nobody reads it in the list of processes.
 *
 * @param url  Of the database, as the user gave it.
 * @param signal  Ends the program.
 * @throws {InputError} When the URL cannot be read.
 */
export async function runClientProgram(
  program: string,
  args: readonly string[],
  { url, signal }: { readonly url: string; readonly signal: AbortSignal },
): Promise<ProgramEnd> {
  const { host, port, user, password, database, url: readable = url } = addressOf(url)
  const given = new URL(readable).searchParams
  const parameters = new URLSearchParams({ host, port: String(port), user })
  for (const name of understood) if (given.has(name)) parameters.set(name, given.get(name) ?? '')
  // libpq takes a plus for a plus.
  const target = `postgresql:///${encodeURIComponent(database)}?${parameters.toString().replaceAll('+', '%20')}`
  const { PATH = '/usr/bin:/bin', HOME } = process.env
  const env = { PATH, HOME, LC_ALL: 'C', PGAPPNAME: 'godwit', ...(password === undefined ? {} : { PGPASSWORD: password }) }
  return new Promise((resolve, reject) => {
    const child = spawn(program, ['--no-password', `--dbname=${target}`, ...args], { env, signal, stdio: ['ignore', 'ignore', 'pipe'] })
    let errors = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      errors = (errors + text).slice(-LONGEST_ERROR)
    })
    let failure: Error | undefined
    child.once('error', (error) => {
      failure = error
    })
    // An abort is an error at once: until the program has ended, it still has its files open.
    child.once('close', (code) => (failure === undefined ? resolve({ code: code ?? undefined, errors }) : reject(failure)))
  })
}

/**
 * Run a program of PostgreSQL that reads files and no database, and read what it writes line by line.
 *
 * @param signal  Ends the program.
 */
export async function readClientProgram(
  program: string,
  args: readonly string[],
  onLine: (line: string) => void,
  signal: AbortSignal,
): Promise<ProgramEnd> {
  const { PATH = '/usr/bin:/bin', HOME } = process.env
  const child = spawn(program, [...args], { env: { PATH, HOME, LC_ALL: 'C' }, signal, stdio: ['ignore', 'pipe', 'pipe'] })
  let errors = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors = (errors + text).slice(-LONGEST_ERROR)
  })
  const ended = new Promise<number | undefined>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (code) => resolve(code ?? undefined))
  })
  // Whoever waits for it comes later.
  ended.catch(() => undefined)
  for await (const line of createInterface({ input: child.stdout, crlfDelay: Number.POSITIVE_INFINITY })) onLine(line)
  return { code: await ended, errors }
}
