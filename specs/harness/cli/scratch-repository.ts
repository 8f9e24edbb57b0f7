import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { vi } from 'vitest'
import { runCommand } from '../../../harness/cli/run-command.ts'
import { type BinResult, runBin } from './run-bin.ts'

/** A directory of a spec's own, as a user's repository would be. */
export interface ScratchRepository extends AsyncDisposable {
  readonly directory: string
  write(files: Readonly<Record<string, string>>): Promise<void>
  run(args: readonly string[], env?: Readonly<Record<string, string>>): Promise<BinResult>
  /** The same in this process, for what starts no server: it spares the time in which the command loads. */
  runHere(args: readonly string[]): Promise<BinResult>
}

export async function scratchRepository(files: Readonly<Record<string, string>> = {}): Promise<ScratchRepository> {
  const directory = await mkdtemp(join(tmpdir(), 'godwit-repository-'))
  const write: ScratchRepository['write'] = async (all) => {
    for (const [file, text] of Object.entries(all)) {
      await mkdir(dirname(join(directory, file)), { recursive: true })
      await writeFile(join(directory, file), text)
    }
  }
  await write(files)
  return {
    directory,
    write,
    run: (args, env = {}) => runBin(args, { cwd: directory, env }),
    runHere: (args) => runHere(directory, args),
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  }
}

async function runHere(directory: string, args: readonly string[]): Promise<BinResult> {
  const written = { stdout: '', stderr: '' }
  const spies = (['stdout', 'stderr'] as const).map((name) =>
    vi.spyOn(process[name], 'write').mockImplementation((text) => {
      written[name] += String(text)
      return true
    }),
  )
  const before = process.cwd()
  process.chdir(directory)
  try {
    return { code: await runCommand(args), ...written }
  } finally {
    process.chdir(before)
    for (const spy of spies) spy.mockRestore()
  }
}

const legacy = 'CREATE TABLE items (id int PRIMARY KEY, notes text)'

/** A pair that holds. */
export function soundPair(folder: string): Readonly<Record<string, string>> {
  const sql = { legacy, up: 'ALTER TABLE items ADD COLUMN extra text', down: 'ALTER TABLE items DROP COLUMN extra' }
  return Object.fromEntries(Object.entries(sql).map(([name, text]) => [`${folder}/${name}.sql`, text]))
}

/** A pair that loses `notes`, which its down cannot bring back. */
export function lossyPair(folder: string): Readonly<Record<string, string>> {
  const sql = { legacy, up: 'ALTER TABLE items DROP COLUMN notes', down: 'ALTER TABLE items ADD COLUMN notes text' }
  return Object.fromEntries(Object.entries(sql).map(([name, text]) => [`${folder}/${name}.sql`, text]))
}
