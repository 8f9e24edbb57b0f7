import { readdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { CommandSource } from '../history.ts'

const deepest = 8
const programs = /\.([cm]?[jt]sx?|py|rb|php|exs?|go|java|kt|cs|sql)$/
const configurations =
  /^(package\.json|(.*[-.])?config\.(json|ya?ml|toml)|alembic\.ini|\.sequelizerc|database\.ya?ml|pyproject\.toml|requirements.*\.txt|Gemfile(\.lock)?)$/
const tests = /^(godwit|vitest|vite)\.config\.|\.(spec|test|d)\.[cm]?tsx?$|\.(spec|test)\.[cm]?jsx?$|^test_.*\.py$|_(test|spec)\.(rb|go)$/
const passedOver = /^(\..*|node_modules|site-packages|venv|__pycache__|vendor|dist|build|coverage|reports|specs?|tests?|__tests__)$/

/**
 * The files that what a tool does can depend on: a migration that is a program may use any of its project's programs, and the tool's
 * configuration says where they are. Tests and packages are left out.
 *
 * @returns Absolute paths.
 */
export async function filesOfTool({ directory = '.' }: CommandSource): Promise<readonly string[]> {
  const found: string[] = []
  let level = [resolve(directory)]
  for (let depth = 0; depth < deepest && level.length > 0; depth++) {
    const next: string[] = []
    for (const each of level) {
      for (const entry of await readdir(each, { withFileTypes: true }).catch(() => [])) {
        const path = join(each, entry.name)
        if (entry.isDirectory() && !passedOver.test(entry.name)) next.push(path)
        const matters = programs.test(entry.name) || configurations.test(entry.name)
        if (entry.isFile() && matters && !tests.test(entry.name)) found.push(path)
      }
    }
    level = next
  }
  return found.sort()
}
