import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { InputError } from '../errors.ts'

/**
 * Import a module of the user's, TypeScript or not, and give what it exports. Where a TypeScript loader is active (Vitest, tsx, a Node that
 * strips types) Node's own import does it; elsewhere jiti, with `godwit` standing for this very package.
 *
 * @param path   Absolute.
 * @param shown  As messages name it.
 * @throws {InputError} when it does not load.
 */
export async function importModule(path: string, shown: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    if (!wantsLoader(error)) throw notLoaded(shown, error)
  }
  try {
    const { createJiti } = await import('jiti')
    // Handed over as it is, not resolved again, so that a contract and the harness share one instance.
    const godwit: unknown = await import(ownIndex().href)
    const jiti = createJiti(import.meta.url, { moduleCache: false, virtualModules: { godwit } })
    return await jiti.import(path)
  } catch (error) {
    throw notLoaded(shown, error)
  }
}

function ownIndex(): URL {
  const built = new URL('../index.js', import.meta.url)
  return existsSync(fileURLToPath(built)) ? built : new URL('../index.ts', import.meta.url)
}

/** Whether native import failed for want of a TypeScript loader or of the package's own name, and not through the module's fault. */
function wantsLoader(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  const code = 'code' in error ? error.code : undefined
  if (code === 'ERR_MODULE_NOT_FOUND') return /'godwit'|\.js'|\.ts'/.test(error.message)
  return code === 'ERR_UNKNOWN_FILE_EXTENSION' || code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX' || error instanceof SyntaxError
}

function notLoaded(shown: string, error: unknown): InputError {
  const message = error instanceof Error ? error.message : String(error)
  return new InputError(`"${shown}" does not load: ${message.split('\n', 1)[0]}`, { cause: error })
}
