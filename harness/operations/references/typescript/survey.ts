import { basename, dirname } from 'node:path'
import type { Compiler } from './load.ts'

/** What is known of the programs of a project before one of them is read. */
export interface Program {
  /** Loaded when the first file asks for it. */
  readonly compiler: () => Compiler
  /** Packages that the packages around a file depend on. */
  readonly libraries: (file: string) => ReadonlySet<string>
  readonly types: TableTypes
}

/** Names of types that have to do with tables. */
export interface TableTypes {
  /** Those that list the tables for Kysely: `new Kysely<Name>`. */
  readonly kysely: ReadonlySet<string>
  /** Those that take the name of a table of Supabase: `type Row<T extends keyof Database['public']['Tables']>`. */
  readonly supabase: ReadonlySet<string>
}

const ofTables =
  /\btype\s+(\w+)\s*<\s*\w+\s+extends\s+(?:string\s*&\s*)?keyof\s+[\w.]+\[\s*['"]public['"]\s*\]\[\s*['"](?:Tables|Views)['"]\s*\]/g

/** Learns of a project, file by file, what one program of it alone does not say. */
export class Survey {
  readonly #dependencies = new Map<string, readonly string[]>()
  readonly #kysely = new Set<string>()
  // As Supabase generates them.
  readonly #supabase = new Set(['Tables', 'TablesInsert', 'TablesUpdate'])

  /** @param file  From the folder that is searched, with slashes; packages above that folder are as if in it. */
  see(file: string, text: string): void {
    if (basename(file) === 'package.json') {
      const known = this.#dependencies.get(dirname(file)) ?? []
      this.#dependencies.set(dirname(file), [...known, ...dependenciesOf(text)])
    } else if (/\.[cm]?tsx?$/.test(file)) {
      for (const [, name = ''] of text.matchAll(/\bKysely<\s*(\w+)/g)) this.#kysely.add(name)
      for (const [, name = ''] of text.matchAll(ofTables)) this.#supabase.add(name)
    }
  }

  program(compiler: () => Compiler): Program {
    // A page is about any package of the project.
    const libraries = (file: string) => new Set(isPage(file) ? [...this.#dependencies.values()].flat() : this.#around(dirname(file)))
    return { compiler, libraries, types: { kysely: this.#kysely, supabase: this.#supabase } }
  }

  #around(directory: string): readonly string[] {
    const own = this.#dependencies.get(directory) ?? []
    return directory === '.' || directory === '/' ? own : [...own, ...this.#around(dirname(directory))]
  }
}

function isPage(file: string): boolean {
  return /\.(md|mdx|markdown)\b/i.test(file)
}

function dependenciesOf(text: string): readonly string[] {
  try {
    const { dependencies, devDependencies, peerDependencies } = JSON.parse(text)
    return Object.keys({ ...dependencies, ...devDependencies, ...peerDependencies })
  } catch {
    return []
  }
}
