import { execFile } from 'node:child_process'
import { chmod, cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { delimiter, dirname, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { packageToInstall } from '../../harness/postgres/binaries.ts'

const run = promisify(execFile)

export interface Ran {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A user's repository with the packed Godwit in it, beside other versions of Node.js from npm. */
export interface Workshop extends AsyncDisposable {
  readonly directory: string
  /** The program of a version: its major, or `process.execPath` where that is it. */
  node(major: number): Promise<string>
  /** Run a program of `node_modules` in the repository, as `npx` would, by a version of Node.js. */
  run(node: string, program: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>
  /** Run any program by a version of Node.js, which also is the one on PATH. */
  runAt(cwd: string, node: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<Ran>
}

const limitMs = 600_000

/**
 * Pack this checkout and install it as a user would.
 *
 * @param majors  Versions of PostgreSQL that are installed beside the one that Godwit brings.
 */
export async function openWorkshop(majors: readonly number[]): Promise<Workshop> {
  const root = await mkdtemp(join(tmpdir(), 'godwit-versions-'))
  // A spec runs Node.js as another user.
  await chmod(root, 0o755)
  const directory = join(root, 'user')
  await mkdir(directory)
  await run('npm', ['run', 'build'], { cwd: resolve('.'), timeout: limitMs })
  const { stdout } = await run('npm', ['pack', '--silent', '--pack-destination', root], { cwd: resolve('.'), timeout: limitMs })
  await writeFile(join(directory, 'package.json'), '{ "name": "user", "private": true, "type": "module" }\n')
  const wanted = [join(root, stdout.trim()), vitest(), ...majors.filter((major) => major !== 18).map(packageToInstall)]
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...wanted], { cwd: directory, timeout: limitMs })
  await writeFiles(directory)
  const nodes = new Map<number, Promise<string>>()
  const runAt: Workshop['runAt'] = (cwd, node, args, env = {}) => {
    const { VITEST: _vitest, VITEST_WORKER_ID: _worker, NODE_OPTIONS: _options, FORCE_COLOR: _color, ...inherited } = process.env
    const all = { ...inherited, NO_COLOR: '1', ...env, PATH: `${dirname(node)}${delimiter}${process.env.PATH ?? ''}` }
    return run(node, [...args], { cwd, env: all, timeout: limitMs, maxBuffer: 64 * 1024 ** 2 }).then(
      (done) => ({ code: 0, ...done }),
      (error: { code?: number | string; stdout?: string; stderr?: string }) => ({
        code: typeof error.code === 'number' ? error.code : -1,
        stdout: error.stdout ?? '',
        stderr: error.stderr ?? String(error),
      }),
    )
  }
  return {
    directory,
    node(major) {
      const known = nodes.get(major) ?? installNode(root, major)
      nodes.set(major, known)
      return known
    },
    run: (node, program, args, env) => runAt(directory, node, [join(directory, 'node_modules', program), ...args], env),
    runAt,
    [Symbol.asyncDispose]: () => rm(root, { recursive: true, force: true }),
  }
}

/** The version that this checkout has. */
function vitest(): string {
  return `vitest@${process.env.npm_package_devDependencies_vitest ?? '4'}`
}

async function installNode(root: string, major: number): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath
  const at = join(root, `node-${major}`)
  await mkdir(at)
  await run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', '--prefix', at, `node@${major}`], { timeout: limitMs })
  const program = join(at, 'node_modules', '.bin', 'node')
  const { stdout } = await run(program, ['--version'])
  if (!stdout.startsWith(`v${major}.`)) throw new Error(`npm's node@${major} is ${stdout.trim()}`)
  return program
}

async function writeFiles(directory: string): Promise<void> {
  const legacy = 'CREATE TABLE items (id int PRIMARY KEY, price int NOT NULL, notes text);\n'
  const files = {
    'sound/legacy.sql': legacy,
    'sound/up.sql': 'ALTER TABLE items ADD COLUMN kind text;\n',
    'sound/down.sql': 'ALTER TABLE items DROP COLUMN kind;\n',
    'lossy/legacy.sql': legacy,
    'lossy/up.sql': 'ALTER TABLE items DROP COLUMN notes;\n',
    'lossy/down.sql': 'ALTER TABLE items ADD COLUMN notes text;\n',
    'lossy/contract.ts': `import { defineContract } from 'godwit'

enum Column { Notes = 'notes' }

export default defineContract({ claims: [{ id: 'L-1', text: \`Nothing of \${Column.Notes} is lost.\` as string, restsOn: [{ invariant: 'zero-loss' }] }] })
`,
    'api.mjs': `import { verify } from 'godwit'
const { result } = await verify(['lossy'], { postgres: process.env.GODWIT_POSTGRES, runs: 4 })
process.stdout.write(result.verdict)
`,
    'user.spec.ts': `import { describeMigration } from 'godwit/vitest'

describeMigration('sound', { runs: 4 })
`,
    'vitest.config.ts': `import { defineConfig } from 'vitest/config'

export default defineConfig({ test: { include: ['*.spec.ts'], globalSetup: ['godwit/vitest/global-setup'] } })
`,
  }
  for (const [file, text] of Object.entries(files)) {
    await mkdir(dirname(join(directory, file)), { recursive: true })
    await writeFile(join(directory, file), text)
  }
  await cp(resolve('fixtures/histories/sql/migrations'), join(directory, 'history'), { recursive: true })
  await cp(resolve('migrations/stock-batches'), join(directory, 'stock-batches'), { recursive: true })
}
