import { statSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { InputError } from '../errors.ts'
import { shownPath } from '../migration/index.ts'
import { type Detected, detect } from './detect.ts'
import { Folder } from './folder.ts'
import type { Format } from './format.ts'
import { liquibase } from './liquibase.ts'
import { formats } from './registry.ts'
import { type Searched, searchFolders } from './search-folders.ts'
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
  throw new InputError(`"${shownPath(path)}" holds no migrations${wanted === undefined ? '' : ` of ${wanted}`}`, {
    detail: ['The most likely causes:', ...likelyCauses(searched, offers, wanted, own).map((cause, at) => `${at + 1}. ${cause}`)].join(
      '\n',
    ),
  })
}

/** Why nothing was found, the likeliest first by what stands there; each says what to do. */
function likelyCauses(
  { programs }: Searched,
  offers: readonly string[],
  wanted: string | undefined,
  own: readonly Format[],
): readonly string[] {
  const elsewhere =
    offers.length === 0
      ? 'They are in another folder: name it, as in "npx godwit verify path/to/migrations".'
      : `They are in another folder: name it.${listed('   There are', offers)}`
  const files = programs === 1 ? '1 file that looks like one is' : `${programs} files that look like such are`
  const run = `They are programs that their tool runs${programs === 0 ? '' : ` (${files} here)`}: give its command in the configuration (key "command").`
  const marker = [...own, ...formats].find(({ id }) => id === wanted)?.marker
  const ids = [...own, ...formats].map(({ id }) => id)
  const format =
    wanted === undefined
      ? `They have no mark of a tool: name their format, as in --format sql (${ids.join(', ')}).`
      : `They are not in the format ${wanted}${marker === undefined ? '' : `, of which the mark is ${marker}`}: leave --format out.`
  return offers.length === 0 && programs > 0 ? [run, elsewhere, format] : [elsewhere, format, run]
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
  if (/^(drizzle|prisma)\.config\.|^schema\.prisma$|^config\.toml$|^diesel\.toml$|^atlas\.hcl$|^\.gmrc/.test(name))
    return findFolder(dirname(path), wanted, own)
  const changelog = await changelogAlone(path, wanted)
  if (changelog !== undefined) return changelog
  const detected = await detect(Folder.of(dirname(path), [name]), wanted ?? 'sql', own)
  if (detected !== undefined && (/\.sql$/i.test(name) || own.includes(detected.format))) return detected
  throw new InputError(`"${shownPath(path)}" is no SQL file`, { hint: 'Name a folder of migrations, a pair, or a ".sql" file.' })
}

/** A changelog of Liquibase's, or formatted SQL: its own mark tells. */
async function changelogAlone(path: string, wanted: string | undefined): Promise<Detected | undefined> {
  if (wanted !== undefined && wanted !== liquibase.id) return undefined
  const folder = Folder.of(dirname(path), [basename(path)])
  const strength = await liquibase.marks(folder)
  return strength === undefined ? undefined : { folder, format: liquibase, strength, warnings: [] }
}
