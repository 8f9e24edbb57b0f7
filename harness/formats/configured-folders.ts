import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { isDirectory, isFile } from '../migration/index.ts'

/** Where a tool's configuration names its folder; read as text, never run. */
const configurations: readonly { readonly names: readonly string[]; readonly folder: RegExp; readonly usual: string }[] = [
  ...['ts', 'mts', 'js', 'mjs', 'cjs', 'json'].map((extension) => ({
    names: [`drizzle.config.${extension}`],
    folder: /["']?\bout["']?\s*:\s*["'`]([^"'`$]+)["'`]/,
    usual: 'drizzle',
  })),
  ...['ts', 'mts', 'js', 'mjs', 'cjs'].map((extension) => ({
    names: [`prisma.config.${extension}`, `.config/prisma.${extension}`],
    folder: /\bmigrations\s*:\s*\{[^}]*?\bpath\s*:\s*(?:path\.(?:join|resolve)\(\s*)?["'`]([^"'`$]+)["'`]/,
    usual: 'prisma/migrations',
  })),
  {
    names: ['atlas.hcl'],
    folder: /\bmigration\s*\{[^}]*?\bdir\s*=\s*"(?:file:\/\/)?([^"?$]+)/,
    usual: 'migrations',
  },
]

/** The folders that tools' configuration in a folder names, where they are there. */
export async function configuredFolders(path: string): Promise<readonly string[]> {
  const found = new Set<string>()
  for (const { names, folder, usual } of configurations) {
    for (const name of names) {
      const file = join(path, name)
      if (!isFile(file)) continue
      const text = (await readFile(file, 'utf8')).replace(/^\s*(\/\/|#).*$/gm, '')
      const directory = resolve(path, folder.exec(text)?.[1] ?? usual)
      if (isDirectory(directory)) found.add(directory)
    }
  }
  return [...found]
}
