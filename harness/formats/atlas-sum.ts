import { createHash } from 'node:crypto'
import { InputError } from '../errors.ts'
import type { Folder } from './folder.ts'

export const sumName = 'atlas.sum'

/** The file at which the folder stops being what was hashed. */
export interface SumMismatch {
  readonly file: string
  readonly reason: 'added' | 'edited' | 'removed'
}

interface Entry {
  readonly name: string
  readonly hash: string
}

/**
 * Compare the SQL files with `atlas.sum`: each line has the hash of its file and of all before it.
 *
 * @param names  Of the SQL files, in Atlas's order.
 * @returns The first file that differs; undefined where all are as they were hashed.
 * @throws {InputError} for a sum file that does not fit itself, as after a merge.
 * @see https://github.com/ariga/atlas/blob/master/sql/migrate/dir.go (HashFile, Validate)
 */
export async function atlasSumMismatch(folder: Folder, names: readonly string[]): Promise<SumMismatch | undefined> {
  const said = readSum(folder.shown(sumName), await folder.text(sumName))
  const found = await hash(folder, names)
  const at = said.findIndex((entry, index) => entry.name !== found[index]?.name || entry.hash !== found[index]?.hash)
  const entry = said[at]
  if (entry === undefined) {
    const added = found[said.length]
    return added === undefined ? undefined : { file: added.name, reason: 'added' }
  }
  const now = found.findIndex(({ name }) => name === entry.name)
  if (now < 0) return { file: entry.name, reason: 'removed' }
  return now === at ? { file: entry.name, reason: 'edited' } : { file: found[at]?.name ?? entry.name, reason: 'added' }
}

function readSum(shown: string, text: string): readonly Entry[] {
  const [total = '', ...lines] = text.replace(/\r?\n$/, '').split(/\r?\n/)
  const entries = lines.map((line, at): Entry => {
    const [, name, value] = /^(.*?)\s*h1:(.*)$/.exec(line) ?? []
    if (name === undefined || value === undefined) throw brokenSum(`${shown}:${at + 2}: is no line of ${sumName}`, text)
    return { name, hash: value }
  })
  const sum = createHash('sha256')
  for (const { name, hash: value } of entries) sum.update(name).update(value)
  if (total.replace(/^h1:/, '') !== sum.digest('base64')) throw brokenSum(`"${shown}" does not fit its own first line`, text)
  return entries
}

function brokenSum(message: string, text: string): InputError {
  return new InputError(message, {
    detail: /^(<{7}|>{7})/m.test(text) ? 'It holds the marks of a merge conflict.' : undefined,
    hint: 'Atlas refuses the whole folder. Once its files are right: "atlas migrate hash".',
  })
}

async function hash(folder: Folder, names: readonly string[]): Promise<readonly Entry[]> {
  const running = createHash('sha256')
  const entries: Entry[] = []
  for (const name of names) {
    const bytes = await folder.bytes(name)
    running.update(name)
    if (/^[ -~]*atlas:sum +ignore/.test(Buffer.from(bytes.subarray(0, 200)).toString('latin1'))) continue
    entries.push({ name, hash: running.update(bytes).copy().digest('base64') })
  }
  return entries
}
