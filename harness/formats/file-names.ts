import type { Folder } from './folder.ts'
import type { OpaqueStep } from './history.ts'

/** A step that is a program of the project's. */
export function opaqueProgram(folder: Folder, name: string): OpaqueStep {
  return { kind: 'opaque', file: folder.shown(name), because: 'a program, not SQL' }
}
