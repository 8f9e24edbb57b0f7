import { InputError } from '../errors.ts'
import type { Folder } from './folder.ts'
import type { OpaqueStep } from './history.ts'

/** @throws {InputError} for two files of one version, when the tool keeps one row for each. */
export function refuseDuplicates(folder: Folder, files: readonly { readonly name: string; readonly version: string }[]): void {
  const known = new Map<string, string>()
  for (const { name, version } of files) {
    const other = known.get(version)
    if (other !== undefined) {
      throw new InputError(`two files have version ${version}: "${folder.shown(other)}" and "${folder.shown(name)}"`, {
        hint: 'Give one of them another version.',
      })
    }
    known.set(version, name)
  }
}

/** A step that is a program of the project's. */
export function opaqueProgram(folder: Folder, name: string): OpaqueStep {
  return { kind: 'opaque', file: folder.shown(name), because: 'a program, not SQL' }
}
