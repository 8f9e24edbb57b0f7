import type { Base } from '../run/index.ts'
import type { Head } from './head.ts'

/** What walks through a history. */
export interface Lane {
  readonly head: Head
  readonly objects: Base['objects']
}

const remembered = 6

/** What was read longest ago goes first: a step meets what the one before it left. */
export function recent(objects: Base['objects']): Base['objects'] {
  for (const key of [...objects.keys()].slice(0, Math.max(0, objects.size - remembered))) objects.delete(key)
  return objects
}
