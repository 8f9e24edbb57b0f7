import { basename, dirname } from 'node:path'
import type { Compiler } from './load.ts'

/** What is known of the programs of a project before one of them is read. */
export interface Program {
  /** Loaded when the first file asks for it. */
  readonly compiler: () => Compiler
  /** Packages that the packages around a file depend on. */
  readonly libraries: (file: string) => ReadonlySet<string>
  /** Names of the types that list the tables for Kysely: `new Kysely<Name>`. */
  readonly kyselyTypes: ReadonlySet<string>
}

/** Learns of a project, file by file, what one program of it alone does not say. */
export class Survey {
  readonly #dependencies = new Map<string, readonly string[]>()
  readonly #kyselyTypes = new Set<string>()

  /** @param file  From the folder that is searched, with slashes; packages above that folder are as if in it. */
  see(file: string, text: string): void {
    if (basename(file) === 'package.json') {
      const known = this.#dependencies.get(dirname(file)) ?? []
      this.#dependencies.set(dirname(file), [...known, ...dependenciesOf(text)])
    } else if (text.includes('Kysely<') && /\.[cm]?tsx?$/.test(file))
      for (const [, name = ''] of text.matchAll(/\bKysely<\s*(\w+)/g)) this.#kyselyTypes.add(name)
  }

  program(compiler: () => Compiler): Program {
    return { compiler, libraries: (file) => new Set(this.#around(dirname(file))), kyselyTypes: this.#kyselyTypes }
  }

  #around(directory: string): readonly string[] {
    const own = this.#dependencies.get(directory) ?? []
    return directory === '.' || directory === '/' ? own : [...own, ...this.#around(dirname(directory))]
  }
}

function dependenciesOf(text: string): readonly string[] {
  try {
    const { dependencies, devDependencies, peerDependencies } = JSON.parse(text)
    return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })
  } catch {
    return []
  }
}
