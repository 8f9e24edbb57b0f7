import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sweptDirectories } from '../../../harness/postgres/scratch.ts'

/** Caches that outlive a run on purpose: of initialised data directories and binaries, and of the loaders of TypeScript. */
const kept = /^(initdb-|binaries-|tsx-|jiti|node-compile-cache|node-jiti)/

/**
 * What the run of a process has left: its run directories wherever they may be, servers of it, and what stands in its own temporary
 * directory. Other runs of the machine are not looked at. Linux only, where /proc tells.
 *
 * @param temporary  The TMPDIR that this process alone was given.
 */
export function leftBehind(pid: number, temporary: string): readonly string[] {
  return [...runDirectories(pid), ...orphanedServers(pid), ...entriesIn(temporary)]
}

/** The run directories that a process has signed. */
export function runDirectories(pid: number): readonly string[] {
  return sweptDirectories()
    .flatMap((place) => namesIn(place).map((name) => join(place, name)))
    .filter((directory) => textOf(join(directory, 'owner.json')).includes(`"pid":${pid},`))
}

/** The servers that work in a run directory. */
export function serversIn(directory: string): readonly number[] {
  return servers()
    .filter(({ data }) => data.startsWith(`${directory}/`))
    .map((each) => each.pid)
}

function orphanedServers(pid: number): readonly string[] {
  const own = runDirectories(pid)
  const lost = ({ data }: { readonly data: string }) =>
    own.some((directory) => data.startsWith(`${directory}/`)) ||
    (/\/run-[^/]+\/data$/.test(data) && textOf(join(data, 'PG_VERSION')) === '')
  // A server that ends at this moment has lost its directory a moment before.
  return servers()
    .filter(lost)
    .filter((server) => servers().some((still) => still.pid === server.pid && lost(still)))
    .map((server) => `server ${server.pid} on ${server.data}`)
}

function servers(): readonly { readonly pid: number; readonly data: string }[] {
  return namesIn('/proc').flatMap((name) => {
    const args = /^\d+$/.test(name) ? textOf(`/proc/${name}/cmdline`).split('\0') : []
    const data = args[args.indexOf('-D') + 1]
    return args[0]?.endsWith('/postgres') === true && data !== undefined ? [{ pid: Number(name), data }] : []
  })
}

function entriesIn(temporary: string): readonly string[] {
  return namesIn(temporary).flatMap((name) =>
    name.startsWith('godwit-')
      ? namesIn(join(temporary, name))
          .filter((inside) => !kept.test(inside))
          .map((inside) => join(name, inside))
      : kept.test(name)
        ? []
        : [name],
  )
}

function namesIn(directory: string): readonly string[] {
  try {
    return readdirSync(directory)
  } catch {
    return []
  }
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}
