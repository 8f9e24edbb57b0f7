import { createReadStream, statSync } from 'node:fs'
import { open } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { InputError } from '../../errors.ts'
import { type ClientPrograms, readClientProgram } from '../../postgres/index.ts'

/** What a dump says of itself. */
export interface DumpHeader {
  readonly kind: 'custom' | 'plain'
  readonly bytes: number
  /** Version of the server that was dumped, e.g. `15.18`. */
  readonly server: string
  readonly major: number
  /** Roles that it names. */
  readonly roles: readonly string[]
  /** The role that owns most of its tables; undefined where it names none. */
  readonly owner: string | undefined
}

/**
 * Read what a dump says of itself, without restoring it.
 *
 * @param programs  What can be found here, oldest first.
 * @throws {InputError} When the file is not there, is no dump, is cut off, or is one that no program here can read.
 */
export async function readDumpHeader(file: string, programs: readonly ClientPrograms[], signal: AbortSignal): Promise<DumpHeader> {
  const start = await firstBytes(file)
  const reader = new HeaderReader()
  const bytes = statSync(file).size
  if (start.toString('latin1') === 'PGDMP') {
    const newest = programs.at(-1)
    if (newest === undefined)
      throw new InputError(`no pg_restore is here to read "${file}"`, { hint: 'Install it, on Debian: apt-get install postgresql-client.' })
    const { code, errors } = await readClientProgram(
      newest.restore,
      ['--schema-only', '--file=-', file],
      (line) => reader.take(line),
      signal,
    )
    if (code !== 0)
      throw new InputError(`"${file}" cannot be read as a dump`, {
        detail: errors.trim().split('\n')[0],
        hint: `It was read by pg_restore ${newest.version}. Is the file whole, and no newer than that?`,
      })
    return { kind: 'custom', bytes, ...reader.header(file) }
  }
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    signal.throwIfAborted()
    reader.take(line)
  }
  const header = reader.header(file)
  if (!reader.isWhole)
    throw new InputError(`"${file}" is cut off`, {
      detail: 'Its last line is not that of a whole dump: "PostgreSQL database dump complete".',
      hint: 'Dump again, or copy the file again.',
    })
  return { kind: 'plain', bytes, ...header }
}

async function firstBytes(file: string): Promise<Buffer> {
  try {
    await using handle = await open(file)
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(5), 0, 5, 0)
    return buffer.subarray(0, bytesRead)
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException
    const detail = code === 'EISDIR' ? 'It is a folder: only files in the custom or the plain format are read.' : `${message}.`
    throw new InputError(`the dump "${file}" cannot be read`, { detail, cause })
  }
}

const identifier = `("(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)`
const rolePatterns = [
  new RegExp(`^ALTER .* OWNER TO ${identifier};$`),
  new RegExp(`^(?:GRANT|REVOKE) .* (?:TO|FROM) ${identifier}(?: WITH GRANT OPTION)?;$`),
  new RegExp(`^ALTER DEFAULT PRIVILEGES FOR ROLE ${identifier} `),
  new RegExp(`^ALTER DEFAULT PRIVILEGES .* (?:TO|FROM) ${identifier}(?: WITH GRANT OPTION)?;$`),
  new RegExp(`^CREATE SCHEMA .* AUTHORIZATION ${identifier};$`),
  new RegExp(`^SET SESSION AUTHORIZATION ${identifier};$`),
]
const ownedTable = new RegExp(`^ALTER TABLE .* OWNER TO ${identifier};$`)
const policy =
  /^CREATE POLICY .* TO ((?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*)(?:, (?:"(?:[^"]|"")+"|[a-z_][a-z0-9_$]*))*)(?: USING| WITH CHECK|;)/

/** Reads the lines of a plain dump, whose statements `pg_dump` always writes in the same way. */
class HeaderReader {
  readonly #roles = new Set<string>()
  readonly #owned = new Map<string, number>()
  #server = ''
  #cluster = false
  #copying = false
  isWhole = false

  take(line: string): void {
    if (this.#copying) {
      this.#copying = line !== '\\.'
      return
    }
    if (line.startsWith('--')) this.#takeComment(line)
    if (/^COPY .* FROM stdin;$/.test(line)) this.#copying = true
    for (const pattern of rolePatterns) this.#add(pattern.exec(line)?.[1])
    for (const role of policy.exec(line)?.[1]?.match(new RegExp(identifier, 'g')) ?? []) this.#add(role)
    const owner = ownedTable.exec(line)?.[1]
    if (owner !== undefined) this.#owned.set(unquoted(owner), (this.#owned.get(unquoted(owner)) ?? 0) + 1)
  }

  header(file: string): Pick<DumpHeader, 'server' | 'major' | 'roles' | 'owner'> {
    if (this.#cluster) throw new InputError(`"${file}" is a dump of a whole server`, { hint: 'Name a dump of one database, by pg_dump.' })
    if (this.#server === '')
      throw new InputError(`"${file}" is no dump in the custom or the plain format`, {
        hint: 'Write one with pg_dump --format=custom. A compressed plain dump must be unpacked first.',
      })
    const [most] = [...this.#owned].toSorted((one, other) => other[1] - one[1])
    return { server: this.#server, major: Number.parseInt(this.#server, 10), roles: [...this.#roles], owner: most?.[0] }
  }

  #takeComment(line: string): void {
    this.#server = /^-- Dumped from database version (\d+[\w.]*)/.exec(line)?.[1] ?? this.#server
    if (line === '-- PostgreSQL database cluster dump') this.#cluster = true
    if (line === '-- PostgreSQL database dump complete') this.isWhole = true
  }

  #add(role: string | undefined): void {
    if (role === undefined || role === 'public' || /^pg_/.test(role)) return
    this.#roles.add(unquoted(role))
  }
}

function unquoted(name: string): string {
  return name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name
}
