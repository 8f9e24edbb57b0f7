import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The folder and those above it, up to the one with `.git`; without one, none above. */
export function parentsOf(root: string): readonly string[] {
  const parents = [root]
  for (let directory = root; !existsSync(join(directory, '.git')); ) {
    const above = dirname(directory)
    // Outside a repository a file far above belongs to something else.
    if (above === directory) return parents.slice(0, 3)
    parents.push(above)
    directory = above
  }
  return parents
}
