import type { RenamedTable } from './table-name.ts'
import type { Range, View } from './view.ts'

/** One use of a table's name in a text: to be replaced, or, where it is not certain what it names, to be left with the reason. */
export type Use = Range & { readonly kind: string } & ({ readonly after: string } | { readonly because: string })

/** The same use, left for a reason. */
export function leftFor(because: string, use: Use): Use {
  return { start: use.start, end: use.end, kind: use.kind, because: 'because' in use ? use.because : because }
}

/** Takes what a finder finds. */
export type OnUse = (use: Use) => void

/** What a finder looks through, and for what. */
export interface Search {
  readonly view: View
  readonly table: RenamedTable
  /** What a use is called, e.g. `SQL` or `Knex`. */
  readonly kind: string
  readonly onUse: OnUse
}

/** A use as it is shown: `line` and `column` count from 1, columns in UTF-16 units. */
export interface Place {
  /** From the folder that was searched, with slashes. */
  readonly file: string
  readonly line: number
  readonly column: number
  readonly kind: string
  /** What stands there. */
  readonly text: string
  /** The line, without blanks around it. */
  readonly lineText: string
}

export interface Change extends Place {
  readonly after: string
}

export interface AmbiguousPlace extends Place {
  readonly because: string
}

/** An object of a database that names the table. */
export interface DatabaseUse {
  /** E.g. `function public.ship(integer)`. */
  readonly object: string
  /** Where in it, e.g. `line 3`. */
  readonly place: string
  /** Whether PostgreSQL itself changes it when the table is renamed. */
  readonly follows: boolean
}

/** Files that were not searched. */
export interface SkippedFiles {
  readonly because: string
  readonly files: readonly string[]
}
