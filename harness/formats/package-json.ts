import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isFile } from '../migration/index.ts'
import { parentsOf } from './parents.ts'

/** The version range of the first of these packages that a package.json in the folder or above it depends on. */
export async function dependencyOf(root: string, names: readonly string[]): Promise<string | undefined> {
  for (const directory of parentsOf(root)) {
    const declared = await dependenciesIn(join(directory, 'package.json'))
    const found = names.map((name) => declared[name]).find((range) => range !== undefined)
    if (found !== undefined) return found
  }
  return undefined
}

async function dependenciesIn(file: string): Promise<Readonly<Record<string, string | undefined>>> {
  if (!isFile(file)) return {}
  try {
    const { dependencies, devDependencies } = JSON.parse(await readFile(file, 'utf8'))
    return { ...dependencies, ...devDependencies }
  } catch {
    return {}
  }
}
