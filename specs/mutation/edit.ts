/** One change of one file of a migration, made to break one claim. */
export interface Edit {
  /** Id of the claim that must go red, e.g. `SB-2`. */
  readonly claim: string
  /** Path in the repository. */
  readonly file: string
  /** Stands exactly once in the file. */
  readonly find: string
  readonly replace: string
  /** Part of a title, after the claim's id: only these tests of the claim are run. All of them where it is left out. */
  readonly test?: string
}

/** An edit that leaves every spec of the claim green, because the migration still does the same. */
export interface Survivor extends Edit {
  readonly equivalent: string
}

/** What is said of an edit in a list of problems. */
export function nameOf({ claim, file, find, replace }: Edit): string {
  return `${claim} ${file}: ${JSON.stringify(find)} becomes ${JSON.stringify(replace)}`
}
