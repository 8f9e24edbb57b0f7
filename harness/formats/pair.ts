import { createHash } from 'node:crypto'
import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { basename, join, resolve } from 'node:path'
import { InputError } from '../errors.ts'
import type { Contract, Migration, Program, Script, Step } from '../migration/index.ts'
import { importModule, isDirectory, isFile, parseScript, readContract, readDiscards, shownPath } from '../migration/index.ts'
import { decodeSource } from './decode-source.ts'
import { withoutTransaction } from './standalone-script.ts'

/** Whether a folder is in the plainest format: a legacy schema beside an `up`. */
export function isPair(directory: string): boolean {
  const has = (name: string) => isFile(join(directory, name))
  return (has('up.sql') || has('up.ts')) && (has('legacy.sql') || isDirectory(join(directory, 'legacy')))
}

/**
 * Read a pair: `legacy.sql` or `legacy/*.sql` (natural order), perhaps `legacy.data.sql`, `up.sql` or `up.ts`, perhaps `down.sql` or
 * `down.ts`, perhaps `contract.ts`, perhaps `workload.sql` (the statements of its clients). Discards declared in comments of `up` join those of the contract.
 * `up.sql` and `down.sql` run in a transaction, unless they say `-- godwit: no-transaction` in their first line or hold a statement that none takes.
 *
 * @throws {InputError} for a folder or file that is missing, unreadable, not SQL or not a contract; the message says what was looked for.
 */
export async function readPair(directory: string): Promise<Migration> {
  const path = resolve(directory)
  const shown = shownPath(path)
  if (!isDirectory(path)) throw new InputError(`"${shown}" ${existsSync(path) ? 'is not a folder' : 'does not exist'}`, { hint: lookedFor })
  const files = new PairFiles(path)
  const upName = files.find('up.sql', 'up.ts')
  const downName = files.find('down.sql', 'down.ts')
  if (upName === undefined) {
    const beside = downName === undefined ? '' : ` beside its "${downName}"`
    throw new InputError(`"${shown}" has no "up.sql"${beside}`, { detail: 'Looked for "up.sql" and "up.ts".', hint: lookedFor })
  }
  const legacy = await legacyOf(files, shown)
  const legacyData = files.has('legacy.data.sql') ? [await files.script('legacy.data.sql')] : []
  const up = await readStep(files, upName)
  const down = downName === undefined ? undefined : await readStep(files, downName)
  if (up.kind === 'sql' && up.script.statements.length === 0) throw new InputError(`"${up.script.file}" holds no statement`)
  const contract = withDiscards(await readPairContract(files), up)
  return { name: basename(path), path, legacy, legacyData, up, down, contract, digest: files.digest() }
}

const lookedFor = 'A pair is a folder with "legacy.sql" (or "legacy/*.sql") and "up.sql", perhaps "down.sql" and "contract.ts".'

/** The files of one folder; remembers what was read, for the digest. */
class PairFiles {
  readonly #directory: string
  readonly #read = new Map<string, Uint8Array>()

  constructor(directory: string) {
    this.#directory = directory
  }

  path(name: string): string {
    return join(this.#directory, name)
  }

  shown(name: string): string {
    return shownPath(this.path(name))
  }

  has(name: string): boolean {
    return isFile(this.path(name))
  }

  find(...names: readonly [string, string]): string | undefined {
    const [first, second] = names
    if (this.has(first) && this.has(second)) {
      throw new InputError(`"${shownPath(this.#directory)}" has both "${first}" and "${second}"`, { hint: 'Keep one of them.' })
    }
    return names.find((name) => this.has(name))
  }

  async bytes(name: string): Promise<Uint8Array> {
    try {
      const bytes = await readFile(this.path(name))
      this.#read.set(name, bytes)
      return bytes
    } catch (cause) {
      const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
      throw new InputError(`"${this.shown(name)}" cannot be read: ${code}`, { cause })
    }
  }

  async script(name: string): Promise<Script> {
    return parseScript(this.shown(name), decodeSource(this.shown(name), await this.bytes(name)))
  }

  digest(): string {
    const hash = createHash('sha256')
    for (const name of [...this.#read.keys()].sort()) {
      const bytes = this.#read.get(name) ?? new Uint8Array()
      hash.update(`${name}\0${bytes.length}\0`).update(bytes)
    }
    return hash.digest('hex')
  }
}

/**
 * The legacy schema of a pair alone.
 *
 * @throws {InputError} As {@link readPair}.
 */
export async function readLegacy(directory: string): Promise<readonly Script[]> {
  const path = resolve(directory)
  return legacyOf(new PairFiles(path), shownPath(path))
}

async function legacyOf(files: PairFiles, shown: string): Promise<readonly Script[]> {
  if (files.has('legacy.sql')) return [await files.script('legacy.sql')]
  const names = isDirectory(files.path('legacy')) ? (await readdir(files.path('legacy'))).filter((name) => name.endsWith('.sql')) : []
  if (names.length === 0) {
    throw new InputError(`"${shown}" has no "legacy.sql"`, { detail: 'Looked for "legacy.sql" and "legacy/*.sql".', hint: lookedFor })
  }
  const natural = new Intl.Collator('en', { numeric: true })
  const scripts: Script[] = []
  for (const name of names.sort((a, b) => natural.compare(a, b) || (a < b ? -1 : 1))) scripts.push(await files.script(`legacy/${name}`))
  return scripts
}

async function readStep(files: PairFiles, name: string): Promise<Step> {
  if (name.endsWith('.sql')) return { kind: 'sql', script: withoutTransaction(await files.script(name)).script }
  await files.bytes(name)
  const run = (await importModule(files.path(name), files.shown(name))).default
  if (!isProgram(run)) {
    throw new InputError(`"${files.shown(name)}" has no function as its default export`, {
      hint: 'Write: export default async ({ session }) => { … }',
    })
  }
  return { kind: 'program', file: files.shown(name), run }
}

function isProgram(value: unknown): value is Program {
  return typeof value === 'function'
}

async function readPairContract(files: PairFiles): Promise<Contract> {
  const workload = files.has('workload.sql') ? (await files.script('workload.sql')).statements.map((each) => each.text) : []
  const given = workload.length === 0 ? {} : { workload }
  if (!files.has('contract.ts')) return given
  await files.bytes('contract.ts')
  return { ...given, ...(await readContract(files.path('contract.ts'), files.shown('contract.ts'))) }
}

/** A contract with the discards that the step declares in its own comments. */
export function withDiscards(contract: Contract, up: Step): Contract {
  const declared = up.kind === 'sql' ? readDiscards(up.script.file, up.script.text) : []
  return declared.length === 0 ? contract : { ...contract, discards: [...(contract.discards ?? []), ...declared] }
}
