import { InputError } from '../../errors.ts'
import type { OpaqueStep } from '../history.ts'
import type { Script, Step } from '../model.ts'
import { ParserLimitError, parseScript } from '../script.ts'
import type { Folder } from './folder.ts'

/**
 * A file, or the part of it that is given, as a step.
 *
 * @param text  As long as the file, line by line, so that places stay right; default the whole file.
 * @returns An opaque step where the parser fails on what the server may well take.
 * @throws {InputError} for a syntax error: the server refuses it too.
 */
export async function scriptOf(
  folder: Folder,
  name: string,
  mode: Script['mode'] | undefined,
  text?: string,
): Promise<Extract<Step, { kind: 'sql' }> | OpaqueStep> {
  const file = folder.shown(name)
  try {
    return { kind: 'sql', script: parseScript(file, text ?? (await folder.text(name)), mode === undefined ? {} : { mode }) }
  } catch (error) {
    if (!(error instanceof ParserLimitError)) throw error
    return { kind: 'opaque', file, because: `the parser cannot read it: ${error.message}` }
  }
}

/** A text with everything outside the range blanked, line by line. */
export function keepOnly(text: string, start: number, end: number): string {
  return blanked(text.slice(0, start)) + text.slice(start, end) + blanked(text.slice(end))
}

function blanked(text: string): string {
  return text.replace(/[^\r\n]/g, ' ')
}

/**
 * The same for a down. One that does not parse is kept whole for the server to refuse: a rollback that fails is a finding, and nobody's
 * way forward depends on it.
 */
export async function downScriptOf(
  folder: Folder,
  name: string,
  mode: Script['mode'] | undefined,
  warnings: string[],
  text?: string,
): Promise<Step> {
  try {
    const read = await scriptOf(folder, name, mode, text)
    if (read.kind === 'sql') return read
    warnings.push(`${read.file}: ${read.because}`)
  } catch (error) {
    if (!(error instanceof InputError)) throw error
    warnings.push(`${error.message}: this down cannot run`)
  }
  return { kind: 'sql', script: unparsed(folder.shown(name), text ?? (await folder.text(name))) }
}

function unparsed(file: string, text: string): Script {
  const offset = text.length - text.trimStart().length
  const line = text.slice(0, offset).split('\n').length
  const statement = { text: text.trim(), file, line, column: 1, offset, node: '', tree: undefined, copyData: undefined }
  return { file, text, statements: [statement], mode: 'message' }
}
