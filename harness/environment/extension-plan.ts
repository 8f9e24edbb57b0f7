import type { Script } from '../migration/index.ts'
import { quoteIdentifier } from '../postgres/index.ts'
import { type ExtensionWant, extensionWants } from './extension-wants.ts'
import { impliedExtensions } from './implied-extensions.ts'
import type { MissingExtension } from './model.ts'
import { standIns } from './stand-ins/registry.ts'

/** Versions by extension: what this server has. */
export type AvailableExtensions = ReadonlyMap<string, { readonly trusted: boolean; readonly versions: ReadonlySet<string> }>

/** Something to be made by the superuser, in order. */
export interface ExtensionStep {
  readonly name: string
  readonly schema: string | undefined
  /** A stand-in's SQL, or undefined for `CREATE EXTENSION`. */
  readonly sql: string | undefined
  /** The stand-in makes its schema itself. */
  readonly ownSchema?: true
}

export interface ExtensionPlan {
  readonly steps: readonly ExtensionStep[]
  /** Left out of the scripts. */
  readonly made: ReadonlySet<string>
  readonly standIns: readonly string[]
  readonly skipped: readonly string[]
  readonly missing: readonly MissingExtension[]
  /** Extensions whose wanted version is not there. */
  readonly versions: ReadonlySet<string>
  readonly accessMethods: ReadonlySet<string>
  readonly notes: readonly string[]
}

export interface ExtensionRequest {
  readonly scripts: readonly Script[]
  readonly available: AvailableExtensions
  /** Extensions whose objects a prelude has in its own SQL. */
  readonly provided: readonly string[]
  /** What a prelude has installed. */
  readonly platform: readonly { readonly name: string; readonly schema: string }[]
  readonly skip: readonly string[]
  readonly standIns: boolean
}

/** Decide for each extension how it comes to be there: by the step itself, beforehand, by a stand-in, or not at all. */
export function planExtensions({ scripts, available, provided, platform, skip, standIns: allowed }: ExtensionRequest): ExtensionPlan {
  const wants = extensionWants(scripts).filter((want) => want.name !== 'plpgsql')
  const installed = new Map(platform.filter(({ name }) => available.has(name)).map((each) => [each.name, each.schema]))
  const skipped = wants.filter(({ name }) => skip.includes(name)).map(({ name }) => name)
  const implied = impliedExtensions(scripts, new Set([...wants.map(({ name }) => name), ...installed.keys(), ...skip, ...provided]))
  const home = platform[0]?.schema
  const all: readonly (ExtensionWant & { readonly implied: boolean })[] = [
    ...wants.filter(({ name }) => !skip.includes(name) && !provided.includes(name)).map((want) => ({ ...want, implied: false })),
    ...implied.map(({ name, file }) => ({ name, file, line: 1, schema: home, version: undefined, inBody: false, implied: true })),
  ]

  const steps: ExtensionStep[] = [...installed].map(([name, schema]) => ({ name, schema, sql: undefined }))
  const made = new Set<string>([...skip, ...provided])
  const stoodIn: string[] = []
  const missing: MissingExtension[] = []
  const versions = new Set<string>()
  const accessMethods = new Set<string>()
  const notes = skipped.map((name) => `The extension "${name}" is skipped: what depends on it fails.`)

  for (const want of all) {
    const { name, schema, version, file, line } = want
    const found = available.get(name)
    const standIn = allowed ? standIns.get(name) : undefined
    if (found !== undefined) {
      if (version !== undefined && !found.versions.has(version)) {
        versions.add(name)
        notes.push(`Version ${version} of the extension "${name}" is not on this server: the default version is used.`)
      }
      if (installed.has(name)) continue
      if (want.implied) notes.push(`The extension "${name}" is used (${file}) and never created: it was made beforehand.`)
      // What is trusted the owner of the database creates where the script says so.
      else if (found.trusted) continue
      steps.push({ name, schema, sql: undefined })
      made.add(name)
    } else if (standIn !== undefined) {
      for (const needed of standIn.requires ?? []) {
        if (available.has(needed) && !steps.some((each) => each.name === needed)) steps.push({ name: needed, schema, sql: undefined })
      }
      steps.push(
        standIn.ownSchema === undefined
          ? { name, schema, sql: standIn.sql }
          : { name, schema: standIn.ownSchema, sql: standIn.sql, ownSchema: true },
      )
      made.add(name)
      stoodIn.push(name)
      for (const method of standIn.accessMethods ?? []) accessMethods.add(method)
      const who = want.implied ? ` (used in ${file} and never created)` : ''
      notes.push(`SQL stands in for the extension "${name}"${who}, which is not on this server: it ${standIn.cannot}.`)
    } else if (!want.implied) missing.push({ name, file, line })
  }
  return { steps, made, standIns: stoodIn, skipped, missing, versions, accessMethods, notes }
}

/** The SQL of one step, its search path included. */
export function extensionSql({ name, schema, sql, ownSchema }: ExtensionStep): string {
  const target = quoteIdentifier(schema ?? 'public')
  if (sql === undefined) {
    const where = schema === undefined ? '' : ` SCHEMA ${target}`
    return `CREATE EXTENSION IF NOT EXISTS ${quoteIdentifier(name)}${where} CASCADE`
  }
  const made = ownSchema === true ? `CREATE SCHEMA IF NOT EXISTS ${target}; ` : ''
  return `${made}SET LOCAL search_path = ${target}, public; SET LOCAL check_function_bodies = off; ${sql}`
}
