import { createRequire } from 'node:module'
import { join } from 'node:path'
import type * as TypeScript from 'typescript'
import { InputError } from '../../../errors.ts'

/** The compiler's API, of the version that is found. */
export type Compiler = typeof TypeScript

/**
 * Load TypeScript: the project's own, else the one beside Godwit.
 *
 * @param root    The folder that is searched.
 * @param beside  A module of Godwit.
 * @throws {InputError} when there is none, or one without an API.
 */
export function loadTypescript(root: string, beside: string = import.meta.url): Compiler {
  for (const from of [join(root, 'package.json'), beside]) {
    const compiler = tryLoad(from)
    if (compiler !== undefined) return compiler
  }
  throw new InputError('TypeScript is not installed, and there are files of TypeScript or JavaScript to read', {
    detail: `Looked for the package "typescript" from ${root} upwards, and beside Godwit.`,
    hint: 'Install it in the project (npm i -D typescript), or name a folder without such files.',
  })
}

function tryLoad(from: string): Compiler | undefined {
  try {
    const loaded: Partial<Compiler> = createRequire(from)('typescript')
    // Some releases are a compiler without an API.
    return typeof loaded.createSourceFile === 'function' ? (loaded as Compiler) : undefined
  } catch {
    return undefined
  }
}
