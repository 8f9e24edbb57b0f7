import { chmodSync, lstatSync, mkdirSync, statfsSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { EnvironmentError } from '../errors.ts'

/** A fresh data directory is 31 MB, and each database 7 MB more before it holds anything. */
export const ROOM_WANTED_BYTES = 1024 ** 3
/** `sun_path` is 108 bytes with its NUL (104 on macOS); the rest is `/run-…/.s.PGSQL.65535`. */
const LONGEST_DIRECTORY = 60
const SHARED_MEMORY = '/dev/shm'

/** Free bytes of the file system of a directory; 0 where there is none. */
export function freeBytes(directory: string): number {
  try {
    const { bavail, bsize } = statfsSync(directory)
    return bavail * bsize
  } catch {
    return 0
  }
}

/**
 * Where runs live: in shared memory where there is room for databases (many containers have 64 MB, macOS has none), else in the temporary
 * directory.
 */
export function scratchDirectory(sharedMemory = SHARED_MEMORY): string {
  const places = freeBytes(sharedMemory) >= ROOM_WANTED_BYTES ? [sharedMemory, ...diskPlaces()] : diskPlaces()
  return firstOwnDirectory(places.filter((place) => place.length <= LONGEST_DIRECTORY))
}

/** Where a run lives whose rows may be many, or whose durations are to be those of a disk. */
export function diskDirectory(): string {
  return firstOwnDirectory(diskPlaces().filter((place) => place.length <= LONGEST_DIRECTORY))
}

/** Where what outlives a run is kept: initialised data directories and copies of binaries. */
export function cacheDirectory(): string {
  return firstOwnDirectory(diskPlaces())
}

/** All directories in which an earlier run may have left something. */
export function sweptDirectories(): readonly string[] {
  return [...new Set([SHARED_MEMORY, ...diskPlaces()])].flatMap((place) => names().map((name) => join(place, name))).filter(isOurs)
}

function diskPlaces(): readonly string[] {
  return [...new Set([tmpdir(), '/tmp', '/var/tmp'])].filter(letsOthersThrough)
}

/** As root the server runs as another account, which a private TMPDIR (libpam-tmpdir makes it with mode 0700) keeps out. */
function letsOthersThrough(place: string): boolean {
  if (process.getuid?.() !== 0) return true
  for (let directory = resolve(place); ; directory = dirname(directory)) {
    const mode = statSync(directory, { throwIfNoEntry: false })?.mode
    if (mode !== undefined && (mode & 0o001) === 0) return false
    if (directory === dirname(directory)) return true
  }
}

/** Anybody may have made a directory of our name in a place that all can write: a few names are tried. */
function names(): readonly string[] {
  const base = `godwit-${process.getuid?.() ?? 'user'}`
  return [base, `${base}.1`, `${base}.2`]
}

function firstOwnDirectory(places: readonly string[]): string {
  for (const place of places) {
    for (const name of names()) {
      const directory = join(place, name)
      try {
        mkdirSync(directory)
        // Not by mkdir's mode, which the umask narrows: the server's account passes through without seeing what is in it.
        chmodSync(directory, 0o711)
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EEXIST') break
      }
      if (isOurs(directory)) return directory
    }
  }
  throw new EnvironmentError('no directory to work in', {
    detail: `Tried ${places.join(', ')}.`,
    hint: 'Set TMPDIR to a short path that can be written.',
  })
}

function isOurs(directory: string): boolean {
  try {
    const stat = lstatSync(directory)
    return stat.isDirectory() && (process.getuid === undefined || stat.uid === process.getuid()) && (stat.mode & 0o022) === 0
  } catch {
    return false
  }
}
