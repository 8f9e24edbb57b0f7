import { InputError } from '../errors.ts'
import type { Script, Step } from '../migration/index.ts'
import { parseScript, readPsqlText, SourceText, UnreadableError } from '../migration/index.ts'
import type { Folder } from './folder.ts'
import type { OpaqueStep } from './history.ts'

/** What the reading of one history shares. */
export interface Reading {
  readonly folder: Folder
  /** The tool's name, for warnings. */
  readonly tool: string
  /** Added to. */
  readonly warnings: string[]
  /** Whether psql runs the files, so that its meta-commands are fine. */
  readonly psql?: boolean
}

export interface ScriptParts {
  readonly mode?: Script['mode'] | undefined
  /** What of the file is meant, its places kept; default the whole file. */
  readonly text?: SourceText | string
}

export type SqlStep = Extract<Step, { kind: 'sql' }>

/**
 * A file, or the part of it that is given, as a step.
 *
 * @returns An opaque step where we fail on what the server may well take.
 * @throws {InputError} for a syntax error: the server refuses it too.
 */
export async function scriptOf(reading: Reading, name: string, parts: ScriptParts = {}): Promise<SqlStep | OpaqueStep> {
  const file = reading.folder.shown(name)
  try {
    const text = parts.text ?? (await reading.folder.text(name))
    const script = parseScript(file, text, parts.mode === undefined ? {} : { mode: parts.mode })
    warnOfMetaCommands(reading, typeof text === 'string' ? SourceText.of(file, text) : text)
    return { kind: 'sql', script }
  } catch (error) {
    if (!(error instanceof UnreadableError)) throw error
    return { kind: 'opaque', file, because: error.message }
  }
}

/**
 * The same for a down. One that does not parse is kept whole for the server to refuse: a rollback that fails is a finding, and nobody's
 * way forward depends on it.
 */
export async function downScriptOf(reading: Reading, name: string, parts: ScriptParts = {}): Promise<Step | undefined> {
  try {
    const read = await scriptOf(reading, name, parts)
    if (read.kind === 'sql') return read
    reading.warnings.push(`${read.because}: this down is left out`)
    return undefined
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    reading.warnings.push(`${error.message}: this down cannot run`)
    const text = parts.text ?? (await reading.folder.text(name))
    const file = reading.folder.shown(name)
    return { kind: 'sql', script: unparsed(file, typeof text === 'string' ? SourceText.of(file, text) : text) }
  }
}

/** A text with everything outside the ranges blanked, line by line, so that places stay right. */
export function keepOnly(text: string, ranges: readonly (readonly [start: number, end: number])[]): string {
  let [kept, done] = ['', 0]
  for (const [start, end] of ranges) {
    kept += blanked(text.slice(done, start)) + text.slice(start, end)
    done = end
  }
  return kept + blanked(text.slice(done))
}

function blanked(text: string): string {
  return text.replace(/[^\r\n]/g, ' ')
}

function unparsed(name: string, source: SourceText): Script {
  const { text } = source
  const offset = text.length - text.trimStart().length
  const { file, line } = source.originOf(offset)
  const statement = { text: text.trim(), file, line, column: 1, offset, node: '', tree: undefined, copyData: undefined }
  return { file: name, text, statements: [statement], mode: 'message' }
}

/** Those without which the same statements run: others were carried out before, or are refused by the parser. */
const harmless =
  /^\\(restrict|unrestrict|echo|qecho|warn|pset|timing|x|a|t|f|o|set|unset|encoding|errverbose|conninfo|prompt|q|d\S*|g)(\s|$)/

function warnOfMetaCommands({ tool, warnings, psql }: Reading, source: SourceText): void {
  if (!source.text.includes('\\')) return
  const { metaCommands, copyData } = readPsqlText(source.text)
  const told = psql === true ? metaCommands.filter((command) => !harmless.test(command.text)) : metaCommands.slice(0, 1)
  for (const { text: command, offset } of told) {
    const { file, line } = source.originOf(offset)
    const because = psql === true ? `psql's "${command}" is passed over` : `"${command}" is for psql: ${tool} itself would refuse it`
    warnings.push(`${file}:${line}: ${because}`)
  }
  // Flyway reads such rows as psql does.
  if (copyData.length > 0 && psql !== true && tool !== 'Flyway') {
    warnings.push(`${source.originOf(0).file}: has rows of COPY … FROM stdin, which only psql reads: ${tool} itself would refuse it`)
  }
}
