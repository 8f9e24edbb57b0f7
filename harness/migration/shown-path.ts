import { relative, sep } from 'node:path'

/** A path as a reader at the working directory would write it, with slashes; absolute where it lies outside. */
export function shownPath(path: string): string {
  const from = relative(process.cwd(), path)
  return (from === '' ? '.' : from.startsWith('..') ? path : from).split(sep).join('/')
}
