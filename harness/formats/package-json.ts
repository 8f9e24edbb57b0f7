import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isFile } from '../migration/index.ts'
import { parentsOf } from './parents.ts'

/** The nearest folder with a package.json, at or above this one. */
export function packageOf(directory: string): string | undefined {
  return parentsOf(directory).find((parent) => isFile(join(parent, 'package.json')))
}

/** The version range of the first of these packages that the nearest package.json depends on. */
export async function dependencyOf(directory: string, names: readonly string[]): Promise<string | undefined> {
  const declared = await dependenciesIn(packageOf(directory))
  return names.map((name) => declared[name]).find((range) => range !== undefined)
}

async function dependenciesIn(directory: string | undefined): Promise<Readonly<Record<string, string | undefined>>> {
  if (directory === undefined) return {}
  try {
    const { dependencies, devDependencies } = JSON.parse(await readFile(join(directory, 'package.json'), 'utf8'))
    return { ...dependencies, ...devDependencies }
  } catch {
    return {}
  }
}
