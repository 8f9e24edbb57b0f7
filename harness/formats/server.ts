import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { isFile, shownPath } from '../migration/index.ts'
import type { History } from './history.ts'
import { parentsOf } from './parents.ts'

const composeName = /^(docker-)?compose([.-]\w+)*\.ya?ml$/

/**
 * The server that a project asks for: `supabase/config.toml` (`db.major_version`) or the image of a compose file, in the folder or above it
 * up to the repository's root. Undefined where nothing says it, or several images disagree.
 */
export async function serverOf(root: string): Promise<History['server']> {
  for (const directory of parentsOf(root)) {
    const toml = [join(directory, 'config.toml'), join(directory, 'supabase', 'config.toml')].find(
      (file) => /[\\/]supabase[\\/]config\.toml$/.test(file) && isFile(file),
    )
    const found = toml === undefined ? undefined : await majorOfConfig(toml)
    if (found !== undefined) return found
    for (const file of await composeFiles(directory)) {
      const major = await majorOfCompose(await readFile(file, 'utf8'))
      if (major !== undefined) return { major, from: shownPath(file) }
    }
  }
  return undefined
}

/** In the folder and its `docker/`, plain names first. */
async function composeFiles(directory: string): Promise<readonly string[]> {
  const within = await Promise.all(
    [directory, join(directory, 'docker')].map(async (each) =>
      (await readdir(each).catch(() => []))
        .filter((name) => composeName.test(name))
        .map((name) => join(each, name))
        .filter(isFile),
    ),
  )
  return within.flat().sort((a, b) => a.length - b.length || (a < b ? -1 : 1))
}

async function majorOfConfig(file: string): Promise<History['server']> {
  try {
    const { parse } = await import('smol-toml')
    const { db } = parse(await readFile(file, 'utf8'))
    const major = typeof db === 'object' && 'major_version' in db ? Number(db.major_version) : Number.NaN
    return Number.isInteger(major) ? { major, from: shownPath(file) } : undefined
  } catch {
    return undefined
  }
}

async function majorOfCompose(text: string): Promise<number | undefined> {
  const images = await imagesOf(text)
  const majors = new Set(images.flatMap((image) => majorOfImage(image) ?? []))
  const [major] = majors
  return majors.size === 1 ? major : undefined
}

async function imagesOf(text: string): Promise<readonly string[]> {
  const { parse } = await import('yaml')
  try {
    const services: unknown = parse(text, { merge: true })?.services
    if (typeof services !== 'object' || services === null) return []
    return Object.values(services).flatMap((service: unknown) =>
      typeof service === 'object' && service !== null && 'image' in service && typeof service.image === 'string' ? [service.image] : [],
    )
  } catch {
    return []
  }
}

/** The major version in the tag of an image of PostgreSQL: `postgres:15`, `postgis/postgis:15-3.4`, `pgvector/pgvector:pg16`. */
export function majorOfImage(image: string): number | undefined {
  // A variable with a default, as in "postgres:${PG:-15}".
  const [, name = '', tag = ''] = /^(.*?):([^/:]+)$/.exec(image.replace(/\$\{\w+:?-([^}]*)\}/g, '$1').replace(/@sha256:.*$/, '')) ?? []
  if (!/(^|\/)(postgres(ql)?|postgis|pgvector|timescaledb(-ha)?|citus|pgrouting|postgres-\w+|spilo-?\d*)$/i.test(name)) return undefined
  const digits =
    /(?:^|[^\d.])pg(\d{1,2})(?!\d)/i.exec(tag)?.[1] ??
    (/timescale|citus|spilo/.test(name) ? undefined : /^(?:pg|v)?(\d{1,2})(?=[.\-_]|$)/i.exec(tag)?.[1])
  return digits === undefined ? undefined : Number(digits)
}
