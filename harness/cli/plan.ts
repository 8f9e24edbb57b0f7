import { relative, resolve, sep } from 'node:path'
import { type LoadedConfig, loadConfig, type ProjectConfig, type ProjectOptions } from '../config/index.ts'
import { InputError } from '../errors.ts'
import { knownFormat, ownFormats } from '../formats/index.ts'
import { isRemote } from '../history/index.ts'
import { type AnyInvariant, type RowProfile, withOwn } from '../invariants/index.ts'
import { shownPath } from '../migration/index.ts'
import { allOptions, attributeOf } from '../options/index.ts'
import type { FindingWaiver } from '../result/index.ts'
import type { VerifyOptions } from '../verify/index.ts'
import { parseDuration } from './option-values.ts'
import type { VerifyFlags } from './verify-options.ts'

/** What a command is to work on: flags, environment, configuration and defaults put together. */
export interface Plan {
  readonly config: LoadedConfig | undefined
  readonly projects: readonly Project[]
  /** As shown: relative to the working directory. */
  readonly report: string
  readonly baseline: { readonly file: string; readonly asked: boolean } | undefined
}

/** One folder of migrations, or several, with the options that hold for them. */
export interface Project {
  /** Undefined where the configuration has no projects. */
  readonly name: string | undefined
  /** As shown. */
  readonly paths: readonly string[]
  readonly options: VerifyOptions
  readonly waivers: readonly FindingWaiver[]
}

/**
 * Put together what to work on. Flags (and `GODWIT_*` variables, which commander takes for flags) come before the configuration.
 *
 * @param paths  Of the command line; none takes those of the configuration, and without one the working directory.
 * @throws {InputError} For a configuration that is refused, a project that it does not have, a baseline that is not there.
 */
export async function planWork(paths: readonly string[], flags: VerifyFlags): Promise<Plan> {
  const config = await loadConfig(process.cwd(), flags.config)
  const from = config?.directory ?? process.cwd()
  const placed = (path: string) => shownPath(resolve(from, path))
  const said = config?.config ?? {}
  const report = flags.report ?? placed(said.report ?? 'reports')
  const cache = flags.cache ?? (said.cache === false ? false : placedCache(said.cache ?? '.godwit/cache', placed))
  const profile = flags.profile === undefined ? undefined : await profileOf(flags.profile)
  const projects = chooseProjects(paths, flags, config).map(({ project, own }): Project => {
    return {
      name: project?.name,
      paths: own ?? [project?.path ?? said.path ?? '.'].flat().map(placed),
      options: {
        ...withRevision(withProfile(optionsOf([said, project], flags, placed), profile), config),
        cacheDirectory: cache === false ? undefined : cache,
        reportDirectory: report,
      },
      waivers: [...(said.waivers ?? []), ...(project?.waivers ?? [])],
    }
  })
  return { config, projects, report, baseline: baselineOf(flags.baseline, said.baseline, placed) }
}

/** Loaded only where it is asked for. */
async function profileOf(url: string): Promise<RowProfile> {
  const { readProfile } = await import('../operations/index.ts')
  return readProfile(url)
}

/** Asking for rows like those of a real database asks for what is measured on them. */
function withProfile<Options extends Pick<VerifyOptions, 'performance'>>(options: Options, profile: RowProfile | undefined): Options {
  return profile === undefined ? options : { ...options, performance: { ...options.performance, profile } }
}

/** Of a store that is no folder, the address stays. */
function placedCache(place: string, placed: (path: string) => string): string {
  return isRemote(place) ? place : placed(place)
}

interface Choice {
  readonly project: ProjectConfig | undefined
  /** Paths of the command line; undefined for those of the project. */
  readonly own: readonly string[] | undefined
}

function chooseProjects(paths: readonly string[], flags: VerifyFlags, config: LoadedConfig | undefined): readonly Choice[] {
  const all = config?.config.projects ?? []
  const wanted = flags.project ?? []
  const missing = wanted.filter((name) => !all.some((project) => project.name === name))
  if (missing.length > 0) {
    throw new InputError(`no project is named "${missing.join('", "')}"`, {
      detail:
        all.length === 0 ? 'There is no configuration with projects.' : `There are: ${all.map((project) => project.name).join(', ')}.`,
    })
  }
  const chosen = all.filter((project) => wanted.length === 0 || wanted.includes(project.name))
  if (paths.length === 0)
    return chosen.length === 0 ? [{ project: undefined, own: withoutPath(config) }] : chosen.map((project) => ({ project, own: undefined }))
  const owners = paths.map((path) => ({ path, project: wanted.length === 1 ? chosen[0] : ownerOf(path, chosen, config) }))
  const [first] = wanted
  const strange = owners.filter((each) => first !== undefined && each.project === undefined)
  if (strange.length > 0) throw new InputError(`"${strange[0]?.path}" belongs to none of the projects "${wanted.join('", "')}"`)
  return [...new Set(owners.map((each) => each.project))].map((project) => ({
    project,
    own: owners.filter((each) => each.project === project).map((each) => each.path),
  }))
}

