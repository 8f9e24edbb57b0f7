import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { startCluster } from '../../../harness/postgres/index.ts'
import { sweepRunDirectories } from '../../../harness/postgres/run-directory.ts'
import { scratchDirectory } from '../../../harness/postgres/scratch.ts'
import { become, type ChildRun, spawnChildRun, startChildRun } from './child-process.ts'

/** An account that every Unix has: initdb wants one that is known. */
const DAEMON = 1

/** The run's directory, its server and the supervisor of it. */
function traces({ address }: ChildRun) {
  const directory = dirname(address.host)
  const server = Number(readFileSync(join(directory, 'data', 'postmaster.pid'), 'utf8').split('\n')[0])
  const supervisor = Number(/\) . (\d+)/.exec(readFileSync(`/proc/${server}/stat`, 'utf8'))?.[1])
  return { directory, server, supervisor }
}

/** The run directories that a process has signed. */
function directoriesOf(pid: number | undefined): readonly string[] {
  return readdirSync(scratchDirectory())
    .map((name) => join(scratchDirectory(), name))
    .filter((directory) => signatureOf(directory).includes(`"pid":${pid},`))
}

function signatureOf(directory: string): string {
  try {
    return readFileSync(join(directory, 'owner.json'), 'utf8')
  } catch {
    return ''
  }
}

function childrenOf(pid: number): readonly number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}

function runs(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'))
  } catch {
    return false
  }
}

afterAll(() => {
  for (const place of ['/dev/shm', tmpdir()]) rmSync(join(place, `godwit-${DAEMON}`), { recursive: true, force: true })
})

// Reads /proc to see what is left, as the traces of other systems have no such place.
describe.skipIf(process.platform !== 'linux').concurrent('a run', () => {
  test('that is killed takes its server with it, and the next start sweeps the rest', async () => {
    await using run = await startChildRun(['18'])
    const { directory, server } = traces(run)
    run.process.kill('SIGKILL')
    expect(await run.ended).toBe('SIGKILL')
    await become(() => expect([runs(server), existsSync(join(directory, 'data'))]).toEqual([false, false]))
    await sweepRunDirectories()
    expect(existsSync(directory)).toBe(false)
  })

  test('that is killed together with the supervisor is swept by the next start', async () => {
    await using run = await startChildRun(['18'])
    const { directory, server, supervisor } = traces(run)
    // The supervisor and what it waits with first, or they would do their work.
    for (const pid of [...childrenOf(supervisor).filter((child) => child !== server), supervisor]) process.kill(pid, 'SIGKILL')
    await become(() => expect([runs(supervisor), runs(server)]).toEqual([false, true]))
    run.process.kill('SIGKILL')
    await run.ended
    await using _ = await startCluster({ kind: 'embedded', major: 18 })
    await become(() => expect([runs(server), existsSync(directory)]).toEqual([false, false]))
  })

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('leaves nothing on %s, and exits with %i', async (signal, code) => {
    await using run = await startChildRun(['18'])
    const { directory, server } = traces(run)
    run.process.kill(signal)
    expect(await run.ended).toBe(code)
    expect([runs(server), existsSync(directory)]).toEqual([false, false])
  })

  test('that is interrupted while it starts leaves nothing', async () => {
    const child = spawnChildRun(['18'])
    const exited = once(child, 'exit')
    await become(() => expect(directoriesOf(child.pid)).toHaveLength(1))
    child.kill('SIGINT')
    expect(await exited).toEqual([130, null])
    expect(directoriesOf(child.pid)).toEqual([])
  })

  test('that forgets to stop its cluster ends all the same, and leaves no server', async () => {
    await using run = await startChildRun(['18', 'forget'])
    expect(await run.ended).toBe(0)
    const directory = dirname(run.address.host)
    await become(() => expect(existsSync(join(directory, 'data'))).toBe(false))
    rmSync(directory, { recursive: true, force: true })
  })

  test('is not swept by another that starts while it works', async () => {
    await using run = await startChildRun(['18'])
    const { directory, server } = traces(run)
    await using second = await startCluster({ kind: 'embedded', major: 18 })
    expect([runs(server), existsSync(directory), second.address.host === run.address.host]).toEqual([true, true, false])
    run.process.kill('SIGTERM')
    await run.ended
  })

  test.skipIf(process.getuid?.() !== 0)('works for a user other than root', async () => {
    await using run = await startChildRun(['18'], { uid: DAEMON })
    const { directory } = traces(run)
    expect(directory).toContain(`godwit-${DAEMON}`)
    run.process.kill('SIGINT')
    expect(await run.ended).toBe(130)
    expect(existsSync(directory)).toBe(false)
  })
})
