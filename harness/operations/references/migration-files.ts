import { basename, dirname, join, relative, resolve, sep } from 'node:path'
import { type Detected, isPair, type OwnFormat, ownFormats, searchFolders } from '../../formats/index.ts'

/**
 * Which files are migrations: the steps of folders that a format knows, those of pairs, and what has the form of one in a folder of that
 * name. A database may have applied them, so they are never changed.
 *
 * @param root   Absolute.
 * @param files  From there, with slashes.
 * @param named  Folders that the configuration names.
 */
export async function migrationFiles(
  root: string,
  files: readonly string[],
  named: readonly string[],
  formats: readonly OwnFormat[],
): Promise<ReadonlySet<string>> {
  const from = (path: string) => relative(root, resolve(path)).split(sep).join('/')
  const { found, aside } = await searchFolders(root, undefined, ownFormats(formats))
  const steps = await Promise.all([...found, ...aside].filter(isHistory).map(stepFiles))
  const known = new Set(steps.flat().map(from))
  const configured = named.map(from).filter((path) => path !== '' && !path.startsWith('..'))
  const pairs = new Map<string, boolean>()
  return new Set(
    files.filter((file) => {
      if (known.has(file)) return true
      if (!/\.(sql|psql|pgsql|ddl|[cm]?[jt]s)$/i.test(file)) return false
      const directory = dirname(file)
      if (!pairs.has(directory)) pairs.set(directory, isPair(join(root, directory)))
      if (pairs.get(directory) === true && /^(legacy|up|down)\b/.test(basename(file))) return true
      const within = configured.some((path) => file === path || file.startsWith(`${path}/`)) || directory.split('/').some(isName)
      return within && (/\.\w*(sql|ddl)$/i.test(file) || isNumbered(file))
    }),
  )
}

function isName(part: string): boolean {
  return /(^|[-_])(migrations?|migrate)$/i.test(part)
}

/** By a number or a time in front, as tools name steps that are programs. */
function isNumbered(file: string): boolean {
  return file
    .split('/')
    .slice(-2)
    .some((part) => /^[VURB]?\d{2,}/i.test(part))
}

/** A folder of SQL is a history where its name or its numbers say so. */
function isHistory({ folder, format }: Detected): boolean {
  if (format.id !== 'sql') return true
  const scripts = folder.files.filter((name) => /\.sql$/i.test(name))
  return isName(basename(folder.root)) || scripts.filter(isNumbered).length * 2 > scripts.length
}

async function stepFiles({ folder, format }: Detected): Promise<readonly string[]> {
  const scripts = folder.files.filter((name) => /\.sql$/i.test(name)).map((name) => folder.path(name))
  try {
    const { steps } = await format.read(folder)
    return [
      ...steps.flatMap(({ files }) => files).filter((file) => basename(file) !== 'contract.ts'),
      ...(format.id === 'sql' ? [] : scripts),
    ]
  } catch {
    return scripts
  }
}
