import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { leftBehind } from '../../specs/harness/cli/left-behind.ts'

const legacy = 'CREATE TABLE items (id int PRIMARY KEY, notes text)'
const files = {
  'sound/legacy.sql': legacy,
  'sound/up.sql': 'ALTER TABLE items ADD COLUMN extra text',
  'sound/down.sql': 'ALTER TABLE items DROP COLUMN extra',
  'lossy/legacy.sql': legacy,
  'lossy/up.sql': 'ALTER TABLE items DROP COLUMN notes',
  'steps/0001_items.sql': legacy,
  'steps/0002_extra.sql': 'ALTER TABLE items ADD COLUMN extra text',
}

/** Folders in which commands run: one with migrations, one for what is temporary. */
export interface Workshop extends AsyncDisposable {
  readonly cwd: string
  readonly temporary: string
  /** What these processes have left, after a wait for what is still ending. */
  left(pids: readonly number[]): Promise<readonly string[]>
}

export async function openWorkshop(): Promise<Workshop> {
  const cwd = await mkdtemp(join(tmpdir(), 'under-fire-'))
  // Short: a server's socket may have to go there; and root's server works as another account, which has to pass.
  const temporary = await mkdtemp(join(tmpdir(), 'uf-'))
  await chmod(temporary, 0o711)
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, file)), { recursive: true })
    await writeFile(join(cwd, file), text)
  }
  return {
    cwd,
    temporary,
    left: (pids) => leftAfter(() => pids.flatMap((pid) => leftBehind(pid, temporary)), 10_000),
    async [Symbol.asyncDispose]() {
      for (const directory of [cwd, temporary]) await rm(directory, { recursive: true, force: true })
    },
  }
}

async function leftAfter(look: () => readonly string[], deadlineMs: number): Promise<readonly string[]> {
  const until = Date.now() + deadlineMs
  for (;;) {
    const left = [...new Set(look())]
    if (left.length === 0 || Date.now() > until) return left
    await new Promise((resolve) => setImmediate(resolve))
  }
}
