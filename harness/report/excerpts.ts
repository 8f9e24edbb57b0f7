import { readFileSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Excerpts } from './finding-lines.ts'

/** What no line is taken from. */
const largestBytes = 8 * 1_024 * 1_024

/** Lines of files below a working directory, each file read once; undefined for what cannot be read. */
export function excerptsFrom(workingDirectory: string): Excerpts {
  const read = new Map<string, readonly string[] | undefined>()
  return (file, line) => {
    const path = resolve(workingDirectory, file)
    if (!read.has(path)) read.set(path, linesOf(path))
    return read.get(path)?.[line - 1]
  }
}

function linesOf(path: string): readonly string[] | undefined {
  try {
    const found = statSync(path)
    return found.isFile() && found.size <= largestBytes ? readFileSync(path, 'utf8').split(/\r?\n/) : undefined
  } catch {
    // A file that is gone or locked takes nothing from the result.
    return undefined
  }
}
