import { readFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { isFile } from '../migration/index.ts'
import { parentsOf } from './parents.ts'

export interface FlywayConfig {
  readonly placeholders: ReadonlyMap<string, string>
  /** Whether one transaction may hold both kinds of statements, by giving it up. */
  readonly mixed: boolean
  readonly replaces: boolean
  /** All pending steps in one transaction. */
  readonly group: boolean
}

/** What `flyway.toml`, `flyway.conf` or Spring's `application.*` beside the folder or above it say, keys without their first part. */
export async function readFlywayConfig(root: string): Promise<FlywayConfig> {
  const settings = new Map<string, string>()
  for (const file of configFiles(root)) for (const [key, value] of await settingsOf(file)) if (!settings.has(key)) settings.set(key, value)
  const placeholders = [...settings].flatMap(([key, value]) => (key.startsWith('placeholders.') ? [[key.slice(13), value] as const] : []))
  return {
    placeholders: new Map(placeholders),
    mixed: settings.get('mixed') === 'true',
    group: settings.get('group') === 'true',
    replaces: settings.get('placeholderreplacement') !== 'false',
  }
}

function configFiles(root: string): readonly string[] {
  const names = ['flyway.toml', 'flyway.conf', 'conf/flyway.conf', 'application.yml', 'application.yaml', 'application.properties']
  const resources = names.map((name) => `src/main/resources/${name}`)
  return parentsOf(root)
    .flatMap((directory) => [...names, ...resources].map((name) => join(directory, name)))
    .filter(isFile)
}

async function settingsOf(file: string): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(file, 'utf8')
  try {
    if (file.endsWith('.toml')) return flat((await import('smol-toml')).parse(text).flyway)
    if (/\.ya?ml$/.test(file)) return flat((await import('yaml')).parse(text)?.spring?.flyway)
  } catch {
    return new Map()
  }
  const prefix = basename(file).startsWith('application')
    ? /^\s*spring\.flyway\.([^=\s]+)\s*[=:]\s*(.*?)\s*$/gm
    : /^\s*flyway\.([^=\s]+)\s*=\s*(.*?)\s*$/gm
  return new Map([...text.matchAll(prefix)].map((match) => [canonical(match[1] ?? ''), match[2] ?? '']))
}

function flat(value: unknown, within = ''): ReadonlyMap<string, string> {
  if (typeof value !== 'object' || value === null) return new Map(within === '' ? [] : [[canonical(within), String(value)]])
  return new Map(Object.entries(value).flatMap(([key, inner]) => [...flat(inner, within === '' ? key : `${within}.${key}`)]))
}

/** `placeholder-replacement` and `placeholderReplacement` are one; a placeholder's own name stays as it is. */
function canonical(key: string): string {
  return key.startsWith('placeholders.') ? key : key.replaceAll('-', '').toLowerCase()
}