/** A configuration that names no path leaves the working directory. */
function withoutPath(config: LoadedConfig | undefined): readonly string[] | undefined {
  return config?.config.path === undefined ? ['.'] : undefined
}

/** The project whose folder a path is, or lies in. */
function ownerOf(path: string, projects: readonly ProjectConfig[], config: LoadedConfig | undefined): ProjectConfig | undefined {
  const lies = (place: string) => {
    const way = relative(resolve(config?.directory ?? '.', place), resolve(path))
    return way === '' || !(way === '..' || way.startsWith(`..${sep}`))
  }
  return projects.find((project) => [project.path].flat().some(lies))
}

/** What the flags say, else what the configuration says, for each option. */
function chosenOptions(said: ProjectOptions, flags: VerifyFlags): ProjectOptions {
  const given: Readonly<Record<string, unknown>> = { ...flags }
  return Object.fromEntries(
    allOptions.flatMap(([name, row]) => {
      if (row.of !== 'project') return []
      const attribute = attributeOf(row)
      const flag = attribute === undefined ? undefined : given[attribute]
      return [[name, flag ?? said[name as keyof ProjectOptions]]]
    }),
  )
}

/** As `VerifyOptions` has them: most under the same name, some put together or placed. */
function optionsOf(
  layers: readonly (ProjectOptions | undefined)[],
  flags: VerifyFlags,
  placed: (path: string) => string,
): Omit<VerifyOptions, 'cacheDirectory' | 'reportDirectory' | 'saved'> {
  const said: ProjectOptions = Object.assign({}, ...layers.map((each) => defined(each ?? {})))
  const { timeLimit, command, postgres, waivers: _, ...plain } = chosenOptions(said, flags)
  knownFormat(plain.format, ownFormats(plain.formats))
  const contracts = Object.assign({}, ...layers.map((each) => each?.contracts))
  return {
    ...plain,
    online: onlineOf(said, flags),
    performance: askedFor(said.performance, flags.performance),
    crash: askedFor(said.crash, flags.crash),
    isolation: askedFor(said.isolation, flags.isolation),
    postgres: typeof postgres === 'object' ? postgres.join(',') : postgres,
    timeLimitMs: timeLimit === undefined ? undefined : parseDuration(timeLimit),
    prelude: flags.prelude ?? preludesOf(layers, placed),
    contracts: Object.keys(contracts).length === 0 ? undefined : contracts,
    command: command?.directory === undefined ? command : { ...command, directory: placed(command.directory) },
  }
}

/** What the configuration imports may judge too: with other files it may judge otherwise. */
function withRevision<Options extends Pick<VerifyOptions, 'invariants'>>(options: Options, config: LoadedConfig | undefined): Options {
  const { invariants } = options
  withOwn(invariants)
  if (invariants === undefined || config === undefined) return options
  return { ...options, invariants: invariants.map((each) => revised(each, config.digest)) }
}

/** Its methods may be those of a class. */
function revised(invariant: AnyInvariant, digest: string): AnyInvariant {
  const own: AnyInvariant = Object.create(Object.getPrototypeOf(invariant))
  return Object.assign(own, invariant, { revision: `${invariant.revision ?? ''} ${digest}` })
}

/** Asking for a number of rows asks for it as well. */
function onlineOf({ online }: ProjectOptions, { online: asked, onlineRows: rows }: VerifyFlags): VerifyOptions['online'] {
  const said = askedFor(online, asked)
  return rows === undefined ? said : { ...said, rows }
}

/** What is off unless it is asked for: by a flag, or by a configuration, which may say how. */
function askedFor<How extends object>(said: How | boolean | undefined, flag: boolean | undefined): How | Record<string, never> | undefined {
  const how = said === true ? {} : said === false ? undefined : said
  return how ?? (flag === true ? {} : undefined)
}

/** Names of built-in preludes stay; files are found from the configuration. */
function preludesOf(said: readonly (ProjectOptions | undefined)[], placed: (path: string) => string): readonly string[] | undefined {
  const all = said.flatMap((each) => (each?.prelude === undefined ? [] : [each.prelude].flat()))
  return all.length === 0 ? undefined : [...new Set(all)].map((prelude) => (/[\\/]|\.sql$/i.test(prelude) ? placed(prelude) : prelude))
}

function baselineOf(
  flag: string | false | undefined,
  said: string | false | undefined,
  placed: (path: string) => string,
): Plan['baseline'] {
  const named = flag ?? (typeof said === 'string' ? placed(said) : said)
  if (named === false) return undefined
  return { file: named ?? placed(baselineFile), asked: named !== undefined }
}

/** Where the baseline is unless something else is said. */
export const baselineFile = 'godwit.baseline.json'

function defined<Value extends object>(value: Value): Value {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined)) as Value
}
