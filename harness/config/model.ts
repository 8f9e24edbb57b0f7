import type { CommandSource, Contract, FormatName, OwnFormat } from '../migration/index.ts'
import type { FindingWaiver } from '../verify/index.ts'

/** What `godwit.config.ts` may say. Paths in it are relative to the file; flags and `GODWIT_*` variables come before it. */
export interface Config extends ProjectOptions {
  /** Of `godwit.config.json`: for editors. */
  readonly $schema?: string | undefined
  /** Where the migrations are: a folder, or several. Not beside `projects`. */
  readonly path?: string | readonly string[] | undefined
  /** Several folders of migrations, each with options of its own; what stands beside them is their default. */
  readonly projects?: readonly ProjectConfig[] | undefined
  /** Where reports go. Default `reports`. */
  readonly report?: string | undefined
  /** Where verdicts are kept for the next run; `false` for nowhere. Default `.godwit/cache`. */
  readonly cache?: string | false | undefined
  /** Accepted findings of old steps; `false` to leave them alone. Default `godwit.baseline.json` where it is there. */
  readonly baseline?: string | false | undefined
}

/** One folder of migrations among several. */
export interface ProjectConfig extends ProjectOptions {
  /** For `--project`, in reports and in the baseline. */
  readonly name: string
  readonly path: string | readonly string[]
}

/** Any text may be the id of a format in `formats`; the built-in ones are named for editors. */
export type FormatChoice = 'auto' | FormatName | (string & {})

/** What may be said for everything, or for one project. */
export interface ProjectOptions {
  /** Format of the migrations, by its name or the id of one's own. Default `auto`. */
  readonly format?: FormatChoice | undefined
  /** Formats of one's own, made by `defineFormat`, tried before the built-in ones. */
  readonly formats?: readonly OwnFormat[] | undefined
  /** Names of the steps to verify. Default all. */
  readonly only?: readonly string[] | undefined
  /** Verify only the steps that a branch adds: a git ref, or the name of the step after which to begin. */
  readonly since?: string | undefined
  /** Go on though a file that was merged before `since` has changed. Default false. */
  readonly allowChanged?: boolean | undefined
  /** Edge runs for each migration. Default 100. */
  readonly runs?: number | undefined
  /** Most rows of a relation in an edge run. Default 6. */
  readonly rows?: number | undefined
  /** Apply each migration once more to tables with many rows while clients go on: `online-safety`. Default false. */
  readonly online?: boolean | { readonly rows?: number | undefined; readonly lockWaitMs?: number | undefined } | undefined
  /** A text from which all randomness follows; `random` for a new one. Default: a digest of files and options. */
  readonly seed?: string | undefined
  /** `15`…`18`, `docker:IMAGE`, or the URL of a cluster. Default: what the repository's own files ask for, else the newest embedded one. */
  readonly postgres?: string | undefined
  /** SQL files, or names of built-in preludes, that the superuser runs first. */
  readonly prelude?: string | readonly string[] | undefined
  /** Role that runs the migrations. Default: an owner that is no superuser. */
  readonly runAs?: string | undefined
  /** Go on without these extensions. */
  readonly skipExtensions?: readonly string[] | undefined
  /** Stop drawing runs after this: `90s`, `5m`, `1h30m`. */
  readonly timeLimit?: string | undefined
  /** Least severity of a finding that counts. Default `error`. */
  readonly failOn?: 'error' | 'warning' | undefined
  /** Contracts by the name of the step. */
  readonly contracts?: Readonly<Record<string, Contract>> | undefined
  /** For the format `command`: how to run the tool. */
  readonly command?: CommandSource | undefined
  /** Findings that are accepted, by whom, why and until when. */
  readonly waivers?: readonly FindingWaiver[] | undefined
}

/** Types what a `godwit.config.ts` exports as default. */
export function defineConfig(config: Config): Config {
  return config
}
