import { readdir } from 'node:fs/promises'
import type { Source } from './history.ts'
import { isPair, readPair } from './pair.ts'

/** A pair, or the pairs that stand in a folder, by name; undefined where there is none. */
export async function readPairs(path: string): Promise<Extract<Source, { kind: 'pairs' }> | undefined> {
  const paths = isPair(path) ? [path] : await pairsIn(path)
  if (paths.length === 0) return undefined
  const migrations = await Promise.all(paths.map(async (each) => ({ migration: await readPair(each), path: each })))
  return { kind: 'pairs', format: 'pair', migrations }
}

async function pairsIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { withFileTypes: true }).catch(() => [])
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${path.replace(/\/+$/, '')}/${entry.name}`)
    .filter(isPair)
    .sort()
}
