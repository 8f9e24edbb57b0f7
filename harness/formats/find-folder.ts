import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { InputError } from '../errors.ts'
import { shownPath } from '../migration/index.ts'
import { type Detected, detect } from './detect.ts'
import { Folder } from './folder.ts'
import type { Format } from './format.ts'
import { formats } from './registry.ts'
import { searchFolders } from './search-folders.ts'
import { offerOf } from './sql-folders.ts'

/**
 * The folder of migrations at a path, and its format. The path is that folder, a file of it, or a folder above it.
 *
 * @param path    Absolute.
 * @param wanted  Undefined: by markers.
 * @param own     Formats of the user's, tried before the others.
 * @throws {InputError} when there is none, or several.
 */
export async function findFolder(path: string, wanted: string | undefined, own: readonly Format[] = []): Promise<Detected> {
  if (!statSync(path).isDirectory()) return fileAlone(path, wanted, own)
  const searched = await searchFolders(path, wanted, own)
  const [only, ...others] = searched.found
  const offers = searched.offered.map((folder) => offerOf(folder, folder.root === path ? (wanted ?? 'sql') : undefined))
  if (only !== undefined && others.length === 0) {
    return { ...only, warnings: [...searched.warnings, ...offers.map((offer) => `not looked at: ${offer}`), ...only.warnings] }
  }
  if (only !== undefined) {
    throw new InputError(`"${shownPath(path)}" holds ${searched.found.length} folders of migrations`, {
      detail: `There are: ${searched.found.map(({ folder, format }) => `"${shownPath(folder.root)}" (${format.id})`).join(', ')}.${listed('Not looked at', offers)}`,
      hint: 'Name the one that is meant, or each as a project in the config.',
    })
  }
  const programs = searched.programs === 0 ? '' : ` There are ${searched.programs} numbered programs.`
  throw new InputError(`"${shownPath(path)}" holds no migrations${wanted === undefined ? ' in a format that is known' : ` of ${wanted}`}`, {
    detail: `Looked for ${[...own, ...formats].flatMap(({ id, marker }) => (wanted === undefined || id === wanted ? [`${marker} (${id})`] : [])).join('; ')}.${programs}`,
    hint:
      offers.length > 0
        ? `Name the folder that is meant.${listed('There are', offers)}`
        : searched.programs === 0
          ? 'Name the folder itself, and its format where it has no markers: --format NAME.'
          : 'Migrations that are programs run by their own tool: give its command in the config (format "command").',
  })
}

const mostListed = 20

function listed(title: string, lines: readonly string[]): string {
  if (lines.length === 0) return ''
  const more = lines.length > mostListed ? [`  and ${lines.length - mostListed} more`] : []
  return ['', `${title}:`, ...lines.slice(0, mostListed).map((line) => `  ${line}`), ...more].join('\n')
}

/** A file of a folder of migrations: its plan, journal, lock or configuration means the folder; a SQL file itself alone. */
async function fileAlone(path: string, wanted: string | undefined, own: readonly Format[]): Promise<Detected> {
  const name = basename(path)
  if (/^(sqitch\.(plan|conf)|migration_lock\.toml|atlas\.sum)$/.test(name)) return findFolder(dirname(path), wanted, own)
  if (name === '_journal.json') return findFolder(dirname(dirname(path)), wanted, own)
  if (/^(drizzle|prisma)\.config\.|^schema\.prisma$|^config\.toml$|^diesel\.toml$|^\.gmrc/.test(name))
    return findFolder(dirname(path), wanted, own)
  const detected = await detect(Folder.of(dirname(path), [name]), wanted ?? 'sql', own)
  if (detected !== undefined && (/\.sql$/i.test(name) || own.includes(detected.format))) return detected
  throw new InputError(`"${shownPath(path)}" is no SQL file`, { hint: 'Name a folder of migrations, a pair, or a ".sql" file.' })
}
