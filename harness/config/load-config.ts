import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { lilconfig } from 'lilconfig'
import { InputError } from '../errors.ts'
import { importModule, shownPath } from '../migration/index.ts'
import { checkConfig } from './check-config.ts'
import { digestOfConfig } from './digest-of-config.ts'
import type { Config } from './model.ts'

/** Names under which a configuration is looked for, in this order; and `package.json` for its key `godwit`. */
export const configFiles = ['godwit.config.ts', 'godwit.config.mts', 'godwit.config.js', 'godwit.config.mjs', 'godwit.config.json'] as const

export interface LoadedConfig {
  readonly config: Config
  /** Absolute. */
  readonly file: string
  /** What its paths are relative to. */
  readonly directory: string
  /** Of what the file and what it imports depend on: see {@link digestOfConfig}. */
  readonly digest: string
}

/**
 * Find and check the configuration: from a directory upward to the top of its git repository; outside of one, in that directory alone.
 *
 * @param file  A file to take instead, from `--config`.
 * @returns undefined where there is none.
 * @throws {InputError} when it does not load, throws, is not what `Config` says, or when one directory has two.
 */
export async function loadConfig(directory: string, file?: string): Promise<LoadedConfig | undefined> {
  const start = resolve(directory)
  const loaded = new Set<string>()
  const loadModule = (path: string) => importDefault(path, (file) => loaded.add(file))
  const searcher = lilconfig('godwit', {
    searchPlaces: [...configFiles, 'package.json'],
    stopDir: gitTop(start) ?? start,
    cache: false,
    ignoreEmptySearchPlaces: false,
    loaders: { '.ts': loadModule, '.mts': loadModule, '.js': loadModule, '.mjs': loadModule, '.json': loadJson },
  })
  if (file !== undefined && !existsSync(resolve(start, file))) throw new InputError(`the configuration "${file}" does not exist`)
  const found = file === undefined ? await searcher.search(start) : await load(resolve(start, file))
  if (found === null) return undefined
  const shown = shownPath(found.filepath)
  const own = dirname(found.filepath)
  const both = configFiles.filter((name) => existsSync(join(own, name)))
  if (file === undefined && both.length > 1) {
    throw new InputError(`"${shownPath(own)}" has more than one configuration: "${both.join('", "')}"`, {
      hint: 'Keep one, or name it with --config.',
    })
  }
  if (found.config === undefined || found.config === null) {
    throw new InputError(`"${shown}" has no default export`, { hint: 'Write: export default defineConfig({ … })' })
  }
  return {
    config: checkConfig(found.config, shown),
    file: found.filepath,
    directory: own,
    digest: await digestOfConfig([found.filepath, ...loaded]),
  }

  async function load(path: string): Promise<{ readonly filepath: string; readonly config: unknown }> {
    if (!/\.(?:[mc]?[jt]s|json)$/.test(path)) {
      throw new InputError(`the configuration "${shownPath(path)}" is neither TypeScript, JavaScript nor JSON`)
    }
    return { filepath: path, config: path.endsWith('.json') ? await loadJson(path, await readFile(path, 'utf8')) : await loadModule(path) }
  }
}

async function importDefault(path: string, onFile: (file: string) => void): Promise<unknown> {
  const exported = await importModule(path, shownPath(path), onFile)
  // jiti gives a module without a default export itself as its default.
  return 'default' in exported ? exported.default : undefined
}

async function loadJson(path: string, content: string): Promise<unknown> {
  try {
    return JSON.parse(content)
  } catch (cause) {
    throw new InputError(`"${shownPath(path)}" is not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  }
}

function gitTop(directory: string): string | undefined {
  if (existsSync(join(directory, '.git'))) return directory
  return dirname(directory) === directory ? undefined : gitTop(dirname(directory))
}
