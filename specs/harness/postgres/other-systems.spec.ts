import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { chmod, lchown, lstat, mkdir, mkdtemp, readdir, readFile, readlink, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { serverAccount } from '../../../harness/postgres/account.ts'
import { requireInstallation, runnableBinaries } from '../../../harness/postgres/binaries.ts'
import { copyTree, copyTreeSync } from '../../../harness/postgres/copy-tree.ts'
import { makeDataDirectory } from '../../../harness/postgres/data-directory.ts'
import { startCluster } from '../../../harness/postgres/index.ts'
import { makeRunDirectory, sweepRunDirectories } from '../../../harness/postgres/run-directory.ts'
import { scratchDirectory } from '../../../harness/postgres/scratch.ts'
import { startServerProcess } from '../../../harness/postgres/server-process.ts'

describe('on a system without a shell', () => {
  test('Node.js watches over the server: it starts, comes back after a crash, and nothing is left of it', async () => {
    const binaries = runnableBinaries(requireInstallation(undefined))
    const directory = makeRunDirectory()
    await makeDataDirectory(binaries, join(directory, 'data'))
    const server = await startServerProcess(binaries, { directory, port: 5432, listen: undefined, settings: {}, shell: '' }, 20_000)
    const pid = async () => Number((await readFile(join(directory, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0])
    const first = await pid()
    const supervisor = await readFile(
      `/proc/${(await readFile(`/proc/${first}/stat`, 'utf8')).split(') ')[1]?.split(' ')[1]}/cmdline`,
      'utf8',
    )
    expect(supervisor).toContain(process.execPath)
    await server.crash([])
    expect(await pid()).not.toBe(first)
    await server.stop()
    expect([existsSync(join(directory, 'data')), existsSync(join(directory, 'socket'))]).toEqual([false, false])
    await rm(directory, { recursive: true, force: true })
  })

  test('that does not start says why', async () => {
    const binaries = runnableBinaries(requireInstallation(undefined))
    const directory = makeRunDirectory()
    const started = startServerProcess(
      { ...binaries, postgres: '/no/such/postgres' },
      { directory, port: 5432, listen: undefined, settings: {}, shell: '' },
      20_000,
    )
    await expect(started).rejects.toMatchObject({ exitCode: 3, detail: expect.stringContaining('/no/such/postgres') })
    await rm(directory, { recursive: true, force: true })
  })
})

describe('on a system without cp', () => {
  let root: string
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), 'godwit-copy-'))
    await mkdir(join(root, 'from', 'inner'), { recursive: true })
    await writeFile(join(root, 'from', 'inner', 'program'), 'text')
    await chmod(join(root, 'from', 'inner', 'program'), 0o750)
    await symlink('program', join(root, 'from', 'inner', 'link'))
    const account = serverAccount()
    if (account !== undefined) await lchown(join(root, 'from', 'inner', 'program'), account.uid, account.gid)
  })
  afterEach(() => rm(root, { recursive: true, force: true }))

  async function tree(directory: string) {
    const all = await readdir(directory, { recursive: true })
    const facts = all.toSorted().map(async (name) => {
      const stat = await lstat(join(directory, name))
      const content = stat.isSymbolicLink()
        ? await readlink(join(directory, name))
        : stat.isFile()
          ? await readFile(join(directory, name), 'utf8')
          : ''
      return [name, content, stat.mode, stat.uid, stat.gid]
    })
    return Promise.all(facts)
  }

  test.each(['cp', '/no/such/cp'])('a directory is copied with modes, owners and links (%s)', async (program) => {
    await copyTree(join(root, 'from'), join(root, 'to'), { program })
    copyTreeSync(join(root, 'from'), join(root, 'other'), { program })
    const wanted = await tree(join(root, 'from'))
    expect(wanted).toHaveLength(3)
    expect([await tree(join(root, 'to')), await tree(join(root, 'other'))]).toEqual([wanted, wanted])
  })
})

test('without shared memory runs live in a temporary directory', () => {
  expect(scratchDirectory('/no/such/memory').startsWith('/dev/shm')).toBe(false)
})

async function onPlatform(value: NodeJS.Platform, work: () => Promise<void>): Promise<void> {
  const platform = Object.getOwnPropertyDescriptor(process, 'platform') as PropertyDescriptor
  Object.defineProperty(process, 'platform', { ...platform, value })
  try {
    await work()
  } finally {
    Object.defineProperty(process, 'platform', platform)
  }
}

test('on Windows an embedded server is refused, with what to do', () =>
  onPlatform('win32', async () => {
    await expect(startCluster({ kind: 'embedded' })).rejects.toMatchObject({ exitCode: 3, hint: expect.stringContaining('WSL') })
  }))

test.each(['linux', 'darwin'] as const)(
  'on %s a process that got the number of a server of an earlier run is left alone',
  async (platform) => {
    const scratch = await mkdtemp(join(tmpdir(), 'godwit-sweep-'))
    const directory = makeRunDirectory(scratch)
    const stranger = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)'])
    try {
      await mkdir(join(directory, 'data'))
      await writeFile(join(directory, 'data', 'postmaster.pid'), `${stranger.pid}\n`)
      await writeFile(join(directory, 'owner.json'), JSON.stringify({ pid: 2 ** 22 + 1, startTime: '1', where: '' }))
      await onPlatform(platform, () => sweepRunDirectories([scratch]).then(() => undefined))
      expect(existsSync(directory)).toBe(false)
      expect([stranger.exitCode, stranger.signalCode]).toEqual([null, null])
    } finally {
      stranger.kill('SIGKILL')
      await rm(scratch, { recursive: true, force: true })
    }
  },
)

/** Each place where the harness needs what not every system has, and what happens without it. */
const places: Readonly<Record<string, string>> = {
  'postgres/scratch.ts': '/dev/shm: a temporary directory',
  'postgres/data-directory.ts': '/etc/passwd: only a hint',
  'postgres/environment.ts': '/dev/shm: only a line of doctor',
  'postgres/settings.ts': '/dev/shm: only a comment',
  'postgres/supervisor.ts': '/bin/sh: Node.js',
  'postgres/copy-tree.ts': 'cp: Node.js',
  'postgres/process-identity.ts': '/proc and ps: whether a process of that number runs',
  'postgres/account.ts': '/etc/passwd: the usual number of nobody',
  'formats/run-command.ts': "the user's own command line: Node.js takes cmd.exe on Windows",
  'operations/watch/notify.ts': "the user's own command line: Node.js takes cmd.exe on Windows",
}

test('no other place needs a shell, shared memory or a program of Unix', async () => {
  const needs =
    /\/dev\/shm|setpriv|\/bin\/sh|shell: true|\/proc\/|\/etc\/passwd|(?:spawn|execFile|execFileSync)\(\s*'(?!git)|program = 'cp'/
  const files = (await readdir('harness', { recursive: true })).filter((file) => /\.(?:ts|tsx|mjs)$/.test(file))
  const found: string[] = []
  for (const file of files) if (needs.test(await readFile(join('harness', file), 'utf8'))) found.push(relative('.', file))
  expect(found.toSorted()).toEqual(Object.keys(places).toSorted())
})
