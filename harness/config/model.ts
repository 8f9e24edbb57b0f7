import type { OptionsOf } from '../options/index.ts'

/** What `godwit.config.ts` may say. Paths in it are relative to the file; flags and `GODWIT_*` variables come before it. */
export interface Config extends ProjectOptions, OptionsOf<'all'> {
  /** Of `godwit.config.json`: for editors. */
  readonly $schema?: string | undefined
  /** Where the migrations are: a folder, or several. Not beside `projects`. */
  readonly path?: string | readonly string[] | undefined
  /** Several folders of migrations, each with options of its own; what stands beside them is their default. */
  readonly projects?: readonly ProjectConfig[] | undefined
}

/** One folder of migrations among several. */
export interface ProjectConfig extends ProjectOptions {
  /** For `--project`, in reports and in the baseline. */
  readonly name: string
  readonly path: string | readonly string[]
}

/** What may be said for everything, or for one project; docs/configuration.md explains each key. */
export type ProjectOptions = OptionsOf<'project'>

/** Types what a `godwit.config.ts` exports as default. */
export function defineConfig(config: Config): Config {
  return config
}
