import { existsSync, statSync } from 'node:fs'

/** Whether there is a file at a path, links followed: a folder may have any name. */
export function isFile(path: string): boolean {
  return existsSync(path) && statSync(path).isFile()
}

/** Whether there is a folder at a path, links followed. */
export function isDirectory(path: string): boolean {
  return existsSync(path) && statSync(path).isDirectory()
}
