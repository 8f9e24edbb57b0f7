import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { JitiOptions, TransformOptions } from 'jiti'
import { InputError } from '../errors.ts'
import { ownIndex } from '../package.ts'

type OnFile = (path: string) => void

/**
 * Import a module of the user's, TypeScript or not, and give what it exports. Vitest's own import does it inside Vitest; jiti elsewhere,
 * with `godwit` standing for this very package: Node 20 knows no TypeScript, and a loader such as tsx takes a `.ts` file outside a package
 * of type `module` for CommonJS, which cannot require the harness.
 *
 * @param path   Absolute.
 * @param shown  As messages name it.
 * @param onFile  Told each file that is loaded, as far as that can be seen: Node's own import and Vitest's do not say.
 * @throws {InputError} when it does not load.
 */
export async function importModule(path: string, shown: string, onFile?: OnFile): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await (process.env.VITEST ? importByVitest(path, onFile) : importByJiti(path, onFile))
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new InputError(`"${shown}" does not load: ${message.split('\n', 1)[0]}`, {
      cause: error,
      ...(error instanceof InputError && error.hint !== undefined ? { hint: error.hint } : {}),
    })
  }
}

async function importByVitest(path: string, onFile?: OnFile): Promise<Readonly<Record<string, unknown>>> {
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    // As a dependency the harness is not transformed by Vitest, nor in a process that a spec started: this import was Node's.
    // From Node.js 22.18 on it knows TypeScript, and in a package of type `commonjs` takes `import` for a syntax error.
    const byNode = error instanceof Error && (error.name === 'SyntaxError' || ('code' in error && String(error.code).startsWith('ERR_')))
    if (byNode) return importByJiti(path, onFile)
    throw error
  }
}

async function importByJiti(path: string, onFile?: OnFile): Promise<Readonly<Record<string, unknown>>> {
  // An import would have Node.js look through its 190 kB for the names that it exports.
  const { createJiti } = createRequire(import.meta.url)('jiti') as typeof import('jiti')
  const { bySucrase } = await import('./by-sucrase.ts')
  // Handed over as it is, not resolved again, so that a contract and the harness share one instance.
  const godwit: unknown = await import(ownIndex().href)
  const options: JitiOptions = { fsCache: false, moduleCache: false, virtualModules: { godwit, 'godwit/config': godwit } }
  const byBabel = createJiti(import.meta.url, options)
  const rewritten = (file: TransformOptions) => {
    if (file.filename !== undefined) onFile?.(file.filename)
    return { code: bySucrase(file) ?? byBabel.transform(file) }
  }
  return createJiti(import.meta.url, { ...options, transform: rewritten }).import(path)
}
