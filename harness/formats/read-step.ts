import { InputError } from '../errors.ts'
import type { Folder } from './folder.ts'
import type { HistoryStep, OpaqueStep } from './history.ts'
import { makeStep, type StepParts } from './make-step.ts'
import type { Reading } from './script-of.ts'

/** What is known of a step before its files are read. */
export type StepNames = Pick<StepParts, 'name' | 'version' | 'files' | 'part' | 'batch' | 'repeatable'>

/** What its files say. */
export type StepContent = Omit<StepParts, 'name' | 'version' | 'files' | 'part'> & { readonly batch?: string | undefined }

/**
 * Make a step of what its files say. Where its tool would refuse them, the step is opaque and says why: the other steps of the history
 * can still be judged.
 *
 * @param read  Throws an `InputError` for what the tool would refuse.
 * @throws {InputError} for a contract that does not load.
 */
export async function readStep(reading: Reading, names: StepNames, read: () => Promise<StepContent>): Promise<HistoryStep> {
  const content = await read().catch(async (error: unknown): Promise<StepContent> => {
    if (!(error instanceof InputError)) throw error
    return { up: await refusedStep(reading, names, error) }
  })
  return makeStep(reading.folder, { ...names, ...content })
}

async function refusedStep({ folder, tool }: Reading, { name, files, part }: StepNames, error: InputError): Promise<OpaqueStep> {
  const others = files.filter((file) => file !== part?.file)
  const texts = [part?.text ?? '', ...(await Promise.all(others.map((file) => folder.text(file).catch(() => ''))))]
  return {
    kind: 'opaque',
    file: folder.shown(files[0] ?? name),
    because: `${tool} cannot apply it: ${error.message}${error.hint === undefined ? '' : `. ${error.hint}`}`,
    refused: { error, text: texts.join('\n') },
  }
}

/**
 * A check for two files of one version, where the tool keeps one row for each: called with a name it throws for all but the first file of
 * a version.
 */
export function duplicateCheck(
  folder: Folder,
  files: readonly { readonly name: string; readonly version: string }[],
): (name: string) => void {
  const first = new Map<string, string>()
  const refused = new Map<string, InputError>()
  for (const { name, version } of files) {
    const other = first.get(version)
    if (other === undefined) first.set(version, name)
    else {
      const message = `two files have version ${version}: "${folder.shown(other)}" and "${folder.shown(name)}"`
      refused.set(name, new InputError(message, { hint: 'Give one of them another version.' }))
    }
  }
  return (name) => {
    const error = refused.get(name)
    if (error !== undefined) throw error
  }
}
