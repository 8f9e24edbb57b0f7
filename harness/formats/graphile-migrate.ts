import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import * as z from 'zod'
import { InputError } from '../errors.ts'
import type { Step } from '../migration/index.ts'
import { errorAt, isFile, SourceText, shownPath, tryParse } from '../migration/index.ts'
import { type Folder, partsOf } from './folder.ts'
import type { Format } from './format.ts'
import type { HistoryStep, OpaqueStep } from './history.ts'
import { ignoredFiles } from './ignored.ts'
import { readStep } from './read-step.ts'
import { type Reading, type ScriptParts, scriptOf } from './script-of.ts'
import { warnOfTransactionControl } from './transaction-control.ts'

const committed = /^committed\/([0-9]+)(-[-_a-zA-Z0-9]*)?\.sql$/

/**
 * `committed/<number>.sql` by number, each bound to the one before it by hashes, then `current.sql` or `current/*.sql`. Each goes in a
 * transaction, unless its body begins with `--! no-transaction`. There are no downs: the current migration is written to be run again.
 *
 * @see https://github.com/graphile/migrate
 */
export const graphileMigrate: Format<'graphile-migrate'> = {
  id: 'graphile-migrate',
  marker: '"committed/<number>.sql" with "--! Previous:"',
  historyTables: [],
  marks: async (folder) =>
    folder.files.some((name) => committed.test(name)) && (await folder.contains(/^--! Previous: /m, 'committed')) ? 'strong' : undefined,
  read: async (folder) => {
    const reading = { folder, tool: 'graphile-migrate', warnings: [] as string[] }
    const settings = await readSettings(reading)
    const names = folder.files.filter((name) => committed.test(name)).sort((a, b) => numberOf(a) - numberOf(b))
    const steps: HistoryStep[] = []
    let previous: Previous | undefined
    for (const name of names) {
      const before = previous
      previous = { name, hash: undefined }
      const version = partsOf(name).base.replace(/\.sql$/, '')
      const step = await readStep(reading, { name, version, files: [name] }, async () => {
        const file = await readCommitted(folder, name)
        previous = { name, hash: file.hash }
        checkNumber(reading, name, before?.name)
        checkChain(folder, name, file, before)
        return { up: await graphileScript(reading, name, file.body, settings) }
      })
      steps.push(step)
    }
    const current = folder.files.filter((name) => /^current(\.sql|\/[^/]+\.sql)$/.test(name))
    const step = await currentStep(reading, current, settings)
    if (step !== undefined) steps.push(step)
    const rest = folder.files.filter((name) => !names.includes(name) && !current.includes(name) && !/^fixtures\//.test(name))
    return {
      steps,
      ignored: ignoredFiles(rest, 'not "committed/<number>.sql", and not the current one'),
      warnings: reading.warnings,
      downs: 'none',
    }
  },
}

function numberOf(name: string): number {
  return Number(committed.exec(name)?.[1] ?? 0)
}

function checkNumber({ folder, warnings }: Reading, name: string, before: string | undefined): void {
  if (before === undefined) return
  const gap = numberOf(name) - numberOf(before)
  if (gap === 0)
    throw new InputError(`two committed migrations have number ${numberOf(name)}: "${folder.shown(before)}" and "${folder.shown(name)}"`)
  if (gap > 1) warnings.push(`between "${before}" and "${name}" a number is missing; the chain of hashes holds`)
}

interface Committed {
  readonly previous: string | undefined
  readonly hash: string | undefined
  readonly allowInvalidHash: boolean
  readonly body: SourceText
  /** The body as it was hashed. */
  readonly hashed: string
}

/** @throws {InputError} for headers that are missing. */
async function readCommitted(folder: Folder, name: string): Promise<Committed> {
  const text = (await folder.text(name)).replace(/^\uFEFF/, '')
  const head = /^(?:--! ?[^\n]*\r?\n)+(?=\r?\n|$)/.exec(text)?.[0] ?? ''
  const header = (key: string) => new RegExp(`^--! ?${key}: *(\\S*)`, 'm').exec(head)?.[1]
  const [previous, hash] = [header('Previous'), header('Hash')]
  if (previous === undefined || hash === undefined) {
    throw new InputError(`"${folder.shown(name)}" has no header "--! ${previous === undefined ? 'Previous' : 'Hash'}:"`, {
      hint: 'A committed migration is written by "graphile-migrate commit"; its headers end with an empty line.',
    })
  }
  const body = SourceText.of(folder.shown(name), text).blank(0, head.length)
  const hashed = text.slice(head.length).replace(/^\r?\n/, '')
  return { previous: previous === '-' ? undefined : previous, hash, allowInvalidHash: /^--! ?AllowInvalidHash/m.test(head), body, hashed }
}

interface Previous {
  readonly name: string
  /** Undefined where its headers could not be read. */
  readonly hash: string | undefined
}

function checkChain(folder: Folder, name: string, file: Committed, before: Previous | undefined): void {
  const shown = folder.shown(name)
  const unreadBefore = before !== undefined && before.hash === undefined
  if (!unreadBefore && file.previous !== before?.hash) {
    throw new InputError(
      `"${shown}" follows ${file.previous ?? 'nothing'}, but ${before === undefined ? 'it is the first' : `"${folder.shown(before.name)}" is ${before.hash}`}`,
      {
        hint: 'The chain of hashes is broken: a committed migration was changed, left out or merged out of order.',
      },
    )
  }
  if (file.allowInvalidHash || file.hash === undefined) return
  const hashed = `${file.previous ?? ''}
${file.hashed}`.trim()
  const digest = createHash('sha1')
    .update(`${hashed}
`)
    .digest('hex')
  if (file.hash !== `sha1:${digest}`) {
    throw new InputError(`"${shown}" does not have the hash that it says`, {
      detail: `It says ${file.hash}, and is sha1:${digest}.`,
      hint: 'It was changed after it was committed. Put it back, or add "--! AllowInvalidHash" to its headers.',
    })
  }
}

async function graphileScript(reading: Reading, name: string, source: SourceText, settings: Settings): Promise<Step | OpaqueStep> {
  const included = await withIncludes(reading, source, [])
  const text = await withPlaceholders(included, settings.placeholders)
  const alone = /^\s*--! ?no-transaction\b/.test(text.text)
  const parts: ScriptParts = {
    mode: alone ? 'autocommit' : 'transaction',
    text: alone ? text : SourceText.join([text.inPlace(0, settings.before), text]),
  }
  const read = await scriptOf(reading, name, parts)
  if (alone && read.kind === 'sql' && read.script.statements.length > 1) {
    throw new InputError(`"${reading.folder.shown(name)}" says no-transaction and has ${read.script.statements.length} statements`, {
      hint: 'graphile-migrate takes exactly one there.',
    })
  }
  warnOfTransactionControl(reading, read)
  return read
}

/** `current.sql`, or the files of `current/` put together; nothing where they hold no statement. */
async function currentStep(reading: Reading, names: readonly string[], settings: Settings): Promise<HistoryStep | undefined> {
  const [first] = names
  if (first === undefined) return undefined
  const { folder } = reading
  if (names.includes('current.sql') && names.length > 1) {
    throw new InputError(`"${folder.root}" has both "current.sql" and "current/"`, { hint: 'Keep one of them.' })
  }
  const name = first === 'current.sql' ? first : 'current'
  const step = await readStep(reading, { name, version: 'current', files: names, repeatable: true }, async () => {
    const texts = await Promise.all(names.map(async (each) => SourceText.of(folder.shown(each), `${await folder.text(each)}\n`)))
    return { up: await graphileScript(reading, first, SourceText.join(texts), settings) }
  })
  return step.up.kind === 'sql' && step.up.script.statements.length === 0 ? undefined : step
}

/** `--! include x.sql` takes a file of `fixtures/`; those may include others. */
async function withIncludes(reading: Reading, source: SourceText, parents: readonly string[]): Promise<SourceText> {
  return source.replace(/^--! ?include +(\S.*?) *\r?$/gm, async ([, wanted = ''], start) => {
    const name = `fixtures/${wanted}`
    if (parents.includes(name)) throw new InputError(...errorAt(source, start, `"${wanted}" includes itself`))
    if (!reading.folder.has(name)) {
      throw new InputError(...errorAt(source, start, `includes "${wanted}", and there is no "${reading.folder.shown(name)}"`))
    }
    const file = SourceText.of(reading.folder.shown(name), await reading.folder.text(name))
    return withIncludes(reading, file, [...parents, name])
  })
}

async function withPlaceholders(source: SourceText, placeholders: ReadonlyMap<string, string>): Promise<SourceText> {
  const replaced = await source.replace(/:[A-Z][A-Z0-9_]+\b/g, async ([name]) => placeholders.get(name))
  const left = /(?<![:\w]):[A-Z][A-Z0-9_]+\b/.exec(replaced.text)
  if (left === null || tryParse(replaced.text) !== undefined) return replaced
  throw new InputError(
    ...errorAt(replaced, left.index, `the placeholder "${left[0]}" has no value`, {
      hint: `Give it one in ".gmrc": "placeholders": { "${left[0]}": "…" }`,
    }),
  )
}

interface Settings {
  readonly placeholders: ReadonlyMap<string, string>
  /** `pgSettings` as SQL, set for each transaction. */
  readonly before: string
}

/** Of `.gmrc` (JSON with comments) beside `migrations/`. */
async function readSettings({ folder: { root }, warnings }: Reading): Promise<Settings> {
  const placeholders = new Map([
    [':DATABASE_NAME', 'postgres'],
    [':DATABASE_OWNER', 'CURRENT_USER'],
  ])
  const file = [join(root, '.gmrc'), join(root, '..', '.gmrc')].find(isFile)
  if (file === undefined) return { placeholders, before: '' }
  const { placeholders: declared, pgSettings } = parseSettings(file, await readFile(file, 'utf8'))
  for (const [name, value] of Object.entries(declared ?? {})) {
    const variable = name.replace(/^:/, '')
    // Names of roles and databases mostly: without a value in the environment, the name itself serves.
    const given = value === '!ENV' ? (process.env[variable] ?? variable.toLowerCase()) : value
    placeholders.set(name, given)
    if (value === '!ENV' && process.env[variable] === undefined) {
      warnings.push(`the environment has no ${variable} for the placeholder "${name}": "${given}" stands in its place`)
    }
  }
  const quoted = (text: string) => `'${text.replaceAll("'", "''")}'`
  const before = Object.entries(pgSettings ?? {}).map(([key, value]) => `SELECT set_config(${quoted(key)}, ${quoted(value)}, true); `)
  return { placeholders, before: before.join('') }
}

const settingsSchema = z.object({
  placeholders: z.record(z.string(), z.string()).nullish(),
  pgSettings: z.record(z.string(), z.string()).nullish(),
})

function parseSettings(file: string, text: string): z.infer<typeof settingsSchema> {
  const plain = text.replace(/"(?:[^"\\]|\\.)*"|\/\/[^\n]*|\/\*[\s\S]*?\*\//g, (part) => (part.startsWith('"') ? part : ''))
  try {
    return settingsSchema.parse(JSON.parse(plain.replace(/,(\s*[}\]])/g, '$1')))
  } catch (cause) {
    throw new InputError(`"${shownPath(file)}" is no configuration of graphile-migrate's`, { detail: String(cause), cause })
  }
}
