import { createHash } from 'node:crypto'
import { InputError } from '../errors.ts'
import type { Script } from '../migration/index.ts'
import type { Folder } from './folder.ts'
import type { Format } from './format.ts'
import type { History, HistoryStep } from './history.ts'
import { ignoredFiles } from './ignored.ts'
import { readStep } from './read-step.ts'
import { downScriptOf, keepOnly, type Reading, type ScriptParts, scriptOf } from './script-of.ts'

/** A folder of migrations: the names of its files are relative to `root`, with slashes, in plain string order. */
export type MigrationFolder = Pick<Folder, 'root' | 'files' | 'has' | 'text' | 'path' | 'shown'>

/** A format of the user's own. */
export interface OwnFormat {
  /** For `--format` and the configuration. */
  readonly id: string
  /** What it is known by, for messages: a phrase. */
  readonly marker?: string | undefined
  /** Whether a folder is in this format. Without it, only `--format` and `format` in the configuration choose the format. */
  readonly marks?: ((folder: MigrationFolder) => boolean | Promise<boolean>) | undefined
  /** The names of files by which a folder below the path is looked at, where they do not end in `.sql`. */
  readonly files?: RegExp | undefined
  /** Tables in which the tool keeps what was applied: they are never filled or judged. */
  readonly historyTables?: readonly string[] | undefined
  /** Whether the tool has downs; a missing one is information where it has none. Default `optional`. */
  readonly downs?: History['downs'] | undefined
  /** The steps in the order in which the tool applies them. */
  readonly read: (folder: MigrationFolder) => readonly OwnStep[] | Promise<readonly OwnStep[]>
}

/** One step, as a format of the user's own reads it. */
export interface OwnStep {
  /** Default: the file of `up`. */
  readonly name?: string | undefined
  /** As the tool writes it down. Default: the name. */
  readonly version?: string | undefined
  readonly up: OwnScript
  readonly down?: OwnScript | undefined
  /** Pending steps with the same text are applied in one transaction. */
  readonly batch?: string | undefined
  /** Whether the tool lets it change after it was applied. */
  readonly repeatable?: boolean | undefined
  /** Why the tool would refuse it: the step is unknown then, and the others are judged. */
  readonly refused?: string | undefined
}

/** SQL of one direction. */
export interface OwnScript {
  /** The name of the file that it stands in. */
  readonly file: string
  /** The first and last line that belong to it, from 1; default all. */
  readonly lines?: readonly [first: number, last: number] | undefined
  /** What the tool sends instead of the file's own text, line for line, e.g. with placeholders replaced. */
  readonly text?: string | undefined
  /** In which transactions it is sent. Default: one for the script, unless it begins one itself. */
  readonly mode?: Script['mode'] | undefined
}

/** Types a format of the user's own, for `formats` in `godwit.config.ts`. */
export function defineFormat(format: OwnFormat): OwnFormat {
  return format
}

/** Whether a value has what a format must have. */
export function isOwnFormat(value: unknown): value is OwnFormat {
  const { id, read, marks } = (value ?? {}) as Partial<Record<keyof OwnFormat, unknown>>
  return typeof id === 'string' && typeof read === 'function' && (marks === undefined || typeof marks === 'function')
}

/** A format of the user's own in the form that the built-in ones have. */
export function formatOf(own: OwnFormat): Format {
  const failed = (folder: Folder, error: unknown) => {
    if (error instanceof InputError) return error
    const message = error instanceof Error ? error.message : String(error)
    return new InputError(`the format "${own.id}" cannot read "${folder.shown('.')}": ${message}`, { cause: error })
  }
  return {
    id: own.id,
    marker: own.marker ?? 'what the configuration says',
    historyTables: own.historyTables ?? [],
    files: own.files,
    marks: async (folder) => {
      try {
        return (await own.marks?.(folder)) === true ? 'strong' : undefined
      } catch (error) {
        throw failed(folder, error)
      }
    },
    read: async (folder) => {
      const reading = { folder, tool: own.id, warnings: [] as string[] }
      const given = await (async () => own.read(folder))().catch((error: unknown) => {
        throw failed(folder, error)
      })
      if (!Array.isArray(given) || given.some((step) => typeof step?.up?.file !== 'string')) {
        throw failed(folder, new Error('"read" gives no list of steps that each have "up" with a "file"'))
      }
      const steps: HistoryStep[] = []
      for (const step of given) steps.push(await stepOf(reading, step))
      const taken = new Set(given.flatMap(({ up, down }) => [up.file, ...(down === undefined ? [] : [down.file])]))
      const rest = folder.files.filter((name) => !taken.has(name))
      const ignored = ignoredFiles(rest, `the format "${own.id}" does not take it`)
      return { steps, ignored, warnings: reading.warnings, downs: own.downs ?? 'optional' }
    },
  }
}

async function stepOf(reading: Reading, own: OwnStep): Promise<HistoryStep> {
  const { folder } = reading
  const name = own.name ?? own.up.file
  const wanted = [own.up.file, ...(own.down === undefined ? [] : [own.down.file])]
  const files = [...new Set(wanted)].filter((file) => folder.has(file))
  const names = { name, version: own.version ?? name, files, batch: own.batch, repeatable: own.repeatable === true }
  const step = await readStep(reading, names, async () => {
    const absent = wanted.find((file) => !folder.has(file))
    if (absent !== undefined) throw new InputError(`there is no "${folder.shown(absent)}"`)
    if (own.refused !== undefined) throw new InputError(own.refused)
    return {
      up: await scriptOf(reading, own.up.file, await partsOf(folder, own.up)),
      down: own.down === undefined ? undefined : await downScriptOf(reading, own.down.file, await partsOf(folder, own.down)),
    }
  })
  // The same files give other SQL once the format itself has changed.
  const sent = [step.up, step.down].map((each) => (each?.kind === 'sql' ? [each.script.mode, each.script.text] : null))
  return {
    ...step,
    digest: createHash('sha256')
      .update(JSON.stringify([step.digest, sent]))
      .digest('hex'),
  }
}

async function partsOf(folder: Folder, { file, lines, text: given, mode }: OwnScript): Promise<ScriptParts> {
  const text = given ?? (await folder.text(file))
  if (lines === undefined) return { mode, text }
  const [first, last] = lines
  const ends = [0, ...[...text.matchAll(/\n/g)].map((match) => match.index + 1)]
  return { mode, text: keepOnly(text, [[ends[first - 1] ?? text.length, ends[last] ?? text.length]]) }
}
