import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chownSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { EnvironmentError } from '../errors.ts'
import { serverAccount } from './account.ts'
import { type Binaries, serverEnvironment } from './binaries.ts'
import { copyTree, countFiles } from './copy-tree.ts'
import { identifyProcess } from './process-identity.ts'
import { cacheDirectory } from './scratch.ts'

const run = promisify(execFile)
const TIMEOUT_MS = 120_000
/** Holds the number of files. */
const MARK = 'godwit-files'
/** The user that initdb makes, and the harness works as. */
export const SUPERUSER = 'postgres'

// The small WAL segments halve what there is to copy.
const ARGUMENTS = ['-U', SUPERUSER, '-E', 'UTF8', '--locale=C', '-A', 'trust', '--no-sync', '--no-instructions', '--wal-segsize=1']

// The socket's directory is open to the server's account alone; TCP is for tools that want a URL.
const ACCESS = 'local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n'

/**
 * Make an initialised data directory at `target` (which must not exist), as a copy of one that is kept by version.
 *
 * @throws {EnvironmentError} when initdb fails or takes too long.
 */
export async function makeDataDirectory(binaries: Binaries, target: string): Promise<void> {
  const kept = join(cacheDirectory(), `initdb-${keyOf(binaries)}`)
  if (!isWhole(kept)) await initialise(binaries, kept)
  try {
    await copyTree(join(kept, 'data'), target)
    // The sweep removes what has not been used for long.
    utimesSync(kept, new Date(), new Date())
  } catch {
    // Somebody cleans the temporary directory now and then, file by file: once more from the beginning.
    rmSync(target, { recursive: true, force: true })
    if (!isWhole(kept)) await initialise(binaries, kept)
    await copyTree(join(kept, 'data'), target)
  }
}

/** The same for the same release in another checkout, or installed anew. */
function keyOf({ major, release, postgres }: Binaries): string {
  const made = JSON.stringify([ARGUMENTS, ACCESS, release, statSync(postgres).size, serverAccount()])
  return `${major}-${createHash('sha256').update(made).digest('hex').slice(0, 12)}`
}

function isWhole(directory: string): boolean {
  try {
    // Written last, with the number of files, since a cleaner of temporary files removes some and leaves others.
    return readFileSync(join(directory, MARK), 'utf8') === filesIn(directory)
  } catch {
    return false
  }
}

/** Without the mark itself. */
function filesIn(directory: string): string {
  return String(countFiles(directory, MARK))
}

async function initialise(binaries: Binaries, kept: string): Promise<void> {
  const { pid, startTime } = identifyProcess(process.pid)
  const partial = join(cacheDirectory(), `partial-${pid}-${startTime}-initdb-${keyOf(binaries)}`)
  const account = serverAccount()
  rmSync(partial, { recursive: true, force: true })
  mkdirSync(partial)
  try {
    if (account !== undefined) chownSync(partial, account.uid, account.gid)
    await run(binaries.initdb, ['-D', join(partial, 'data'), ...ARGUMENTS], {
      ...account,
      cwd: '/',
      env: serverEnvironment(),
      timeout: TIMEOUT_MS,
    })
    writeFileSync(join(partial, 'data', 'pg_hba.conf'), ACCESS)
    writeFileSync(join(partial, MARK), filesIn(partial))
    keep(partial, kept)
  } catch (error) {
    rmSync(partial, { recursive: true, force: true })
    throw new EnvironmentError('initdb failed', {
      detail: lastWords(error),
      hint: 'See that there is room in the temporary directory, and that the user has a name (an entry in /etc/passwd).',
      cause: error,
    })
  }
}

/** Another run may have been quicker, and others copy from its directory at this moment: only a damaged one is replaced. */
function keep(partial: string, kept: string): void {
  if (!isWhole(kept)) rmSync(kept, { recursive: true, force: true })
  try {
    renameSync(partial, kept)
  } catch (error) {
    if (!isWhole(kept)) throw error
    rmSync(partial, { recursive: true, force: true })
  }
}

function lastWords(error: unknown): string {
  const { stderr, message } = error as { readonly stderr?: string; readonly message?: string }
  return (stderr?.trim() || message || String(error)).split('\n').slice(-3).join(' ')
}
