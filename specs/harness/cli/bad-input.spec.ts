import type { ChildProcess } from 'node:child_process'
import { chmod, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { inGate } from '../../in-gate.ts'
import { become } from '../postgres/child-process.ts'
import { leftBehind, runDirectories, serversIn } from './left-behind.ts'
import { type BinResult, runBin } from './run-bin.ts'

const plain = { 'legacy.sql': 'CREATE TABLE items (id int PRIMARY KEY, notes text)', 'up.sql': 'ALTER TABLE items ADD COLUMN extra text' }
const down = 'ALTER TABLE items DROP COLUMN extra'

type Files = Readonly<Record<string, string | Uint8Array>>

let cwd = ''
let temporary = ''
beforeAll(async () => {
  // Short: a server's socket may have to go there.
  temporary = await mkdtemp(join(tmpdir(), 'gw-'))
  // Root's server works as another account, which has to pass.
  await chmod(temporary, 0o711)
  cwd = await mkdtemp(join(tmpdir(), 'bad-input-'))
  await write('keep', { ...plain, 'down.sql': down })
  await write('.', { 'notes.txt': 'no SQL' })
})
afterAll(async () => {
  for (const directory of [cwd, temporary]) await rm(directory, { recursive: true, force: true })
})

async function write(name: string, files: Files): Promise<void> {
  for (const [file, content] of Object.entries(files)) {
    await mkdir(dirname(join(cwd, name, file)), { recursive: true })
    await writeFile(join(cwd, name, file), content)
  }
}

interface Ran extends BinResult {
  readonly pid: number
}

/** Run the command in the temporary folder, with a temporary directory of its own. */
async function run(args: readonly string[], onStart?: (child: ChildProcess) => void, env: Record<string, string> = {}): Promise<Ran> {
  let pid = 0
  const result = await runBin(args, {
    cwd,
    env: { ...env, TMPDIR: temporary },
    onStart: (child) => {
      pid = child.pid ?? 0
      onStart?.(child)
    },
  })
  return { ...result, pid }
}

/** What a refusal is, whatever is refused: the code, an empty standard output, one message without a stack, and nothing left. */
function expectRefusal({ code, stdout, stderr, pid }: Ran, exitCode: number, message: string): void {
  expect({ code, stdout, message: stderr.split('\n').filter((line) => line.startsWith('godwit: ')) }).toEqual({
    code: exitCode,
    stdout: '',
    message: [`godwit: ${message}`],
  })
  expect(stderr).not.toMatch(/^ {4}at |internal error|hunter2/m)
  if (process.platform === 'linux') expect(leftBehind(pid, temporary)).toEqual([])
}

describe('bad input is refused with 2, in one message, and leaves nothing', () => {
  const files: readonly [string, Files, string][] = [
    ['an empty up', { ...plain, 'up.sql': '' }, '"pair/up.sql" holds no statement'],
    ['a down without an up', { 'legacy.sql': plain['legacy.sql'], 'down.sql': down }, '"pair" has no "up.sql" beside its "down.sql"'],
    ['an empty folder for a legacy schema', { 'legacy/README.md': '', 'up.sql': 'SELECT 1' }, '"pair" has no "legacy.sql"'],
    [
      'an up that does not parse',
      { ...plain, 'up.sql': 'SELECT 1;\n\nALTER TABEL items' },
      'pair/up.sql:3:7: syntax error at or near "TABEL"',
    ],
    [
      'a quote that never ends',
      { ...plain, 'up.sql': "SELECT 1;\nSELECT 'a" },
      'pair/up.sql:2:8: unterminated quoted string at or near "\'a"',
    ],
    [
      'a legacy schema that does not parse',
      { ...plain, 'legacy.sql': 'CREATE TABLE (' },
      'pair/legacy.sql:1:14: syntax error at or near "("',
    ],
    [
      'a legacy schema that fails',
      { ...plain, 'legacy.sql': 'CREATE TABLE a (id int);\nCREATE TABLE b (id absent)' },
      'the legacy schema fails at pair/legacy.sql:2: type "absent" does not exist (42704)',
    ],
    ['a contract that throws', { ...plain, 'contract.ts': "throw new Error('not today')" }, '"pair/contract.ts" does not load: not today'],
    ['a contract that throws no error', { ...plain, 'contract.ts': "throw 'not today'" }, '"pair/contract.ts" does not load: not today'],
    [
      'a contract of nonsense',
      { ...plain, 'contract.ts': "export default 'nonsense'" },
      '"pair/contract.ts": contract: expected object, received string',
    ],
    [
      'a metric that cannot be read',
      { ...plain, 'contract.ts': "export default { metrics: [{ name: 'items', sql: 'SELECT count(*) FROM item', max: 1 }] }" },
      'the metric "items" of the contract, read after the migration, fails: relation "item" does not exist (42P01)',
    ],
    [
      'a metric without a rule',
      { ...plain, 'contract.ts': "export default { metrics: [{ name: 'items', sql: 'SELECT 1' }] }" },
      '"pair/contract.ts": metrics[0]: has no rule: give `min`, `max` or `unchanged`',
    ],
    [
      'a contract that knows more than we do',
      { ...plain, 'contract.ts': 'export default { invariants: [] }' },
      '"pair/contract.ts": contract: unrecognized key: "invariants"',
    ],
    [
      'an extension that is not there',
      { ...plain, 'legacy.sql': 'CREATE EXTENSION nowhere' },
      'the extension "nowhere" is not installed on this server',
    ],
  ]
  test.each(inGate(files, 6))('%s', async (_, files, message) => {
    await rm(join(cwd, 'pair'), { recursive: true, force: true })
    await write('pair', files)
    expectRefusal(await run(['verify', 'pair', '--json']), 2, message)
  })

  const calls: readonly [string, readonly string[], string][] = [
    ['a folder that is not there', ['nowhere'], '"nowhere" does not exist'],
    ['one of two folders that is not there', ['keep', 'nowhere'], '"nowhere" does not exist'],
    ['a file that is no SQL', ['notes.txt'], '"notes.txt" is no SQL file'],
    ['an unknown version', ['keep', '--postgres', '12'], 'PostgreSQL 12 is not a version that can be had as binaries'],
    ['an unknown kind of cluster', ['keep', '--postgres', 'podman:postgres'], 'no such kind of cluster'],
    ['another kind of server', ['keep', '--postgres', 'mysql://u:hunter2@localhost/d'], 'no such kind of cluster'],
    ['a URL that is none', ['keep', '--postgres', 'postgres://u:hunter2/#@localhost:x/d'], 'the cluster URL cannot be read'],
    ['a prelude that is not there', ['keep', '--prelude', 'nowhere.sql'], 'the prelude "nowhere.sql" cannot be read'],
    ['a role that is not there', ['keep', '--run-as', 'nobody here'], 'the role "nobody here" of --run-as does not exist'],
    ['a step that is not there', ['keep', '--only', 'other'], 'no migration is named "other"'],
  ]
  test.each(inGate(calls, 5))('%s', async (_, args, message) => {
    expectRefusal(await run(['verify', ...args, '--json']), 2, message)
  })
})

describe('what the machine lacks is refused with 3', () => {
  test.each<[string, string]>([
    ['a URL that does not answer', 'postgres://somebody:hunter2@127.0.0.1:1/d'],
    ['one with the password behind the question mark', 'postgres://somebody@127.0.0.1:1/d?password=hunter2'],
  ])('%s, and the password is said nowhere', async (_, url) => {
    expectRefusal(await run(['verify', 'keep', '--json', '--postgres', url]), 3, 'cannot use the server at 127.0.0.1:1')
  })

  test('a container without an engine', async () => {
    const engine = { DOCKER_HOST: 'tcp://127.0.0.1:1' }
    const ran = await run(['verify', 'keep', '--json', '--postgres', 'docker:postgres:17-alpine'], undefined, engine)
    expectRefusal(ran, 3, 'no container engine answers')
  })

  test('a directory that takes no reports', async () => {
    const ran = await run(['verify', 'keep', '--json', '--runs', '1', '--report', 'keep/up.sql/below'])
    expectRefusal(ran, 3, 'cannot write reports to "keep/up.sql/below"')
  })
})

// /proc tells what is left.
describe.skipIf(process.platform !== 'linux')('a run that is ended from outside', () => {
  /** Sends a signal once the run says that it is at its edge rows, and tells which directory and servers it had. */
  function endedBy(signal: NodeJS.Signals, seen: { directories: readonly string[]; servers: readonly number[] }) {
    return (child: ChildProcess) => {
      let said = ''
      child.stderr?.on('data', (text: string) => {
        said += text
        if (seen.directories.length > 0 || !said.includes('generated data sets')) return
        seen.directories = runDirectories(child.pid ?? 0)
        seen.servers = seen.directories.flatMap(serversIn)
        child.kill(signal)
      })
    }
  }

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('by %s exits with %i, says so, shows no verdict and leaves nothing', async (signal, exitCode) => {
    const seen = { directories: [], servers: [] }
    const ran = await run(['verify', 'keep', '--json', '--runs', '1000000'], endedBy(signal, seen))
    expect(seen).toEqual({ directories: [expect.any(String)], servers: [expect.any(Number)] })
    expectRefusal(ran, exitCode, 'interrupted, clearing up (once more to end at once)')
  })

  test('by SIGKILL takes its server along, and the next run sweeps the rest', async () => {
    const seen: { directories: readonly string[]; servers: readonly number[] } = { directories: [], servers: [] }
    const ran = await run(['verify', 'keep', '--json', '--runs', '1000000'], endedBy('SIGKILL', seen))
    expect([ran.code, ran.stdout, seen.servers.length]).toEqual([null, '', 1])
    await become(() => expect(seen.directories.flatMap(serversIn)).toEqual([]))
    const next = await run(['verify', 'keep', '--json', '--runs', '1'])
    expect(next.code).toBe(0)
    expect([...leftBehind(ran.pid, temporary), ...leftBehind(next.pid, temporary)]).toEqual([])
  })
})
