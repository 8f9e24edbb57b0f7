import { existsSync } from 'node:fs'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { InputError } from '../errors.ts'

/**
 * Import a module of the user's, TypeScript or not, and give what it exports. Vitest's own import does it inside Vitest; jiti elsewhere,
 * with `godwit` standing for this very package: Node 20 knows no TypeScript, and a loader such as tsx takes a `.ts` file outside a package
 * of type `module` for CommonJS, which cannot require the harness.
 *
 * @param path   Absolute.
 * @param shown  As messages name it.
 * @throws {InputError} when it does not load.
 */
export async function importModule(path: string, shown: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await (process.env.VITEST ? importByVitest(path) : importByJiti(path))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new InputError(`"${shown}" does not load: ${message.split('\n', 1)[0]}`, { cause: error })
  }
}

async function importByVitest(path: string): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    // As a dependency the harness is not transformed by Vitest, nor in a process that a spec started: this import was Node's.
    if (error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_')) return importByJiti(path)
    throw error
  }
}

async function importByJiti(path: string): Promise<Readonly<Record<string, unknown>>> {
  const { createJiti } = await import('jiti')
  // Handed over as it is, not resolved again, so that a contract and the harness share one instance.
  const godwit: unknown = await import(ownIndex().href)
  return createJiti(import.meta.url, { fsCache: false, moduleCache: false, virtualModules: { godwit, 'godwit/config': godwit } }).import(
    path,
  )
}

function ownIndex(): URL {
  const built = new URL('../index.js', import.meta.url)
  return existsSync(fileURLToPath(built)) ? built : new URL('../index.ts', import.meta.url)
}
