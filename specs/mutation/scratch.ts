import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Edit } from './edit.ts'

export const repository = resolve(import.meta.dirname, '../..')

/** A copy of what the specs of the migrations need, to be edited; it is removed on disposal. */
export interface Scratch extends Disposable {
  readonly root: string
  /**
   * Put the edit in. Returns what takes it back.
   *
   * @throws {Error} When the text to find does not stand exactly once in the file.
   */
  edit(edit: Edit): () => void
}

export function openScratch(): Scratch {
  const root = mkdtempSync(join(tmpdir(), 'godwit-mutation-'))
  const leftOut = join(repository, 'fixtures/corpus')
  const parts = [
    'migrations',
    'specs',
    'fixtures',
    'harness',
    'scripts',
    'bin',
    'docs',
    'package.json',
    'tsconfig.json',
    'vitest.config.ts',
  ]
  for (const part of parts) cpSync(join(repository, part), join(root, part), { recursive: true, filter: (path) => path !== leftOut })
  symlinkSync(join(repository, 'node_modules'), join(root, 'node_modules'))
  return {
    root,
    edit: (edit) => {
      const path = join(root, edit.file)
      const text = readFileSync(path, 'utf8')
      writeFileSync(path, edited(text, edit))
      return () => writeFileSync(path, text)
    },
    [Symbol.dispose]: () => rmSync(root, { recursive: true, force: true }),
  }
}

/** How often the text to find stands in the file. */
export function placesOf({ file, find }: Edit): number {
  return readFileSync(join(repository, file), 'utf8').split(find).length - 1
}

function edited(text: string, { file, find, replace }: Edit): string {
  const parts = text.split(find)
  if (parts.length !== 2) throw new Error(`${file} has ${JSON.stringify(find)} ${parts.length - 1} times, not once`)
  return parts.join(replace)
}
